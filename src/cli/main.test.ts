// What the start of the command line loads: the code of a command is loaded when it runs.
import { build } from 'esbuild';
import { expect, it } from 'vitest';

/** The files and packages that are loaded before a program runs. */
async function loadedBy(program: string) {
  const { metafile } = await build({
    entryPoints: [program],
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    metafile: true,
    write: false,
  });
  const files = new Set([program]);
  const packages = new Set<string>();
  for (const file of files)
    for (const { path, kind, external } of metafile.inputs[file].imports)
      if (kind === 'import-statement') (external ? packages : files).add(path);
  return { files, packages: [...packages].filter((name) => !name.startsWith('node:')) };
}

it('loads neither the nodes nor a package before a command runs', async () => {
  const { files, packages } = await loadedBy('src/cli/main.ts');
  expect(packages).toEqual([]);
  expect(files).toContain('src/cli/commands.ts');
  for (const file of ['src/darkroom.ts', 'src/nodes/index.ts', 'src/image/codec/load-sharp.ts'])
    expect(files).not.toContain(file);
});

it('loads with the nodes no package but the small one of ONNX Runtime', async () => {
  const { files, packages } = await loadedBy('src/nodes/index.ts');
  expect(files).toContain('src/nodes/packs/core/index.ts');
  expect(packages).toEqual(['onnxruntime-common']);
});
