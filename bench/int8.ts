// npx tsx bench/int8.ts layers|pictures [--checkpoint FILE] [--prompts N] [--steps N] [--size
// PIXELS] [--only PART of a kind's name]: the effect of 8-bit integers on a trained UNet. layers:
// one kind of layer in int8 at a time, the others in float32; distance of the UNet's output from
// float32's over noise levels of real runs. pictures: whole runs with the same seeds; PSNR and SSIM
// against float32. The prompts are those of training/prompts.json.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { UNET_PREFIX } from '../src/formats/identify/identify.ts';
import { openSafetensors } from '../src/formats/safetensors/safetensors.ts';
import type { Denoiser, DenoiserInputs } from '../src/models/denoiser.ts';
import type { Int8Plan } from '../src/models/layers/int8.ts';
import { unetConfig } from '../src/models/unet/config.ts';
import { unetGraph } from '../src/models/unet/graph.ts';
import { INT8_LAYERS } from '../src/models/unet/int8-layers.ts';
import { timestepEmbedding } from '../src/models/unet/timestep.ts';
import { createPrepackedStore } from '../src/models/weights/prepacked-store.ts';
import { weightsOf } from '../src/models/weights/tensors.ts';
import { openSession } from '../src/runtime/session.ts';
import type { Model } from '../src/sampling/sampling-types.ts';
import { openEmbeddedModels } from '../src/storage/embedded-models.ts';
import type { Tensor } from '../src/tensor/tensor.ts';
import { runNode, testContext } from '../test/support/run-node.ts';
import { psnr, ssim } from './picture-distance.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    checkpoint: { type: 'string' },
    prompts: { type: 'string' },
    steps: { type: 'string', default: '20' },
    size: { type: 'string', default: '128' },
    plans: { type: 'string', default: 'int8' },
    only: { type: 'string', default: '' },
  },
});
const file =
  values.checkpoint ??
  openEmbeddedModels().unpack('checkpoints', 'darkroom-tiny-base.safetensors')!;
const context = testContext({ checkpoints: { [basename(file)]: file } });
const prompts: readonly { readonly prompt: string }[] = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', 'training', 'prompts.json'), 'utf8'),
);
const folder = mkdtempSync(join(tmpdir(), 'darkroom-bench-int8-'));
const store = createPrepackedStore({ folder: join(folder, 'derived') });

const opened = await openSafetensors(file);
await opened.close();
const weights = weightsOf(file, opened.tensors, UNET_PREFIX);
const config = unetConfig(weights);

/** The UNet's evaluation with the given layers in int8. */
async function evaluator(plan: Int8Plan | undefined) {
  const make = (from: typeof weights) => unetGraph(from, config, { int8: plan });
  const graph = make(plan ? await store.ready(weights, make) : weights);
  const session = await openSession(graph.serialize(), {
    name: 'unet',
    folder: graph.folder() || dirname(file),
    threads: 2,
    providers: ['cpu'],
  });
  return {
    close: session.close,
    evaluate: async ({ x, timesteps, context, y }: DenoiserInputs): Promise<Tensor> => {
      const inputs = {
        x,
        time: timestepEmbedding(timesteps, config.modelChannels),
        context,
        ...(config.admChannels > 0 && y ? { y } : {}),
      };
      return (await session.run(inputs, ['out']))['out'];
    },
  };
}

const [loaded, clip, vae] = (await runNode(
  'CheckpointLoaderSimple',
  { ckpt_name: basename(file) },
  context,
)) as readonly unknown[];
const size = Number(values.size);
const encode = async (text: string) =>
  (await runNode('CLIPTextEncode', { text, clip }, context))[0];
const negative = await encode('');

/** Runs a whole sampling with this evaluation; returns the image [1, H, W, 3]. */
async function draw(evaluate: Denoiser['evaluate'], prompt: string, seed: number): Promise<Tensor> {
  const model: Model = {
    ...(loaded as Model),
    denoiser: { ...(loaded as Model).denoiser, evaluate },
  };
  const [latent] = await runNode(
    'EmptyLatentImage',
    { width: size, height: size, batch_size: 1 },
    context,
  );
  const given = {
    seed: BigInt(seed),
    steps: Number(values.steps),
    cfg: 4.5,
    sampler_name: 'dpmpp_2m',
    scheduler: 'karras',
    denoise: 1,
  };
  const [samples] = await runNode(
    'KSampler',
    { ...given, model, positive: await encode(prompt), negative, latent_image: latent },
    context,
  );
  return (await runNode('VAEDecode', { samples, vae }, context))[0];
}

