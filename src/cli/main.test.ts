// What the start of the command line loads: the code of a command is loaded when it runs.
import { build } from 'esbuild';
import { expect, it } from 'vitest';

it('loads neither the nodes nor a package before a command runs', async () => {
  const { metafile } = await build({
    entryPoints: ['src/cli/main.ts'],
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    metafile: true,
    write: false,
  });
  const loaded = new Set(['src/cli/main.ts']);
  const packages = new Set<string>();
  for (const file of loaded)
    for (const { path, kind, external } of metafile.inputs[file].imports)
      if (kind === 'import-statement') (external ? packages : loaded).add(path);
  expect([...packages].filter((name) => !name.startsWith('node:'))).toEqual([]);
  expect(loaded).toContain('src/cli/commands.ts');
  for (const file of ['src/darkroom.ts', 'src/nodes/index.ts', 'src/image/codec/load-sharp.ts'])
    expect(loaded).not.toContain(file);
});
