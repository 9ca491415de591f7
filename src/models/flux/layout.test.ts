// diffusers' layout: names as ComfyUI translates them, and files that are not complete.
import { expect, it } from 'vitest';
import { golden } from '../../../test/support/golden.ts';
import type { TensorInfo } from '../../formats/tensor-file.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import type { Weights } from '../weights/tensors.ts';
import { fluxFromDiffusers, fluxTensors } from './layout.ts';
import { createFlux } from './network.ts';

const HIDDEN = 64;

/** A tensor of so many rows of one byte each, at an offset that identifies it. */
const stored = (rows: number, offset: number): TensorInfo => ({
  dtype: 'F8_E4M3',
  shape: [rows],
  offset,
  byteLength: rows,
});

type Target = string | readonly [name: string, slice: readonly number[] | null, change?: string];

it('translates names as ComfyUI does', () => {
  const { scalars } = golden('weights', 'lora_keys').cases.find(
    ({ id }) => id === 'diffusers_flux',
  )!;
  const keys: readonly (readonly [string, Target])[] = Object.entries<Target>(scalars!.keys)
    // a ControlNet's; the others are further names of layers that are here
    .filter(
      ([name]) =>
        !/^controlnet_x_embedder|\.ff(_context)?\.linear_|attn\.to_(qkv_mlp|out\.w)/.test(name) ||
        name.startsWith('transformer_blocks.0.attn.to_out'),
    );
  const rowsOf = (target: Target): number =>
    typeof target === 'string' ? HIDDEN : (target[1]?.[2] ?? 2 * HIDDEN);
  const tensors = new Map(
    keys.map(([name, target], i) => [name, stored(rowsOf(target), 1000 * (i + 1))]),
  );
  const found = fluxFromDiffusers(tensors);
  for (const [name, target] of keys) {
    const { offset } = tensors.get(name)!;
    const [to, slice, change] = typeof target === 'string' ? [target, null] : target;
    const info = found.get(to)!;
    if (!slice && !change) expect(info, name).toEqual(tensors.get(name));
    if (change)
      expect(info.parts, name).toMatchObject([
        { offset: offset + HIDDEN, shape: [HIDDEN] },
        { offset, shape: [HIDDEN] },
      ]);
    if (!slice) continue;
    const part = info.parts!.findIndex((one) => one.offset === offset);
    const before = info.parts!.slice(0, part).reduce((sum, { shape: [rows] }) => sum + rows, 0);
    expect([0, before, info.parts![part].shape[0]], name).toEqual(slice);
  }
  expect(new Set(found.keys())).toEqual(
    new Set(keys.map(([, to]) => (typeof to === 'string' ? to : to[0]))),
  );
});

it('reads the further names of the same layers', () => {
  const names = {
    'transformer_blocks.1.ff.linear_in.weight': 'double_blocks.1.img_mlp.0.weight',
    'transformer_blocks.1.ff_context.linear_out.bias': 'double_blocks.1.txt_mlp.2.bias',
    'single_transformer_blocks.2.attn.to_qkv_mlp_proj.weight': 'single_blocks.2.linear1.weight',
    'single_transformer_blocks.2.attn.to_out.weight': 'single_blocks.2.linear2.weight',
    'transformer_blocks.1.unknown.weight': 'transformer_blocks.1.unknown.weight',
  };
  const found = fluxFromDiffusers(new Map(Object.keys(names).map((name) => [name, stored(1, 0)])));
  expect([...found.keys()]).toEqual(Object.values(names));
});

it('names the scales of norms as other weights', () => {
  const names = {
    'double_blocks.0.img_attn.norm.key_norm.scale': 'double_blocks.0.img_attn.norm.key_norm.weight',
    'distilled_guidance_layer.norms.3.scale': 'distilled_guidance_layer.norms.3.weight',
    'img_in.weight': 'img_in.weight',
    'img_in.weight_scale': 'img_in.weight_scale',
  };
  const found = fluxTensors(new Map(Object.keys(names).map((name) => [name, stored(1, 0)])));
  expect([...found.keys()]).toEqual(Object.values(names));
});

/** The weights of a network with these shapes. */
const shaped = (shapes: Readonly<Record<string, readonly number[]>>): Weights =>
  ({
    file: 'model.safetensors',
    names: () => Object.keys(shapes),
    has: (name: string) => name in shapes,
    hasPrefix: (prefix: string) => Object.keys(shapes).some((name) => name.startsWith(prefix)),
    shape: (name: string) => shapes[name],
  }) as Partial<Weights> as Weights;

const SHAPES = {
  'img_in.weight': [256, 64],
  'txt_in.weight': [256, 4096],
  'final_layer.linear.weight': [64, 256],
  'double_blocks.0.img_attn.norm.query_norm.weight': [128],
  'double_blocks.0.img_attn.qkv.weight': [768, 256],
  'double_blocks.0.txt_attn.qkv.weight': [768, 256],
  'double_blocks.0.img_mlp.0.weight': [1024, 256],
  'double_blocks.0.txt_mlp.0.weight': [1024, 256],
  'single_blocks.0.linear1.weight': [1792, 256],
};

it('refuses networks that are not FLUX in one sentence', () => {
  const runtime = createRuntime();
  const create = (changed: object) => () => createFlux(runtime, shaped({ ...SHAPES, ...changed }));
  expect(create({})().contextDim).toBe(4096);
  expect(create({ 'double_blocks.0.txt_attn.qkv.weight': [512, 256] })).toThrow(
    'model.safetensors has double_blocks.0.txt_attn.qkv.weight of shape [512,256], where FLUX has [768,256]',
  );
  expect(create({ 'single_blocks.0.linear1.weight': [2816, 256] })).toThrow(
    'model.safetensors has single_blocks.0.linear1.weight of shape [2816,256]',
  );
  expect(create({ 'double_blocks.0.img_attn.norm.query_norm.weight': [64] })).toThrow(
    'model.safetensors has attention heads of width 64, where FLUX has 128',
  );
});