const KINDS: Readonly<Record<string, RegExp>> = {
  'first convolution of residuals': /in_layers\.2$/,
  'second convolution of residuals': /out_layers\.3$/,
  'skips of residuals (1x1)': /skip_connection$/,
  'smaller (stride 2)': /\.op$/,
  'larger (after nearest)': /\.conv$/,
  proj_in: /proj_in$/,
  proj_out: /proj_out$/,
  'self-attention q, k': /attn1\.to_[qk]$/,
  'self-attention v': /attn1\.to_v$/,
  'self-attention out': /attn1\.to_out\.0$/,
  'cross-attention q': /attn2\.to_q$/,
  'cross-attention k, v (tokens)': /attn2\.to_[kv]$/,
  'cross-attention out': /attn2\.to_out\.0$/,
  'GEGLU in': /ff\.net\.0\.proj$/,
  'GEGLU out': /ff\.net\.2$/,
  'embedding into residuals': /emb_layers\.1$/,
  'time and size embedding': /^(time|label)_embed|^label_emb/,
  'first and last convolution': /^(input_blocks\.0\.0|out\.2)$/,
};

async function layers(): Promise<void> {
  const exact = await evaluator(undefined);
  const inputs: DenoiserInputs[] = [];
  for (const [i, { prompt }] of prompts.slice(0, Number(values.prompts ?? 4)).entries()) {
    let step = 0;
    await draw(
      (given) => {
        if (step++ % 4 === 1)
          inputs.push({ ...given, x: { ...given.x, data: given.x.data.slice() } });
        return exact.evaluate(given);
      },
      prompt,
      i,
    );
  }
  const wanted: Tensor[] = [];
  for (const one of inputs) wanted.push(await exact.evaluate(one));
  console.log(
    `${inputs.length} evaluations of real runs\n\n| layers in int8 | relative RMS error | ` +
      'worst |\n|---|---|---|',
  );
  const rows: { name: string; mean: number; worst: number }[] = [];
  const measure = async (name: string, plan: Int8Plan): Promise<void> => {
    const { evaluate, close } = await evaluator(plan);
    const errors = [];
    for (const [i, one] of inputs.entries()) errors.push(relative(await evaluate(one), wanted[i]));
    await close();
    rows.push({
      name,
      mean: Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length),
      worst: Math.max(...errors),
    });
  };
  for (const [name, pattern] of Object.entries(KINDS).filter(([name]) =>
    name.includes(values.only),
  ))
    for (const scaling of ['tensor', 'row'] as const)
      await measure(`${name}, ${scaling}`, (layer) => (pattern.test(layer) ? scaling : undefined));
  await measure('**plan**', INT8_LAYERS);
  await measure('all that are wide enough, tensor', (_, [out, width]) =>
    Math.min(out, width) >= 64 ? 'tensor' : undefined,
  );
  for (const { name, mean, worst } of rows.sort((a, b) => b.mean - a.mean))
    console.log(`| ${name} | ${mean.toExponential(2)} | ${worst.toExponential(2)} |`);
  await exact.close();
}

function relative(got: Tensor, wanted: Tensor): number {
  let [difference, all] = [0, 0];
  for (let i = 0; i < wanted.data.length; i++) {
    difference += (got.data[i] - wanted.data[i]) ** 2;
    all += wanted.data[i] ** 2;
  }
  return Math.sqrt(difference / all);
}

const PLANS: Readonly<Record<string, Int8Plan>> = {
  int8: INT8_LAYERS,
  all: (_, [out, width]) => (Math.min(out, width) >= 64 ? 'tensor' : undefined),
};

async function pictures(): Promise<void> {
  const exact = await evaluator(undefined);
  console.log(
    '| plan | pictures | PSNR dB, mean | worst | SSIM, mean | worst | worst prompt ' +
      '|\n|---|---|---|---|---|---|---|',
  );
  const chosen = prompts.slice(0, Number(values.prompts ?? 50));
  const wanted: Tensor[] = [];
  for (const [i, { prompt }] of chosen.entries())
    wanted.push(await draw(exact.evaluate, prompt, i));
  for (const name of values.plans.split(',')) {
    const { evaluate, close } = await evaluator(PLANS[name]);
    const found: { prompt: string; psnr: number; ssim: number }[] = [];
    for (const [i, { prompt }] of chosen.entries()) {
      const picture = await draw(evaluate, prompt, i);
      found.push({ prompt, psnr: psnr(picture, wanted[i]), ssim: ssim(picture, wanted[i]) });
    }
    await close();
    const mean = (of: 'psnr' | 'ssim'): number =>
      found.reduce((sum, one) => sum + one[of], 0) / found.length;
    const worst = found.reduce((a, b) => (b.psnr < a.psnr ? b : a));
    console.log(
      `| ${name} | ${found.length} | ${mean('psnr').toFixed(1)} | ${worst.psnr.toFixed(1)} | ` +
        `${mean('ssim').toFixed(3)} | ${Math.min(...found.map((one) => one.ssim)).toFixed(3)} | ` +
        `${worst.prompt} |`,
    );
  }
  await exact.close();
}

try {
  await { layers, pictures }[positionals[0] as 'layers' | 'pictures']();
} finally {
  rmSync(folder, { recursive: true });
}
