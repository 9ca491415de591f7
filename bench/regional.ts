// npm run bench:regional: the cost of a sampler call in RegionalSamplerAdvanced without the
// network, with and without sharing sigmas, prepared conditionings and the Brownian path between
// calls. Two regions, 20 steps, a latent of 4 x 64 x 64 (512 px) with masks of 512 x
// 512; the network returns constants of SDXL's sizes, so that only our code is measured.
import { cpus } from 'node:os';
import type { Denoiser } from '../src/models/denoiser.ts';
import { behaviourOf } from '../src/nodes/versions/behaviour-changes.ts';
import { NEWEST_VERSION } from '../src/nodes/versions/comfyui-versions.ts';
import { createMemo, type Memo, noMemo } from '../src/sampling/memo.ts';
import { makeModel } from '../src/sampling/model/model.ts';
import { sampleRegionsAdvanced } from '../src/sampling/runs/regional.ts';
import type { Conditioning } from '../src/sampling/sampling-types.ts';
import { full, map, type Tensor, zeros } from '../src/tensor/tensor.ts';

const STEPS = 20;
const RUNS = 5;

const outputs = new Map<string, Tensor>();
const network: Denoiser = {
  inChannels: 4,
  outChannels: 4,
  contextDim: 2048,
  admChannels: 2816,
  variant: () => network,
  evaluate: async ({ x: { shape } }) => {
    const key = shape.join();
    if (!outputs.has(key)) outputs.set(key, full(shape, 0.01));
    return outputs.get(key)!;
  },
};
const model = makeModel('sdxl', network);
const prompt = (): Conditioning => [
  { cond: zeros([1, 77, 2048]), pooled_output: zeros([1, 1280]) },
];
const half = (side: 0 | 1): Tensor =>
  map(zeros([1, 512, 512]), (_, i) => Number((i % 512 < 256 ? 0 : 1) === side && i < 512 * 384));

/**
 * Milliseconds of processor time per call; each step calls the base and every region, each followed
 * by the sampler that compensates SDE noise.
 */
async function measure(samplerName: string, memo: Memo): Promise<number> {
  const createSampler = () => ({
    model,
    cfg: 7,
    samplerName,
    scheduler: 'beta',
    positive: prompt(),
    negative: prompt(),
  });
  const regions = [half(0), half(1)].map((mask) => ({ mask, sampler: createSampler() }));
  let calls = 0;
  const started = process.cpuUsage();
  await sampleRegionsAdvanced({
    rules: behaviourOf(NEWEST_VERSION),
    base: createSampler(),
    regions,
    seed: 5n,
    steps: STEPS,
    latent: { samples: zeros([1, 4, 64, 64]) },
    startAtStep: 0,
    endAtStep: STEPS,
    addNoise: true,
    returnWithLeftoverNoise: false,
    overlap: 10,
    restoreLatent: true,
    recovery: { mode: 'ratio between', samplerName: 'AUTO', ratio: 0.3 },
    afterPass: () => {
      calls += 1;
    },
    memo,
  });
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1000 / calls;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1];

const SAMPLER_NAMES = ['euler', 'dpmpp_2m', 'euler_ancestral', 'dpmpp_2m_sde', 'dpmpp_sde'];
console.log(
  `${cpus().length} x ${cpus()[0].model}, Node ${process.versions.node}, processor time, ` +
    `medians of ${RUNS} runs after a warm-up\n`,
);
console.log(
  '| sampler | ms per call, without sharing | ms per call, with sharing |\n|---|---|---|',
);
for (const samplerName of SAMPLER_NAMES) {
  const times: [number[], number[]] = [[], []];
  for (let run = 0; run <= RUNS; run++)
    for (const [i, memo] of [noMemo, createMemo()].entries())
      times[i].push(await measure(samplerName, memo));
  const [separate, shared] = times.map((list) => median(list.slice(1)).toFixed(2));
  console.log(`| ${samplerName} | ${separate} | ${shared} |`);
}
