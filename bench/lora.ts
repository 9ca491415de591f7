// npx tsx bench/lora.ts [unet|clip] [rank] [size]: the cost of a LoRA on networks of the real
// shapes (SD1.5's UNet, SDXL's CLIP-G, float16, random numbers): opening, one evaluation, a new
// strength; memory is read from /proc (Linux). `size`: latent cells per side.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSafetensors } from '../src/formats/safetensors/safetensors.ts';
import { makeClip } from '../src/models/clip/clip.ts';
import { OPEN_CLIP } from '../src/models/clip/config.ts';
import { createTextEncoder } from '../src/models/clip/network.ts';
import { applyLora } from '../src/models/lora/apply.ts';
import { openLora } from '../src/models/lora/file.ts';
import { createUNet } from '../src/models/unet/network.ts';
import { weightsOf } from '../src/models/weights/tensors.ts';
import { createRuntime } from '../src/runtime/runtime.ts';
import { full } from '../src/tensor/tensor.ts';
import { clipG, FULL_SIZE } from './full-size.ts';
import { writeRandom } from './make-checkpoints.ts';
import type { Shapes } from './shapes.ts';

const UNET = 'model.diffusion_model.';
const unetShapes = (): Shapes =>
  new Map(
    [...FULL_SIZE.sd15()].flatMap(([name, shape]) =>
      name.startsWith(UNET) ? [[name.slice(UNET.length), shape] as const] : [],
    ),
  );
const clipShapes = (): Shapes => {
  const shapes: Shapes = new Map();
  clipG(shapes, '');
  return shapes;
};

/** A LoRA or LoHa on the transformers' linear layers. */
function loraShapes(
  shapes: Iterable<readonly [string, readonly number[]]>,
  rank: number,
  kind: 'lora' | 'loha',
): Shapes {
  const made: Shapes = new Map();
  for (const [key, [out, width]] of shapes) {
    const factors = {
      lora: [['lora_up.weight', 'lora_down.weight']],
      loha: [
        ['hada_w1_a', 'hada_w1_b'],
        ['hada_w2_a', 'hada_w2_b'],
      ],
    }[kind];
    for (const [up, down] of factors)
      made.set(`${key}.${up}`, [out, rank]).set(`${key}.${down}`, [rank, width]);
  }
  return made;
}

const memory = (what: 'VmRSS' | 'VmHWM'): string =>
  `${(Number(new RegExp(`${what}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 2 ** 20).toFixed(1)} GB`;

async function timed(label: string, work: () => Promise<unknown>): Promise<void> {
  writeFileSync('/proc/self/clear_refs', '5'); // resets the peak
  const started = performance.now();
  await work();
  console.log(
    `| ${label} | ${((performance.now() - started) / 1000).toFixed(2)} | ${memory('VmRSS')} | ` +
      `${memory('VmHWM')} |`,
  );
}

const [what = 'unet', rank = '16', size = '32'] = process.argv.slice(2);
const root = mkdtempSync(join(tmpdir(), 'darkroom-bench-lora-'));
const [model, ...loras] = ['model', 'lora', 'loha'].map((name) =>
  join(root, `${name}.safetensors`),
);
try {
  const shapes = what === 'unet' ? unetShapes() : clipShapes();
  await writeRandom(model, shapes);
  const opened = await openSafetensors(model);
  await opened.close();
  // one network at a time: the previous one is closed
  const runtime = createRuntime({ memoryBudget: 1 });
  console.log(
    `${what} of ` +
      `${[...shapes.values()].reduce((n, s) => n + s.reduce((a, b) => a * b, 1), 0) / 1e6} M ` +
      `numbers, rank ${rank}\n`,
  );
  console.log('| | s | memory after | peak |\n|---|---|---|---|');
  const phases = async (
    name: string,
    run: (strength: number | undefined) => Promise<unknown>,
    strengths: readonly (number | undefined)[],
  ): Promise<void> => {
    await timed(`${name}: open and first evaluation`, () => run(strengths[0]));
    for (let i = 0; i < 3; i++) await timed(`${name}: evaluation`, () => run(strengths[0]));
    if (strengths.length > 1)
      await timed(`${name}: evaluation at another strength`, () => run(strengths[1]));
  };
  if (what === 'unet') {
    const unet = createUNet(runtime, weightsOf(model, opened.tensors, ''));
    const cells = Number(size);
    const inputs = {
      x: full([2, 4, cells, cells], 0.3),
      timesteps: Float32Array.of(500, 500),
      context: full([2, 77, 768], 0.1),
    };
    const linears = [...shapes].filter(
      ([name, shape]) =>
        (name.includes('_blocks.0.') && shape.length === 2) || /proj_(in|out)\.weight/.test(name),
    );
    const keys = linears.map(
      ([name, shape]) => [`lora_unet_${name.slice(0, -7).replaceAll('.', '_')}`, shape] as const,
    );
    await phases('plain', () => unet.evaluate(inputs), [undefined]);
    for (const [i, kind] of (['lora', 'loha'] as const).entries()) {
      await writeRandom(loras[i], loraShapes(keys, Number(rank), kind));
      const file = await openLora(loras[i]);
      await phases(
        kind,
        (strength) =>
          applyLora({ unet }, file, { unet: strength!, clip: 0 }).unet!.evaluate(inputs),
        [0.001, 0.002],
      );
    }
  } else {
    const encoder = createTextEncoder(runtime, {
      kind: 'clip_g',
      weights: weightsOf(model, opened.tensors, '', { rounding: 'f16' }),
      layout: OPEN_CLIP,
    });
    const clip = makeClip({ family: 'sdxl-refiner', encoders: [encoder] });
    const linear = [...encoder.patchable!].filter(([name]) => /(_proj|fc\d)\.weight$/.test(name));
    const keys = linear.map(
      ([name, { shape }]) => [`lora_te_${name.slice(0, -7).replaceAll('.', '_')}`, shape] as const,
    );
    await phases('plain', () => clip.encode('a photo of a red fox'), [undefined]);
    for (const [i, kind] of (['lora', 'loha'] as const).entries()) {
      await writeRandom(loras[i], loraShapes(keys, Number(rank), kind));
      const file = await openLora(loras[i]);
      await phases(
        kind,
        (strength) =>
          applyLora({ clip }, file, { unet: 0, clip: strength! }).clip!.encode(
            'a photo of a red fox',
          ),
        [0.001, 0.002],
      );
    }
  }
  await runtime.close();
} finally {
  rmSync(root, { recursive: true });
}
