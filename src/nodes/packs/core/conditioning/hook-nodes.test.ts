// Graphs with hooks against ComfyUI's own run of them (golden: make.py of test/golden/hooks).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noise, seededTensors, tensorsOf } from '../../../../../test/support/files/rewrite.ts';
import { expectGolden, fixtureModel, golden } from '../../../../../test/support/golden.ts';
import { fixtureFolders, runNode, testContext } from '../../../../../test/support/run-node.ts';
import { writeSafetensors } from '../../../../formats/safetensors/safetensors-write.ts';
import type { Clip, EncodedPrompt } from '../../../../models/clip/clip.ts';
import type { HookGroup, HookWeights } from '../../../../models/hooks/hooks.ts';
import type { Keyframes } from '../../../../models/hooks/keyframes.ts';
import { createModelRuntime } from '../../../../models/model-runtime.ts';
import type { Conditioning, Latent } from '../../../../sampling/sampling-types.ts';
import type { Tensor } from '../../../../tensor/tensor.ts';
import { NODES } from '../../../index.ts';

const g = golden('hooks', 'graphs');
const [filesCase, ...cases] = g.cases;
const root = mkdtempSync(join(tmpdir(), 'darkroom-hooks-'));
afterAll(() => rmSync(root, { recursive: true }));

const fixtures = fixtureFolders({
  checkpoints: ['tiny_sd1', 'tiny_sdxl_base'],
  loras: ['tiny_lora_sd1', 'tiny_lora_sdxl'],
  controlnet: ['tiny_controlnet_sdxl'],
});
const own = (name: string) => ({ [name]: join(root, name) });
const folders = {
  ...fixtures,
  checkpoints: { ...fixtures.checkpoints, ...own('other.safetensors') },
  loras: {
    ...fixtures.loras,
    ...own('low.safetensors'),
    ...own('full.safetensors'),
    ...own('foreign.safetensors'),
  },
};
// ComfyUI computed the goldens with --fp32-text-enc
const context = {
  ...testContext(folders),
  runtime: createModelRuntime({ threads: 1, textEncoders: 'fp32' }),
};
afterAll(() => context.runtime.close());

interface GoldenFiles {
  readonly files: Readonly<Record<string, Parameters<typeof seededTensors>[0]>>;
  readonly other: number;
}

beforeAll(async () => {
  const { files, other } = filesCase.params as GoldenFiles;
  for (const [name, specs] of Object.entries(files))
    await writeSafetensors(join(root, name), seededTensors(specs));
  const factor = { dtype: 'F32', shape: [2, 2], data: new Float32Array(4) } as const;
  await writeSafetensors(join(root, 'foreign.safetensors'), {
    'lora_unet_block.lora_up.weight': factor,
    'lora_unet_block.lora_down.weight': factor,
  });
  const tensors = await tensorsOf(fixtureModel('tiny_sd1'));
  const changed = Object.keys(tensors)
    .sort()
    .map((name, i) => {
      const { dtype, shape, data } = tensors[name];
      if (dtype !== 'F32') return [name, tensors[name]] as const;
      const values = new Float32Array(Uint8Array.from(data as Uint8Array).buffer);
      const added = noise(values.length, i + 1, other);
      return [name, { dtype, shape, data: values.map((v, k) => v + added[k]) }] as const;
    });
  await writeSafetensors(join(root, 'other.safetensors'), Object.fromEntries(changed));
});

type Graph = Readonly<
  Record<
    string,
    { readonly class_type: string; readonly inputs: Readonly<Record<string, unknown>> }
  >
>;

const PHOTO = 'a photo of a red fox in the snow, golden hour';
const LOADERS = ['CheckpointLoaderSimple', 'ControlNetLoader'];
const loaded = new Map<string, Promise<readonly unknown[]>>();

