// npx tsx bench/int8-transformers.ts FILE… [--pixels N] [--tokens N] [--only PART of a kind's name]:
// the effect of 8-bit integers on a diffusion transformer, one kind of layer in int8 at a time, the
// others in float32: distance of the output from float32's, with one activation scale per tensor
// and per token. For files of few layers (npm run bench:make -- DIR NAME --layers 2): all layers are
// loaded as float32.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { identify } from '../src/formats/identify/identify.ts';
import { withModelFile } from '../src/formats/model-file.ts';
import { DENOISERS } from '../src/models/checkpoint/denoisers.ts';
import type { DenoiserInputs } from '../src/models/denoiser.ts';
import type { Architecture } from '../src/models/dit/architecture.ts';
import { createDit } from '../src/models/dit/network.ts';
import { FLUX } from '../src/models/flux/network.ts';
import type { Int8Plan, Scaling } from '../src/models/layers/int8.ts';
import { mmdit } from '../src/models/mmdit/mmdit.ts';
import { createModelRuntime } from '../src/models/model-runtime.ts';
import { nextDit } from '../src/models/nextdit/nextdit.ts';
import { createPrepackedStore } from '../src/models/weights/prepacked-store.ts';
import { type Weights, weightsOf } from '../src/models/weights/tensors.ts';
import type { Tensor } from '../src/tensor/tensor.ts';
import { asDenoiserInputs, INPUTS } from './size-inputs.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pixels: { type: 'string', default: '256' },
    tokens: { type: 'string', default: '64' },
    only: { type: 'string', default: '' },
  },
});

type Open = (
  weights: Weights,
  plan: Int8Plan | undefined,
) => (inputs: DenoiserInputs) => Promise<Tensor>;

const opener =
  <Config>(architecture: Architecture<Config>): Open =>
  (weights, plan) => {
    const runtime = createModelRuntime({
      precision: plan ? 'int8' : 'fp32',
      int8Weights: createPrepackedStore({ folder: join(folder, 'derived') }),
    });
    const int8 = plan ?? architecture.int8;
    const { evaluate } = createDit(runtime, weights, { ...architecture, int8 });
    return (inputs) => evaluate(inputs).finally(runtime.close);
  };

/** The architectures by the folders of src/models, with the plan that each of them has. */
const ARCHITECTURES: Readonly<Record<string, { readonly open: Open; readonly int8: Int8Plan }>> = {
  'z-image': { open: opener(nextDit), int8: nextDit.int8 },
  lumina2: { open: opener(nextDit), int8: nextDit.int8 },
  flux: { open: opener(FLUX), int8: FLUX.int8 },
  'flux-schnell': { open: opener(FLUX), int8: FLUX.int8 },
  sd3: { open: opener(mmdit), int8: mmdit.int8 },
};

const KINDS: Readonly<Record<string, RegExp>> = {
  'attention q, k, v': /(attention|attn)\.qkv$/,
  'attention out': /(attention\.out|attn\.proj)$/,
  'second attention q, k, v': /attn2\.qkv$/,
  'second attention out': /attn2\.proj$/,
  'feed-forward in': /(feed_forward\.w[13]|_mlp\.0|mlp\.fc1)$/,
  'feed-forward out': /(feed_forward\.w2|_mlp\.2|mlp\.fc2)$/,
  'single block in (q, k, v and feed-forward)': /\.linear1$/,
  'single block out': /\.linear2$/,
  'modulation of the layers':
    /^(?!final_layer).*(adaLN_modulation\.[01]|_mod\.lin|modulation\.lin)$/,
  'first layer of the prompt': /^(cap_embedder\.1|txt_in|context_embedder)$/,
  'first layer of the image': /^(x_embedder(\.proj)?|img_in)$/,
  'time and pooled prompt': /^([ty]_embedder\.mlp|(time|vector)_in\.)/,
  'last layer and its modulation': /^final_layer\./,
};

const folder = mkdtempSync(join(tmpdir(), 'darkroom-bench-int8-'));

async function layers(file: string): Promise<void> {
  const { family, weights } = await withModelFile(file, async ({ tensors }) => {
    const found = identify(tensors);
    if (!('denoiser' in found)) throw new Error(`${file} has no diffusion model`);
    const { fromOriginal = (all: typeof tensors) => all } = DENOISERS[found.family];
    return {
      family: found.family,
      weights: weightsOf(file, fromOriginal(tensors), found.denoiser.prefix),
    };
  });
  const { open, int8 } = ARCHITECTURES[family];
  const inputs = asDenoiserInputs(
    await INPUTS['transformer'](file, {
      rows: 1,
      pixels: Number(values.pixels),
      tokens: Number(values.tokens),
    }),
  );
  const wanted = await open(weights, undefined)(inputs);
  const names = [...weights.names()].map((name) => name.replace(/\.weight$/, ''));
  const distance = async (plan: Int8Plan): Promise<string> =>
    relative(await open(weights, plan)(inputs), wanted).toExponential(1);
  console.log(
    `\n${basename(file)}\n\n| layers in int8 | per tensor | per token | in the plan |\n` +
      '|---|---|---|---|',
  );
  for (const [kind, pattern] of Object.entries(KINDS)) {
    const layer = names.find((name) => pattern.test(name));
    if (layer === undefined || !kind.includes(values.only)) continue;
    const planned = int8(layer, weights.shape(`${layer}.weight`));
    const [tensor, row] = [
      await distance(selected(pattern, 'tensor')),
      await distance(selected(pattern, 'row')),
    ];
    console.log(`| ${kind} | ${tensor} | ${row} | ${PLANNED[planned ?? 'none']} |`);
  }
  console.log(`| **the plan** | | ${await distance(int8)} | |`);
}

const PLANNED: Readonly<Record<Scaling | 'none', string>> = {
  tensor: 'per tensor',
  row: 'per token',
  none: 'float32',
};

const selected =
  (pattern: RegExp, scaling: Scaling): Int8Plan =>
  (layer) =>
    pattern.test(layer) ? scaling : undefined;

function relative(got: Tensor, wanted: Tensor): number {
  let [difference, all] = [0, 0];
  for (const [i, value] of wanted.data.entries()) {
    difference += (got.data[i] - value) ** 2;
    all += value ** 2;
  }
  return Math.sqrt(difference / all);
}

try {
  for (const file of positionals) await layers(file);
} finally {
  rmSync(folder, { recursive: true });
}
