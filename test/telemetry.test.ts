// ONNX Runtime's library keeps and sends no data about its use: without the variable that forbids
// it, it makes a folder with a number for this machine in the user's cache.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

it('a run leaves nothing of Microsoft’s in the home folder', () => {
  const home = mkdtempSync(join(tmpdir(), 'darkroom-home-'));
  const { ORT_DISABLE_TELEMETRY: _, XDG_CACHE_HOME: __, ...environment } = process.env;
  try {
    const output = join(home, 'output');
    const args = ['run', 'examples/text-to-image.json', '--steps', '1', '--output', output];
    execFileSync(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', ...args, '--quiet'], {
      env: { ...environment, HOME: home },
    });
    expect(readdirSync(output)).toHaveLength(1);
    expect(readdirSync(join(home, '.cache'))).toEqual(['darkroom']);
  } finally {
    rmSync(home, { recursive: true });
  }
});