/** Returns the outputs of the node `out` of a graph in the API format. */
async function runGraph(graph: Graph, at = context): Promise<readonly unknown[]> {
  const results = new Map<string, Promise<readonly unknown[]>>();
  const resolve = async (value: unknown): Promise<unknown> =>
    Array.isArray(value) && typeof value[0] === 'string'
      ? (await resultsOf(value[0]))[value[1]]
      : value;
  const run = async (id: string): Promise<readonly unknown[]> => {
    const { class_type, inputs } = graph[id];
    const values: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(inputs)) {
      const input = NODES.get(class_type)!.inputs[name];
      const isWide = input?.kind === 'INT' && input.wide;
      values[name] = isWide ? BigInt(value as number) : await resolve(value);
    }
    if (!LOADERS.includes(class_type) || at !== context) return runNode(class_type, values, at);
    const key = class_type + JSON.stringify(inputs);
    loaded.set(key, loaded.get(key) ?? runNode(class_type, values, context));
    return loaded.get(key)!;
  };
  const resultsOf = (id: string): Promise<readonly unknown[]> => {
    results.set(id, results.get(id) ?? run(id));
    return results.get(id)!;
  };
  return resultsOf('out');
}

/** Names in ids are those of the goldens' makers. */
const graphOf = (id: string): Graph => cases.find((one) => one.id === id)!.params.graph;

describe.each([
  ['graphs', cases],
  ['packs', golden('hooks', 'packs').cases.slice(1)],
])('hooks/%s', (group, all) => {
  const own = golden('hooks', group);
  it.each(all)('$id', async ({ id, params, outputs }) => {
    const [result] = (await runGraph(params.graph)) as readonly [Latent | Tensor];
    expectGolden(own, id, outputs.samples, 'samples' in result ? result.samples : result);
  });
});

describe('keyframes', () => {
  const all = golden('hooks', 'keyframes').cases.filter(({ params }) => params.node);

  it.each(all)('$id', async ({ params, scalars }) => {
    const [keyframes] = await runNode<readonly [Keyframes]>(params.node, params.values);
    expect(keyframes.length).toBe(scalars!.values.length);
    for (const [i, [strength, start, guaranteed]] of scalars!.values.entries()) {
      expect(keyframes[i].strength).toBeCloseTo(strength, 6);
      expect([keyframes[i].startPercent, keyframes[i].guaranteeSteps]).toEqual([start, guaranteed]);
    }
  });

  it('are added to those before them, and to all hooks of a group', async () => {
    const after = { strength_mult: 0.5, start_percent: 0.4 };
    const [late] = await runNode<readonly [Keyframes]>('CreateHookKeyframe', after);
    const before = { strength_mult: 2, start_percent: 0.1, prev_hook_kf: late };
    const [hook_kf] = await runNode<readonly [Keyframes]>('CreateHookKeyframe', before);
    expect(hook_kf.map(({ strength }) => strength)).toEqual([2, 0.5]);
    const hooks = [{ weights: {} }, { weights: {} }];
    const [set] = await runNode<readonly [HookGroup]>('SetHookKeyframes', { hooks, hook_kf });
    expect(set[0].keyframes).toEqual(hook_kf);
    expect(set[1].keyframes).toBe(set[0].keyframes);
    expect(await runNode('SetHookKeyframes', { hooks })).toEqual([hooks]);
  });
});

describe('groups of hooks', () => {
  const group = (...names: string[]): HookGroup =>
    names.map((name) => ({ weights: named(name), keyframes: [] }));
  const created = new Map<string, HookWeights>();
  const named = (name: string): HookWeights => {
    const weights = created.get(name) ?? ({ name } as HookWeights);
    created.set(name, weights);
    return weights;
  };
  const namesOf = ([hooks]: readonly [HookGroup]) => hooks.map(({ weights }) => weights.name);

  it('have each hook once', async () => {
    const inputs = { hooks_A: group('a', 'b'), hooks_C: group('b', 'c'), hooks_D: undefined };
    expect(namesOf(await runNode('CombineHooks4', inputs))).toEqual(['a', 'b', 'c']);
  });

  it('are returned as they are if there is only one, or none', async () => {
    const hooks_H = group('a');
    const [same] = await runNode<readonly [HookGroup]>('CombineHooks8', { hooks_H });
    expect(same).toBe(hooks_H);
    expect(await runNode('CombineHooks2', {})).toEqual([undefined]);
  });

  it('do not get a LoRA whose strengths are 0', async () => {
    const prev_hooks = group('a');
    const inputs = { lora_name: 'missing.safetensors', strength_model: 0, prev_hooks };
    expect(await runNode('CreateHookLoraModelOnly', inputs)).toEqual([prev_hooks]);
  });
});

