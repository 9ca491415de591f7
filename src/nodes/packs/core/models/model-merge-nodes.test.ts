// Merges against weights of ComfyUI's nodes and ModelPatcher (test/golden/merge), and in networks.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  noise,
  seededTensors,
  type TensorsToWrite,
  tensorsOf,
  writeRenamed,
} from '../../../../../test/support/files/rewrite.ts';
import {
  expectGolden,
  fixtureModel,
  type Golden,
  golden,
  maxDifference,
  type Params,
} from '../../../../../test/support/golden.ts';
import { runNode, testContext } from '../../../../../test/support/run-node.ts';
import { decodeFloat32, encodeFloat32 } from '../../../../formats/dtypes.ts';
import { openSafetensors } from '../../../../formats/safetensors/safetensors.ts';
import { writeSafetensors } from '../../../../formats/safetensors/safetensors-write.ts';
import type { Clip } from '../../../../models/clip/clip.ts';
import type { TextEncoder } from '../../../../models/clip/text-encoder.ts';
import type { Denoiser } from '../../../../models/denoiser.ts';
import { openLora } from '../../../../models/lora/file.ts';
import type { AppliedLora } from '../../../../models/lora/patches.ts';
import {
  type MergeTime,
  plainTargets,
  type WeightChange,
} from '../../../../models/weights/changes.ts';
import { changedGraph } from '../../../../models/weights/merged.ts';
import { planChanges } from '../../../../models/weights/plan-changes.ts';
import { type Weights, weightsOf } from '../../../../models/weights/tensors.ts';
import { createGraph } from '../../../../onnx/builder.ts';
import { createRuntime } from '../../../../runtime/runtime.ts';
import type { Model } from '../../../../sampling/sampling-types.ts';
import { full, type Tensor, tensor } from '../../../../tensor/tensor.ts';

const folder = mkdtempSync(join(tmpdir(), 'darkroom-merge-'));
const runtime = createRuntime({ threads: 2 });
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(name: string, tensors: TensorsToWrite): Promise<Weights> {
  const file = join(folder, `${name.replaceAll(/\W+/g, '_')}.safetensors`);
  await writeSafetensors(file, tensors);
  const opened = await openSafetensors(file);
  await opened.close();
  return weightsOf(file, opened.tensors, '');
}

const g: Golden = golden('merge', 'weights');

