import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { runMain } from '../../test/support/memory-terminal.ts';
import { openServerFolders } from '../cli/server-folders.ts';
import { expandPath, readExtraModelPaths } from './extra-model-paths.ts';
import { openFolders } from './folders.ts';
import { modelRoots } from './model-roots.ts';

const root = mkdtempSync(join(tmpdir(), 'darkroom-extra-'));
afterAll(() => rmSync(root, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());
const put = (name: string, content = ''): string => {
  const file = join(root, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
};
for (const name of [
  'models/loras/a.safetensors',
  'webui/Lora/b.safetensors',
  'webui/LyCORIS/c.safetensors',
  'webui/Lora/a.safetensors',
  'first/a.safetensors',
  'first/sub/d.safetensors',
  'clips/t.safetensors',
])
  put(name);

// what utils/extra_config.py of ComfyUI makes of the same file:
// loras: ['/R/first', '/R/models/loras', '/R/webui/Lora', '/R/webui/LyCORIS'], text_encoders:
// ['/R/models/text_encoders', '/R/models/clip', '/R/clips'] (add_model_folder_path, is_default)
const list = put(
  'extra_model_paths.yaml',
  `a111:
    base_path: webui/
    loras: |
         Lora
         LyCORIS
mine:
    is_default: true
    loras: first
other:
    base_path: ${root}
    clip: clips
nothing:
`,
);

describe('extra_model_paths.yaml', () => {
  it('adds folders behind the models folders, or before them with is_default', () => {
    const folders = openFolders({ models: [join(root, 'models'), list] });
    expect(folders.modelFolders('loras')).toEqual(
      ['first', 'models/loras', 'webui/Lora', 'webui/LyCORIS'].map((name) => join(root, name)),
    );
    expect(folders.modelFolders('text_encoders')).toEqual(
      ['models/text_encoders', 'models/clip', 'clips'].map((name) => join(root, name)),
    );
    expect(folders.modelFiles('loras')).toEqual([
      'a.safetensors',
      'b.safetensors',
      'c.safetensors',
      'sub/d.safetensors',
    ]);
    expect(folders.modelPath('loras', 'a.safetensors')).toBe(join(root, 'first/a.safetensors'));
    expect(folders.modelPath('clip', 't.safetensors')).toBe(join(root, 'clips/t.safetensors'));
  });

  it.each([
    ['- a', 'it must be a mapping of sections'],
    ['a: 7', 'its sections must be mappings'],
    ['a:\n  loras: [b]', "'loras' must be a path"],
    ['a: {', ''],
  ])('%j is refused with the name of the file', (content, reason) => {
    const file = put('bad.yaml', content);
    expect(() => readExtraModelPaths(file)).toThrow(
      `the list of model folders ${file} can't be read: ${reason}`,
    );
  });

  it('expands ~ and variables', () => {
    expect(expandPath('~/models')).toBe(`${homedir()}/models`);
    expect(expandPath(`$A/$\{B}/$C`, { A: 'x', B: 'y' })).toBe('x/y/$C');
  });

  it('is an option of the command line, and a list at --models', async () => {
    for (const args of [
      ['--models', join(root, 'models'), '--extra-model-paths-config', list],
      ['--models', join(root, 'models'), '--models', list],
    ]) {
      const { out } = await runMain(['models', 'list', '--json', ...args]);
      expect(JSON.parse(out[0]).map(({ name }: { name: string }) => name)).toContain(
        'b.safetensors',
      );
    }
  });
});

it.each([undefined, { warn: () => undefined, others: [] }])(
  'the folders of a server and of a worker have it too',
  async (watched) => {
    const values = { models: [join(root, 'models')], 'extra-model-paths-config': [list] };
    const { folders, watch } = await openServerFolders(values, watched);
    expect(folders.modelFiles('loras')).toContain('b.safetensors');
    // what is passed on to engines and threads
    expect(openFolders({ models: folders.models }).modelFiles('loras')).toContain('b.safetensors');
    watch?.close();
  },
);

it('DARKROOM_MODELS names the models folders where no option does', () => {
  const folders = [join(root, 'models'), join(root, 'webui')];
  vi.stubEnv('DARKROOM_MODELS', folders.join(delimiter));
  expect(modelRoots()).toEqual(folders);
  expect(modelRoots('other')).toEqual(['other']);
});
