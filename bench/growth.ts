// npm run bench:growth -- CHECKPOINT [pixels] [batch] [regions] [--largest PIXELS]: how the time of
// a step grows with the image, the batch and the number of regional prompts. Processor seconds on
// one thread, so that other processes hardly matter. Tables are printed, charts are written to
// docs/images.
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadCheckpoint } from '../src/models/checkpoint/load.ts';
import { createRuntime } from '../src/runtime/runtime.ts';
import { combineConditioning, setArea, setMask } from '../src/sampling/conditioning/operations.ts';
import { cfgGuider } from '../src/sampling/guiders/guider.ts';
import { makeModel } from '../src/sampling/model/model.ts';
import type { Conditioning } from '../src/sampling/sampling-types.ts';
import { map, type Tensor, tensor, zeros } from '../src/tensor/tensor.ts';
import { type Chart, lineChart, type Series } from './plot.ts';

const CFG = 7;
const IMAGES = join(import.meta.dirname, '..', 'docs', 'images');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { largest: { type: 'string', default: '768' } },
});
const [file, ...asked] = positionals;
if (!file) throw new Error('name a checkpoint: npm run bench:growth -- CHECKPOINT');
const runtime = createRuntime({ threads: 1 });
const { denoiser: unet, family, prediction } = await loadCheckpoint(file, runtime);
const model = makeModel(family, unet, prediction);

const wave = (...shape: number[]): Tensor => map(zeros(shape), (_, i) => Math.sin(i * 1.3));
const prompt = (phase: number): Conditioning => {
  const cond = map(zeros([1, 77, unet.contextDim]), (_, i) => Math.sin(i + phase));
  return [{ cond, pooled_output: unet.admChannels > 0 ? wave(1, 1280) : undefined }];
};

/** Processor seconds of one guided prediction for latents of this size. */
async function seconds(
  batch: number,
  cells: number,
  positive: Conditioning = prompt(1),
): Promise<number> {
  const latent = wave(batch, 4, cells, cells);
  const predict = cfgGuider(model, positive, prompt(2), CFG).prepare({ shape: latent.shape });
  const began = process.cpuUsage();
  await predict(latent, 5);
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1e6;
}

async function sweep(
  name: string,
  places: readonly number[],
  measure: (place: number) => Promise<number>,
): Promise<Series> {
  const points: { x: number; y: number }[] = [];
  for (const x of places) {
    points.push({ x, y: await measure(x) });
    console.log(`| ${name} | ${x} | ${points[points.length - 1].y.toFixed(2)} |`);
  }
  return { name, points };
}

const save = (name: string, chart: Chart): void =>
  writeFileSync(join(IMAGES, `growth-${name}.svg`), lineChart(chart));

/**
 * n prompts on an image of `cells` latent cells: each on its own strip, or each on all of it with a
 * mask.
 */
function regions(n: number, cells: number, how: 'areas' | 'masks'): Conditioning {
  const size = cells * 8;
  const width = size / n;
  return Array.from({ length: n }, (_, i): Conditioning => {
    if (how === 'areas')
      return setArea(
        prompt(i),
        { width: Math.ceil(width / 8) * 8, height: size, x: Math.floor((i * width) / 8) * 8, y: 0 },
        1,
      );
    const inside = (x: number): number => Number(x >= i * width && x < (i + 1) * width);
    return setMask(
      prompt(i),
      tensor(
        [1, size, size],
        Float32Array.from({ length: size * size }, (_, at) => inside(at % size)),
      ),
      1,
      false,
    );
  }).reduce(combineConditioning);
}

const PARTS: Readonly<Record<string, () => Promise<void>>> = {
  pixels: async () => {
    const sides = [256, 320, 384, 448, 512, 640, 768].filter(
      (side) => side <= Number(values.largest),
    );
    const measured = await sweep('pixels a side', sides, (side) => seconds(1, side / 8));
    const points = measured.points.map(({ x, y }) => ({ x: (x * x) / 1e6, y }));
    const each = points[0].y / points[0].x;
    const series = [
      { name: 'measured', points },
      { name: 'as the smallest', points: points.map(({ x }) => ({ x, y: x * each })) },
    ];
    const ticks = sides.map((side) => ({ at: (side * side) / 1e6, text: `${side}²` }));
    save('pixels', {
      title: 'One step with both sides',
      x: 'pixels',
      y: 'processor seconds',
      ticks,
      series,
    });
  },
  batch: async () => {
    const series = await sweep('pictures at 256²', [1, 2, 3, 4], (n) => seconds(n, 32));
    save('batch', {
      title: 'One step of a batch, 256 × 256',
      x: 'pictures in the batch',
      y: 'processor seconds',
      series: [series],
    });
  },
  regions: async () => {
    const masks = await sweep('masks at 256²', [1, 2, 3, 4], (n) =>
      seconds(1, 32, regions(n, 32, 'masks')),
    );
    const areas = await sweep('areas at 256²', [1, 2, 4], (n) =>
      seconds(1, 32, regions(n, 32, 'areas')),
    );
    save('regions', {
      title: 'One step with a prompt per region, 256 × 256',
      x: 'regions',
      y: 'processor seconds',
      series: [masks, areas],
    });
  },
};

// opens the network
await seconds(1, 16);
console.log(
  `${cpus()[0].model}, Node ${process.versions.node}, one thread, processor seconds of one ` +
    'step with both sides\n',
);
console.log('| what | how many | s |\n|---|---|---|');
for (const [name, measure] of Object.entries(PARTS))
  if (asked.length === 0 || asked.includes(name)) await measure();
await runtime.close();