describe('golden merge/weights', () => {
  /** A UNet with only the properties that merging uses. */
  const network = (weights: Weights, changes: readonly WeightChange[]): Denoiser =>
    ({
      base: { weights, targets: plainTargets(weights), changes },
      variant: (more: { changes: readonly WeightChange[] }) =>
        network(weights, [...changes, ...more.changes]),
    }) as unknown as Denoiser;

  const lora = async (id: string, step: Params): Promise<AppliedLora> => {
    const { file } = await open(
      `${id} lora ${step.network}${step.strength}`,
      seededTensors(step.lora),
    );
    const names = Object.fromEntries(
      ['up', 'down'].map((part) => [part, `layer.lora_${part}.weight`]),
    ) as { up: string; down: string };
    return {
      lora: await openLora(file),
      strength: step.strength,
      patches: new Map([[step.weight, { kind: 'lora', scale: 1, ...names }]]),
    };
  };

  /** All weights, computed by one graph, with the branches of each weight added to it. */
  async function evaluate(
    id: string,
    { base }: Denoiser,
    time: MergeTime,
    beforehand = false,
  ): Promise<Map<string, Tensor>> {
    const plan = planChanges(base!, time);
    const names = [...base!.weights.names()];
    const build = (weights: Weights) => {
      const graph = createGraph();
      for (const [i, name] of names.entries()) {
        const { shape } = base!.targets.get(name)!;
        const [out, ...rest] = shape;
        const width = rest.reduce((n, d) => n * d, 1);
        const whole = (weights.branches?.(name) ?? []).reduce(
          (sum, { rank, scale, up, down }) => {
            const product = graph.op('MatMul', [
              graph.op('Mul', [up(graph, [out, rank]), scale(graph)]),
              down(graph, [rank, width]),
            ]);
            return graph.op('Add', [sum, graph.op('Reshape', [product, graph.ints(shape)])]);
          },
          weights.value(graph, name),
        );
        graph.output(`w${i}`, whole, shape);
      }
      return graph;
    };
    const outputs = names.map((_, i) => `w${i}`);
    const file = base!.weights.file;
    const variant = `${time} ${beforehand} ${plan?.key}`;
    const options = {
      threads: 1,
      folder: join(folder, 'merged'),
      ...(beforehand && { inSession: 0 }),
    };
    const graph = () => (plan ? changedGraph(plan, build, options) : build(base!.weights));
    const opened = runtime.network({ file, part: id, variant, outputs, build: graph });
    const results = await opened.run({ ...plan?.inputs });
    return new Map(names.map((name, i) => [name, results[`w${i}`]]));
  }

  interface Networks {
    readonly one: Denoiser;
    readonly two: Denoiser;
  }

  /** A CLIP of one encoder, which has the weights of a UNet and `changes`. */
  const clipWith = (unet: Denoiser, changes: readonly WeightChange[] = []): Clip => {
    const encoder = {
      kind: 'clip_l',
      width: 4,
      base: { ...unet.base!, changes },
      withChanges: (more: readonly WeightChange[]) => clipWith(unet, more).encoders[0],
    };
    return {
      encoders: [encoder as unknown as TextEncoder],
      withEncoders: (encoders: readonly TextEncoder[]) => ({ encoders }),
    } as unknown as Clip;
  };

  /** Runs a step of a case: adds a LoRA to one of the networks, or merges `two` into `one`. */
  async function runStep(id: string, step: Params, { one, two }: Networks): Promise<Networks> {
    if (step.lora) {
      const changes = [await lora(id, step)];
      return step.network === 1
        ? { one: one.variant({ changes }), two }
        : { one, two: two.variant({ changes }) };
    }
    if (id.startsWith('CLIP')) {
      const clips = { clip1: clipWith(one), clip2: clipWith(two) };
      const [merged] = await runNode<[Clip]>(step.node, { ...clips, ...step.options });
      return { one: network(one.base!.weights, merged.encoders[0].base!.changes), two };
    }
    const models = {
      model1: { family: 'sd1', denoiser: one },
      model2: { family: 'sd1', denoiser: two },
    };
    const context = testContext();
    const [merged] = await runNode<[Model]>(step.node, { ...models, ...step.options }, context);
    expect(context.warnings).toHaveLength(id === 'another shape' ? 1 : 0);
    return { one: merged.denoiser, two };
  }

  const MERGES: readonly { readonly time: MergeTime; readonly beforehand?: boolean }[] = [
    { time: 'ahead' },
    { time: 'each time' },
    { time: 'whole' },
    { time: 'ahead', beforehand: true },
    { time: 'whole', beforehand: true },
  ];

  it.each(g.cases)('$id', async ({ id, params, outputs }) => {
    const [one, two] = await Promise.all(
      ['one', 'two'].map(async (name) =>
        network(await open(`${id} ${name}`, seededTensors(params[name])), []),
      ),
    );
    let networks: Networks = { one, two };
    for (const step of params.steps) networks = await runStep(id, step, networks);
    for (const { time, beforehand } of MERGES) {
      const merged = await evaluate(id, networks.one, time, beforehand);
      // position ids and the logit scale are not weights here
      for (const [name, output] of Object.entries(outputs))
        if (!name.endsWith('logit_scale')) expectGolden(g, id, output, merged.get(name)!);
    }
    // the files of weights that were merged beforehand are already unlinked
    expect(existsSync(join(folder, 'merged')) ? readdirSync(join(folder, 'merged')) : []).toEqual(
      [],
    );
  });
});