describe('sessions', () => {
  const openUNets = (at: typeof context) =>
    at.runtime.openNetworks().filter((key) => key.includes('unet'));

  async function withRuntime(check: (at: typeof context) => Promise<void>): Promise<void> {
    const runtime = createModelRuntime({ threads: 1, textEncoders: 'fp32' });
    await check({ ...context, runtime }).finally(() => runtime.close());
  }

  it('one serves all hooks of low rank, and conditions without hooks, at any strength', () =>
    withRuntime(async (at) => {
      for (const id of ['two regions', 'default']) {
        await runGraph(graphOf(id), at);
        expect(openUNets(at).length, id).toBe(id === 'default' ? 2 : 1);
      }
      await runGraph(graphOf('keyframes from 0 to 1'), at);
      expect(openUNets(at).length).toBe(2);
    }));

  it('changes of full rank have a session for each strength', () =>
    withRuntime(async (at) => {
      await runGraph(graphOf('keyframes of full rank'), at);
      expect(openUNets(at).length).toBe(2);
    }));
});

describe('hooks that do not fit', () => {
  /** Samples one step with a hook on the positive side, which is a default conditioning if so. */
  async function sampled(type: string, inputs: object, area?: object): Promise<unknown> {
    const cond = area
      ? { class_type: 'ConditioningSetArea', inputs: { conditioning: ['2', 0], ...area } }
      : { class_type: 'ConditioningZeroOut', inputs: { conditioning: ['2', 0] } };
    const graph: Graph = {
      1: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'tiny_sd1.safetensors' } },
      2: { class_type: 'CLIPTextEncode', inputs: { text: PHOTO, clip: ['1', 1] } },
      3: { class_type: type, inputs: { strength_model: 1, ...inputs } },
      4: cond,
      5: {
        class_type: 'ConditioningSetDefaultCombine',
        inputs: { cond: ['6', 0], cond_DEFAULT: ['4', 0], hooks: ['3', 0] },
      },
      6: {
        class_type: 'ConditioningSetTimestepRange',
        inputs: { conditioning: ['2', 0], start: 0.9, end: 1 },
      },
      7: { class_type: 'EmptyLatentImage', inputs: { width: 64, height: 64, batch_size: 1 } },
      out: {
        class_type: 'KSampler',
        inputs: {
          ...{ model: ['1', 0], positive: ['5', 0], negative: ['2', 0], latent_image: ['7', 0] },
          ...{ seed: 1, steps: 1, cfg: 1, denoise: 1 },
          ...{ sampler_name: 'euler', scheduler: 'normal' },
        },
      },
    };
    return runGraph(graph);
  }

  it('a LoRA that matches no weight is a warning', async () => {
    await sampled('CreateHookLoraModelOnly', { lora_name: 'foreign.safetensors' });
    expect(context.warnings).toContainEqual(
      expect.stringMatching(/^foreign\.safetensors: its hook changes nothing/),
    );
  });

  it('a checkpoint of another family is an error', async () => {
    const hook = sampled('CreateHookModelAsLoraModelOnly', {
      ckpt_name: 'tiny_sdxl_base.safetensors',
    });
    await expect(hook).rejects.toMatchObject({
      code: 'DR_INPUT_INVALID',
      input: 'ckpt_name',
      message: expect.stringContaining('tiny_sdxl_base.safetensors'),
    });
  });

  it('a default conditioning with an area is an error', async () => {
    const area = { width: 64, height: 32, x: 0, y: 0, strength: 1 };
    const lora = { lora_name: 'low.safetensors' };
    await expect(sampled('CreateHookLoraModelOnly', lora, area)).rejects.toMatchObject({
      code: 'DR_INPUT_INVALID',
      message: expect.stringContaining('default conditioning'),
    });
  });

  it('a checkpoint without text encoders is an error for a CLIP', async () => {
    const source = { unet: {}, encoders: [] };
    const weights = { name: 'unet.safetensors', strengths: { unet: 1, clip: 1 }, source };
    const hooks = [{ weights, keyframes: [] }];
    const set = runNode('SetClipHooks', { clip: {}, hooks, apply_to_conds: true });
    await expect(set).rejects.toMatchObject({ code: 'DR_MODEL_PART_MISSING' });
  });
});

