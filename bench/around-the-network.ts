// npm run bench:around -- [CHECKPOINT]: the cost of a sampling step without the network, for a
// latent of 4 x 64 x 64 (512 px) with a positive and a negative side. The network returns
// constants, so that only our code is measured: inputs, guidance, areas, masks, noise, sampler. The
// share is relative to an evaluation of an SD1 checkpoint in the same run, or to the constant
// below.
import { cpus } from 'node:os';
import { loadCheckpoint } from '../src/models/checkpoint/load.ts';
import type { Denoiser } from '../src/models/denoiser.ts';
import { behaviourOf } from '../src/nodes/versions/behaviour-changes.ts';
import { NEWEST_VERSION } from '../src/nodes/versions/comfyui-versions.ts';
import { createRuntime } from '../src/runtime/runtime.ts';
import { combineConditioning, setArea, setMask } from '../src/sampling/conditioning/operations.ts';
import { cfgGuider } from '../src/sampling/guiders/guider.ts';
import { makeModel } from '../src/sampling/model/model.ts';
import { withDifferentialDiffusion } from '../src/sampling/patches/differential-diffusion.ts';
import { withRescaledCfg } from '../src/sampling/patches/rescale-cfg.ts';
import { randomNoise, sampleCustom } from '../src/sampling/runs/custom.ts';
import { samplerKind } from '../src/sampling/samplers/index.ts';
import type { Conditioning, Latent, Model } from '../src/sampling/sampling-types.ts';
import { calculateSigmas } from '../src/sampling/schedules/schedules.ts';
import { full, map, type Tensor, zeros } from '../src/tensor/tensor.ts';

const STEPS = 20;
const RUNS = 15;
/**
 * Seconds of one evaluation of SD1.5 with both sides at 512 px in fp32: 2 cores of an AMD EPYC (Zen
 * 4), the plain graph.
 */
const EVALUATION = 8.4;

const prompt: Conditioning = [{ cond: zeros([1, 77, 768]) }];
const latent: Latent = { samples: map(zeros([1, 4, 64, 64]), (_, i) => Math.sin(i)) };
const soft = map(zeros([1, 512, 512]), (_, i) => (i % 512) / 511);

const outputs = new Map<string, Tensor>();
const network: Denoiser = {
  inChannels: 4,
  outChannels: 4,
  contextDim: 768,
  admChannels: 0,
  variant: () => network,
  evaluate: async ({ x: { shape } }) => {
    const key = shape.join();
    if (!outputs.has(key)) outputs.set(key, full(shape, 0.01));
    return outputs.get(key)!;
  },
};

interface Setting {
  readonly name: string;
  readonly samplerName: string;
  readonly positive?: Conditioning;
  readonly latent?: Latent;
  readonly model?: Model;
}

const plain = makeModel('sd1', network);
const patched = withRescaledCfg(withDifferentialDiffusion(plain), {
  multiplier: 0.7,
  flowRescalesDenoised: true,
});
const areas = combineConditioning(
  combineConditioning(prompt, setArea(prompt, { width: 256, height: 512, x: 0, y: 0 }, 1)),
  setArea(prompt, { width: 256, height: 512, x: 256, y: 0 }, 0.7),
);
const masks = combineConditioning(
  setMask(prompt, soft, 1, false),
  setMask(prompt, soft, 0.5, true),
);
const masked: Latent = { ...latent, noise_mask: soft };

const SETTINGS: readonly Setting[] = [
  { name: 'cfg', samplerName: 'euler' },
  { name: 'cfg, multistep', samplerName: 'dpmpp_2m' },
  { name: 'cfg, fresh noise', samplerName: 'euler_ancestral' },
  { name: 'cfg, Brownian noise', samplerName: 'dpmpp_2m_sde' },
  { name: 'two areas', samplerName: 'dpmpp_2m', positive: areas },
  { name: 'two masks', samplerName: 'dpmpp_2m', positive: masks },
  { name: 'noise mask', samplerName: 'dpmpp_2m', latent: masked },
  {
    name: 'areas, noise mask, differential diffusion, RescaleCFG, Brownian noise',
    samplerName: 'dpmpp_2m_sde',
    positive: areas,
    latent: masked,
    model: patched,
  },
];

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1];