describe('merges in networks', () => {
  const models = { checkpoints: {} as Record<string, string> };
  const context = () => ({ ...testContext(models), runtime });

  /** Writes files: a fixture, one with noise added to its weights, and their merge by 0.3. */
  async function files(name: string, clipPrefix: string): Promise<void> {
    const one = await tensorsOf(fixtureModel(name));
    const [two, merged]: TensorsToWrite[] = [{}, {}];
    for (const [i, [tensor, { dtype, shape, data }]] of Object.entries(one).entries()) {
      const own = decodeFloat32(dtype, data as Uint8Array);
      const clip = tensor.startsWith(clipPrefix);
      const roundedToFloat16 = (values: Float32Array) =>
        clip ? decodeFloat32('F16', encodeFloat32('F16', values)) : values;
      const other = roundedToFloat16(noise(own.length, i + 1, 0.05).map((v, at) => v + own[at]));
      const blend = own.map(
        (v, at) => Math.fround(v * Math.fround(0.3)) + Math.fround(other[at] * Math.fround(0.7)),
      );
      const changed =
        /^(model\.diffusion_model|cond_stage_model)/.test(tensor) && !/position_ids/.test(tensor);
      two[tensor] = { dtype: 'F32', shape, data: changed ? other : own };
      merged[tensor] = { dtype: 'F32', shape, data: changed ? roundedToFloat16(blend) : own };
    }
    models.checkpoints = {
      one: fixtureModel(name),
      two: await writeRenamed(join(folder, 'two.safetensors'), two, (n) => n),
      merged: await writeRenamed(join(folder, 'merged.safetensors'), merged, (n) => n),
    };
  }

  it('merged weights compute the same as a file of merged weights', async () => {
    await files('tiny_sd1', 'cond_stage_model.');
    const c = context();
    const load = (ckpt_name: string) =>
      runNode<[Model, Clip]>('CheckpointLoaderSimple', { ckpt_name }, c);
    const [[one, clip1], [two, clip2], [whole, clip]] = [
      await load('one'),
      await load('two'),
      await load('merged'),
    ];
    const [model] = await runNode<[Model]>(
      'ModelMergeSimple',
      { model1: one, model2: two, ratio: 0.3 },
      c,
    );
    const inputs = (unet: Denoiser) => ({
      x: tensor([1, 4, 8, 8], noise(256, 5, 2)),
      timesteps: Float32Array.of(321),
      context: full([1, 77, unet.contextDim], 0.1),
    });
    const [actual, expected] = [
      await model.denoiser.evaluate(inputs(one.denoiser)),
      await whole.denoiser.evaluate(inputs(one.denoiser)),
    ];
    expect(maxDifference(actual, expected)).toBeLessThan(2e-6);
    expect(
      maxDifference(await one.denoiser.evaluate(inputs(one.denoiser)), expected),
    ).toBeGreaterThan(1e-3);
    const [merged] = await runNode<[Clip]>('CLIPMergeSimple', { clip1, clip2, ratio: 0.3 }, c);
    const text = 'a (red:1.2) fox in the snow';
    expect(
      maxDifference((await merged.encode(text)).cond, (await clip.encode(text)).cond),
    ).toBeLessThan(1e-5);
    expect(
      maxDifference((await clip1.encode(text)).cond, (await clip.encode(text)).cond),
    ).toBeGreaterThan(1e-3);
    // another ratio for a text encoder is another input, not another session
    const before = runtime.openNetworks().length;
    const [again] = await runNode<[Clip]>('CLIPMergeSimple', { clip1, clip2, ratio: 0.9 }, c);
    await again.encode(text);
    expect(runtime.openNetworks().length).toBe(before);
  });

  it('refuses models of two families', async () => {
    const model1 = { family: 'sd1' } as Model;
    await expect(
      (async () => runNode('ModelMergeAdd', { model1, model2: { ...model1, family: 'sdxl' } }))(),
    ).rejects.toMatchObject({
      code: 'DR_INPUT_INVALID',
      input: 'model2',
    });
  });
});
