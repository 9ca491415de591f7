// Pipes, devices, bad links and endless input on the command line: each ends with one sentence.
import { execFileSync, spawn } from 'node:child_process';
import { createReadStream, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FROM_SOURCE } from './support/from-source.ts';

const root = mkdtempSync(join(tmpdir(), 'darkroom-special-'));
const at = (name: string): string => join(root, name);
const PROGRAM = join(import.meta.dirname, 'support', 'cli.ts');
const TIMEOUT_MS = 120_000;

mkdirSync(at('models/checkpoints'), { recursive: true });
mkdirSync(at('input'));
writeFileSync(at('file'), 'no model');
const GRAPH = { 1: { class_type: 'TestNumber', inputs: { value: 1 } } };
writeFileSync(at('workflow.json'), JSON.stringify(GRAPH));
if (process.platform !== 'win32') {
  execFileSync('mkfifo', [at('pipe'), at('models/checkpoints/pipe.safetensors')]);
  for (const folder of ['models/checkpoints', 'input']) {
    symlinkSync('loop.png', at(`${folder}/loop.png`));
    symlinkSync(at('file/x'), at(`${folder}/below.safetensors`));
    symlinkSync('x'.repeat(300), at(`${folder}/long.ckpt`));
    symlinkSync('.', at(`${folder}/one`));
    symlinkSync('.', at(`${folder}/two`));
  }
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Runs the command line; a process that hangs is killed and has no exit code. */
function darkroom(args: readonly string[], input?: string): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...FROM_SOURCE, PROGRAM, ...args], {
      cwd: root,
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
      env: { ...process.env, NO_COLOR: '1' },
    });
    let output = '';
    const add = (data: Buffer): void => {
      output += data;
    };
    child.stdout.on('data', add);
    child.stderr.on('data', add);
    child.stdin.on('error', () => undefined);
    if (input === undefined) child.stdin.end();
    else createReadStream(input).pipe(child.stdin);
    child.on('close', (code) => resolve({ code, output }));
  });
}

describe.skipIf(process.platform === 'win32')('the command line', () => {
  it.each([
    ['run /dev/zero', '/dev/zero', 'it is a device, not a file'],
    ['run PIPE', 'pipe', 'it is a named pipe, not a file'],
    ['check PIPE', 'pipe', 'it is a named pipe, not a file'],
    ['convert PIPE', 'pipe', 'it is a named pipe, not a file'],
    ['verify PIPE', 'pipe', 'it is a named pipe, not a file'],
    ['models inspect PIPE', 'pipe', 'it is a named pipe, not a file'],
    ['models inspect /dev/zero', '/dev/zero', 'it is a device, not a file'],
    ['run workflow.json --csv PIPE', 'pipe', 'it is a named pipe, not a file'],
    ['run workflow.json --csv /dev/zero', '/dev/zero', 'it is a device, not a file'],
  ])('%s', async (command, file, reason) => {
    const { code, output } = await darkroom(command.replace('PIPE', 'pipe').split(' '));
    expect({ code, output }).toEqual({ code: 2, output: expect.stringContaining(reason) });
    expect(output).toContain(file);
    expect(output).not.toContain('    at ');
  });

  it('run - stops reading input without end', async () => {
    const { code, output } = await darkroom(['run', '-'], '/dev/zero');
    expect({ code, output }).toEqual({
      code: 2,
      output: expect.stringContaining('standard input is larger than 64 MiB'),
    });
  });

  it.each(['models list', 'check workflow.json'])('%s leaves bad links out', async (command) => {
    const { output } = await darkroom([...command.split(' '), '--models', 'models']);
    expect(output).not.toContain('    at ');
    if (command === 'models list') {
      expect(output).not.toContain('pipe.safetensors');
      expect(output).toMatch(/warning: the link .*loop\.png can't be followed.*ELOOP/);
      expect(output).toMatch(/warning: the link .*below\.safetensors can't be followed.*ENOTDIR/);
      expect(output).toMatch(/warning: the link .*long\.ckpt can't be followed.*ENAMETOOLONG/);
      expect(output.match(/loop\.png can't be followed/g)).toHaveLength(1);
    }
  });
});