/**
 * Runs `work` and counts the bytes of all Float32Arrays that it allocates; views count as 0.
 * `allocated` returns the bytes so far.
 */
async function countAllocations<T>(work: (allocated: () => number) => Promise<T>): Promise<T> {
  const Original = globalThis.Float32Array;
  let bytes = 0;
  class Counted extends Original {
    constructor(...args: [never, never, never]) {
      super(...args);
      if (!((args[0] as unknown) instanceof ArrayBuffer)) bytes += this.byteLength;
    }
  }
  globalThis.Float32Array = Counted as unknown as Float32ArrayConstructor;
  try {
    return await work(() => bytes);
  } finally {
    globalThis.Float32Array = Original;
  }
}

interface Cost {
  readonly ms: number;
  /** Bytes of float32 arrays allocated in a step: median and maximum. */
  readonly bytes: number;
  readonly maxBytes: number;
}

async function measure({
  samplerName,
  positive = prompt,
  latent: start = latent,
  model = plain,
}: Setting): Promise<Cost> {
  const sigmas = calculateSigmas(model.sampling, 'karras', STEPS);
  const run = (onStep?: () => void) =>
    sampleCustom({
      rules: behaviourOf(NEWEST_VERSION),
      guider: cfgGuider(model, positive, prompt, 7),
      sampler: { kind: samplerKind(samplerName) },
      sigmas,
      noise: randomNoise(1n),
      latent: start,
      onStep,
    });
  const times: number[] = [];
  for (let i = -3; i < RUNS; i++) {
    const began = performance.now();
    await run();
    if (i >= 0) times.push((performance.now() - began) / STEPS);
  }
  const totals: number[] = [];
  await countAllocations((allocated) => run(() => totals.push(allocated())));
  const steps = totals.slice(1).map((total, i) => total - totals[i]);
  return { ms: median(times), bytes: median(steps), maxBytes: Math.max(...steps) };
}

/** Seconds of one evaluation of a checkpoint's UNet with both sides, after a warm-up. */
async function measureEvaluation(file: string): Promise<number> {
  const runtime = createRuntime({ threads: cpus().length });
  const { denoiser: unet } = await loadCheckpoint(file, runtime);
  const inputs = {
    x: full([2, 4, 64, 64], 0.1),
    timesteps: Float32Array.of(500, 500),
    context: full([2, 77, unet!.contextDim], 0.1),
  };
  const times: number[] = [];
  for (let i = 0; i < 4; i++) {
    const began = performance.now();
    await unet!.evaluate(inputs);
    if (i > 0) times.push((performance.now() - began) / 1000);
  }
  await runtime.close();
  return median(times);
}

const mb = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

const [file] = process.argv.slice(2);
const seconds = file ? await measureEvaluation(file) : EVALUATION;
console.log(
  `${cpus().length} x ${cpus()[0].model}, Node ${process.versions.node}; one evaluation: ` +
    `${seconds.toFixed(2)} s (${file ? 'measured' : 'constant'})\n`,
);
console.log(
  '| setting | sampler | ms per step | share of an evaluation | MB of arrays per step ' +
    '(maximum) |\n|---|---|---|---|---|',
);
for (const setting of SETTINGS) {
  const { ms, bytes, maxBytes } = await measure(setting);
  const share = `${((ms / 1000 / seconds) * 100).toFixed(2)} %`;
  console.log(
    `| ${setting.name} | ${setting.samplerName} | ${ms.toFixed(2)} | ${share} | ${mb(bytes)} ` +
      `(${mb(maxBytes)}) |`,
  );
}
