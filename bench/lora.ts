// npx tsx bench/lora.ts [unet|clip] [rank] [size]: what a LoRA costs on networks of the true shapes (SD1.5's UNet, SDXL's CLIP-G, float16,
// random numbers): opening, one evaluation, another strength; memory is read from /proc (Linux). `size`: latent cells a side.
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSafetensors } from '../src/formats/safetensors.ts';
import { OPEN_CLIP } from '../src/models/clip/layout.ts';
import { weightsOf } from '../src/models/weights.ts';
import { makeClip } from '../src/runtime/clip.ts';
import { applyLora, openLora } from '../src/runtime/lora.ts';
import { createRuntime } from '../src/runtime/runtime.ts';
import { createTextEncoder } from '../src/runtime/text-encoder.ts';
import { createUNet } from '../src/runtime/unet.ts';
import { full } from '../src/tensor/tensor.ts';

type Shapes = Map<string, readonly number[]>;

/** A file of float16 tensors of these shapes; all bytes repeat one block of small random numbers. */
function writeRandom(file: string, shapes: Shapes): void {
  let at = 0;
  const entries = [...shapes].map(([name, shape]) => {
    const from = at;
    at += shape.reduce((n, d) => n * d, 2);
    return `${JSON.stringify(name)}:${JSON.stringify({ dtype: 'F16', shape, data_offsets: [from, at] })}`;
  });
  const header = Buffer.from(`{${entries.join(',')}}`);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  writeFileSync(file, Buffer.concat([length, header]));
  // sign, exponents of 2^-7 to 2^-5, any fraction
  const block = Buffer.from(
    Uint16Array.from({ length: 1 << 20 }, () => ((Math.random() * 2) << 15) | ((8 + Math.random() * 3) << 10) | (Math.random() * 1024))
      .buffer,
  );
  const handle = openSync(file, 'a');
  for (let left = at; left > 0; left -= block.length) writeSync(handle, block, 0, Math.min(left, block.length));
  closeSync(handle);
}

function unetShapes(): Shapes {
  const shapes: Shapes = new Map();
  const put = (name: string, weight: readonly number[], bias = true): void => {
    shapes.set(`${name}.weight`, weight);
    if (bias) shapes.set(`${name}.bias`, [weight[0]]);
  };
  const residual = (at: string, from: number, to: number): void => {
    put(`${at}.in_layers.0`, [from]);
    put(`${at}.in_layers.2`, [to, from, 3, 3]);
    put(`${at}.emb_layers.1`, [to, 1280]);
    put(`${at}.out_layers.0`, [to]);
    put(`${at}.out_layers.3`, [to, to, 3, 3]);
    if (from !== to) put(`${at}.skip_connection`, [to, from, 1, 1]);
  };
  const transformer = (at: string, c: number): void => {
    put(`${at}.norm`, [c]);
    put(`${at}.proj_in`, [c, c, 1, 1]);
    put(`${at}.proj_out`, [c, c, 1, 1]);
    const block = `${at}.transformer_blocks.0`;
    for (const i of [1, 2, 3]) put(`${block}.norm${i}`, [c]);
    for (const [i, context] of [c, 768].entries()) {
      put(`${block}.attn${i + 1}.to_q`, [c, c], false);
      for (const name of ['to_k', 'to_v']) put(`${block}.attn${i + 1}.${name}`, [c, context], false);
      put(`${block}.attn${i + 1}.to_out.0`, [c, c]);
    }
    put(`${block}.ff.net.0.proj`, [8 * c, c]);
    put(`${block}.ff.net.2`, [c, 4 * c]);
  };
  const widths = [320, 640, 1280, 1280];
  put('time_embed.0', [1280, 320]);
  put('time_embed.2', [1280, 1280]);
  put('input_blocks.0.0', [320, 4, 3, 3]);
  const skips = [320];
  let [n, c] = [1, 320];
  for (const [level, width] of widths.entries()) {
    for (let i = 0; i < 2; i++, n++) {
      residual(`input_blocks.${n}.0`, c, width);
      if (level < 3) transformer(`input_blocks.${n}.1`, width);
      c = width;
      skips.push(c);
    }
    if (level === 3) continue;
    put(`input_blocks.${n++}.0.op`, [c, c, 3, 3]);
    skips.push(c);
  }
  residual('middle_block.0', c, c);
  transformer('middle_block.1', c);
  residual('middle_block.2', c, c);
  n = 0;
  for (const [level, width] of [...widths.entries()].reverse())
    for (let i = 0; i < 3; i++, n++) {
      residual(`output_blocks.${n}.0`, c + skips.pop()!, width);
      c = width;
      if (level < 3) transformer(`output_blocks.${n}.1`, c);
      if (i === 2 && level > 0) put(`output_blocks.${n}.${level < 3 ? 2 : 1}.conv`, [c, c, 3, 3]);
    }
  put('out.0', [c]);
  put('out.2', [4, c, 3, 3]);
  return shapes;
}