it('all encodings of a CLIP use its hooks', async () => {
  const checkpoint = { ckpt_name: 'tiny_sdxl_base.safetensors' };
  const [, clip] = await runNode<readonly [unknown, Clip]>(
    'CheckpointLoaderSimple',
    checkpoint,
    context,
  );
  const lora = { lora_name: 'tiny_lora_sdxl.safetensors', strength_model: 1, strength_clip: 0.5 };
  const [hooks] = await runNode<readonly [HookGroup]>('CreateHookLora', lora, context);
  const options = { clip, hooks, apply_to_conds: true, schedule_clip: false };
  const [hooked] = await runNode<readonly [Clip]>('SetClipHooks', options, context);
  const [, changed] = await runNode<readonly [unknown, Clip]>(
    'LoraLoader',
    { model: { denoiser: {} }, clip, ...lora, strength_model: 0 },
    context,
  );
  const encodings: readonly ((one: Clip) => Promise<EncodedPrompt>)[] = [
    (one) => one.encode(PHOTO),
    (one) => one.encodePair(PHOTO, 'a fox'),
    (one) => one.encodeChanged(PHOTO, (chunk) => chunk.toReversed()),
    (one) => one.withLastLayer(-1).encode(PHOTO),
    (one) => one.withEncoders(one.encoders).encode(PHOTO),
  ];
  for (const encode of encodings) expect(await encode(hooked)).toEqual(await encode(changed));
});

it('rounds text encoders to float16 before and after hooks, as ComfyUI by default', async () => {
  const at = { ...context, runtime: createModelRuntime({ threads: 1 }) };
  const lora = { lora_name: 'low.safetensors', strength_model: 0.5, strength_clip: 0.5 };
  const hook = { lora_name: 'tiny_lora_sd1.safetensors', strength_model: 1, strength_clip: -0.7 };
  const graph: Graph = {
    1: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'tiny_sd1.safetensors' } },
    2: { class_type: 'LoraLoader', inputs: { model: ['1', 0], clip: ['1', 1], ...lora } },
    3: { class_type: 'CreateHookLora', inputs: hook },
    4: {
      class_type: 'SetClipHooks',
      inputs: { clip: ['2', 1], hooks: ['3', 0], apply_to_conds: false, schedule_clip: false },
    },
    out: { class_type: 'CLIPTextEncode', inputs: { text: PHOTO, clip: ['4', 0] } },
  };
  const [[{ cond, hooks }]] = (await runGraph(graph, at)) as readonly [Conditioning];
  await at.runtime.close();
  expect(hooks).toBeUndefined();
  // main.py --cpu: this graph -> cond[0, 5, :6]
  const expected = [1.22120976, 1.12257957, 1.21786106, 0.3324855, 0.35437191, -0.369046];
  for (const [i, v] of expected.entries())
    expect(Math.abs(cond.data[5 * 128 + i] - v)).toBeLessThan(2e-6);
});
