// docs/packs.md, followed step by step in an empty folder.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { encodeSafetensors } from '../src/formats/safetensors/safetensors-write.ts';
import { createModelRuntime } from '../src/models/model-runtime.ts';
import { testPack } from '../src/nodes/pack-api/testing.ts';
import type { ConfiguredSampler } from '../src/sampling/samplers/sampler.ts';
import { type Tensor, tensor } from '../src/tensor/tensor.ts';
import { packFolder, writeFiles } from './support/packs.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PAGE = readFileSync(join(ROOT, 'docs', 'packs.md'), 'utf8');

/** The steps of the page: commands, and files with the texts that follow their names. */
const steps = [...PAGE.matchAll(/(?:`([\w./-]+)`:\n\n)?```(sh|ts|json)\n([\s\S]*?)```/g)].map(
  ([, file, kind, text]) => ({ file, kind, text }),
);

function runCommand(line: string, folder: string): string {
  const [program, ...args] = line.split(' ');
  expect(program).toBe('darkroom');
  const tsx = fileURLToPath(import.meta.resolve('tsx'));
  const main = ['--import', tsx, join(ROOT, 'src', 'cli', 'main.ts')];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...main, ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(status, `${line}: ${stderr}`).toBe(0);
  return stdout;
}

it('builds a pack whose nodes run', { timeout: 300_000 }, async () => {
  const folder = packFolder({});
  const printed: string[] = [];
  for (const { file, kind, text } of steps) {
    if (kind === 'sh') printed.push(runCommand(text.trim(), folder));
    else {
      expect(file, text).toBeDefined();
      writeFiles(folder, { [file]: text });
    }
  }
  expect(printed[1]).toMatch(/film-looks +0\.1\.0 +1 node/);
  expect(printed[2].trim()).toBe(join('output', 'redrawn_00001_.png'));
  expect(readdirSync(join(folder, 'output'))).toEqual(['redrawn_00001_.png']);
  await checkNumbers(join(folder, 'film-looks'));
});

async function checkNumbers(folder: string): Promise<void> {
  const pack = await testPack(folder);
  expect(pack.types).toEqual(['FilmGrain', 'FilmRedraw', 'FilmHalfStep', 'FilmOwnFilter']);
  const image = tensor([1, 2, 2, 3], new Float32Array(12).fill(0.5));
  // torch.manual_seed(0); torch.randn(12)[:2]: 1.5410, -0.2934
  const [grainy] = await pack.run('FilmGrain', { image, amount: 0.1, noise_seed: 0n });
  expect((grainy as Tensor).data[0]).toBeCloseTo(0.5 + 0.1 * 1.541, 4);
  expect((grainy as Tensor).data[1]).toBeCloseTo(0.5 - 0.1 * 0.2934, 4);
  // x' = x / sigma, whose solution is x0 sigma / sigma0; the midpoint method is exact here
  const [sampler] = await pack.run('FilmHalfStep', {});
  const { sample } = (sampler as ConfiguredSampler).kind;
  const zero = async (x: Float32Array) => x.map(() => 0);
  const result = await sample(zero, Float32Array.of(8), Float32Array.of(4, 2, 1), {} as never);
  expect(result[0]).toBeCloseTo(2, 6);
  expect(await filtered(pack, folder, image)).toBeCloseTo(1, 6);
}

/** A picture of 0.5 through a filter that doubles it. */
async function filtered(
  pack: Awaited<ReturnType<typeof testPack>>,
  folder: string,
  image: Tensor,
): Promise<number> {
  const file = join(folder, 'models', 'double.safetensors');
  mkdirSync(dirname(file));
  const data = new Float32Array(81);
  for (let c = 0; c < 3; c++) data[c * 27 + c * 9 + 4] = 2;
  const bytes = encodeSafetensors({ weight: { dtype: 'F32', shape: [3, 3, 3, 3], data } }, {});
  writeFileSync(file, Buffer.concat(bytes));
  const context = { runtime: createModelRuntime({ threads: 1 }), modelPath: () => file };
  const [out] = await pack.run('FilmOwnFilter', { image, filter: 'double' }, context);
  return (out as Tensor).data[0];
}