function clipShapes(width: number, layers: number): Shapes {
  const shapes: Shapes = new Map([
    [OPEN_CLIP.tokens, [49408, width]],
    [OPEN_CLIP.positions, [77, width]],
    [OPEN_CLIP.projection, [width, width]],
  ]);
  const put = (name: string, ...weight: number[]): void => void shapes.set(`${name}.weight`, weight).set(`${name}.bias`, [weight[0]]);
  put(OPEN_CLIP.finalNorm, width);
  for (let i = 0; i < layers; i++) {
    const { norm1, norm2, qkv, out, up, down } = OPEN_CLIP.block(i);
    for (const norm of [norm1, norm2]) put(norm, width);
    if ('weight' in qkv) shapes.set(qkv.weight, [3 * width, width]).set(qkv.bias, [3 * width]);
    put(out, width, width);
    put(up, 4 * width, width);
    put(down, width, 4 * width);
  }
  return shapes;
}

/** LoRA or LoHa of the transformers' linears. */
function loraShapes(shapes: Iterable<readonly [string, readonly number[]]>, rank: number, kind: 'lora' | 'loha'): Shapes {
  const made: Shapes = new Map();
  for (const [key, [out, width]] of shapes) {
    const factors = {
      lora: [['lora_up.weight', 'lora_down.weight']],
      loha: [
        ['hada_w1_a', 'hada_w1_b'],
        ['hada_w2_a', 'hada_w2_b'],
      ],
    }[kind];
    for (const [up, down] of factors) made.set(`${key}.${up}`, [out, rank]).set(`${key}.${down}`, [rank, width]);
  }
  return made;
}

const memory = (what: 'VmRSS' | 'VmHWM'): string =>
  `${(Number(new RegExp(`${what}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 2 ** 20).toFixed(1)} GB`;

async function timed(label: string, work: () => Promise<unknown>): Promise<void> {
  writeFileSync('/proc/self/clear_refs', '5'); // the peak begins anew
  const started = performance.now();
  await work();
  console.log(`| ${label} | ${((performance.now() - started) / 1000).toFixed(2)} | ${memory('VmRSS')} | ${memory('VmHWM')} |`);
}

const [what = 'unet', rank = '16', size = '32'] = process.argv.slice(2);
const root = mkdtempSync(join(tmpdir(), 'darkroom-bench-lora-'));
const [model, ...loras] = ['model', 'lora', 'loha'].map((name) => join(root, `${name}.safetensors`));
try {
  const shapes = what === 'unet' ? unetShapes() : clipShapes(1280, 32);
  writeRandom(model, shapes);
  const opened = await openSafetensors(model);
  await opened.close();
  // one network at a time: what was open is closed for the next
  const runtime = createRuntime({ memoryBudget: 1 });
  console.log(`${what} of ${[...shapes.values()].reduce((n, s) => n + s.reduce((a, b) => a * b, 1), 0) / 1e6} M numbers, rank ${rank}\n`);
  console.log('| | s | memory after | peak |\n|---|---|---|---|');
  const phases = async (
    name: string,
    run: (strength: number | undefined) => Promise<unknown>,
    strengths: readonly (number | undefined)[],
  ): Promise<void> => {
    await timed(`${name}: open and first evaluation`, () => run(strengths[0]));
    for (let i = 0; i < 3; i++) await timed(`${name}: evaluation`, () => run(strengths[0]));
    if (strengths.length > 1) await timed(`${name}: evaluation at another strength`, () => run(strengths[1]));
  };
  if (what === 'unet') {
    const unet = createUNet(runtime, weightsOf(model, opened.tensors, ''));
    const cells = Number(size);
    const inputs = { x: full([2, 4, cells, cells], 0.3), timesteps: Float32Array.of(500, 500), context: full([2, 77, 768], 0.1) };
    const linears = [...shapes].filter(
      ([name, shape]) => (name.includes('_blocks.0.') && shape.length === 2) || /proj_(in|out)\.weight/.test(name),
    );
    const keys = linears.map(([name, shape]) => [`lora_unet_${name.slice(0, -7).replaceAll('.', '_')}`, shape] as const);
    await phases('plain', () => unet.evaluate(inputs), [undefined]);
    for (const [i, kind] of (['lora', 'loha'] as const).entries()) {
      writeRandom(loras[i], loraShapes(keys, Number(rank), kind));
      const file = await openLora(loras[i]);
      await phases(kind, (strength) => applyLora({ unet }, file, { unet: strength!, clip: 0 }).unet!.evaluate(inputs), [0.001, 0.002]);
    }
  } else {
    const encoder = createTextEncoder(runtime, 'clip_g', weightsOf(model, opened.tensors, '', { rounding: 'f16' }), OPEN_CLIP);
    const clip = makeClip({ family: 'sdxl-refiner', encoders: [encoder] });
    const linear = [...encoder.patchable!].filter(([name]) => /(_proj|fc\d)\.weight$/.test(name));
    const keys = linear.map(([name, { shape }]) => [`lora_te_${name.slice(0, -7).replaceAll('.', '_')}`, shape] as const);
    await phases('plain', () => clip.encode('a photo of a red fox'), [undefined]);
    for (const [i, kind] of (['lora', 'loha'] as const).entries()) {
      writeRandom(loras[i], loraShapes(keys, Number(rank), kind));
      const file = await openLora(loras[i]);
      await phases(
        kind,
        (strength) => applyLora({ clip }, file, { unet: 0, clip: strength! }).clip!.encode('a photo of a red fox'),
        [0.001, 0.002],
      );
    }
  }
  await runtime.close();
} finally {
  rmSync(root, { recursive: true });
}
