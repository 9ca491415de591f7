// The workflow builder: the graphs that it builds, mistakes that do not compile (`npm run check`
// verifies each ts-expect-error), and the generated file.
import { readFileSync } from 'node:fs';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { NODES } from '../../nodes/index.ts';
import { generateBuilder } from './generate.ts';
import {
  BasicScheduler,
  CheckpointLoaderSimple,
  CLIPTextEncode,
  EmptyLatentImage,
  ImpactCombineConditionings,
  KSampler,
  nodes,
  PreviewImage,
  RandomNoise,
  SaveImage,
  VAEDecode,
} from './nodes.generated.ts';
import { SUMMARIES } from './summaries/index.ts';
import type { Link, Node } from './typed-node.ts';
import { graph } from './workflow-builder.ts';

const { MODEL, CLIP, VAE } = CheckpointLoaderSimple({ ckpt_name: 'x.safetensors' });
const positive = CLIPTextEncode({ text: 'a cat', clip: CLIP });
const negative = CLIPTextEncode({ text: '', clip: CLIP }, { title: 'Negative' });
const latent = EmptyLatentImage({ width: 64, height: 64, batch_size: 1 });
const sampler = KSampler({
  model: MODEL,
  seed: 18446744073709551615n,
  steps: 4,
  cfg: 8,
  sampler_name: 'euler',
  scheduler: 'normal',
  positive: positive.CONDITIONING,
  negative: negative.CONDITIONING,
  latent_image: latent.LATENT,
  denoise: 1,
});
const decoded = VAEDecode({ samples: sampler.LATENT, vae: VAE });
const save = SaveImage({ images: decoded.IMAGE, filename_prefix: 'cat' });

describe('graph', () => {
  it('contains the nodes that an output needs, in the order of execution', () => {
    const built = graph(save);
    const types = Object.entries(built).map(([id, node]) => `${id} ${node.class_type}`);
    expect(types).toEqual([
      '1 CheckpointLoaderSimple',
      '2 CLIPTextEncode',
      '3 CLIPTextEncode',
      '4 EmptyLatentImage',
      '5 KSampler',
      '6 VAEDecode',
      '7 SaveImage',
    ]);
  });

  it('contains links, exact seeds and titles', () => {
    const built = graph(save);
    expect(built['5'].inputs).toMatchObject({
      model: ['1', 0],
      seed: 18446744073709551615n,
      positive: ['2', 0],
      negative: ['3', 0],
    });
    expect(built['6'].inputs).toEqual({ samples: ['5', 0], vae: ['1', 2] });
    expect(built['3']._meta).toEqual({ title: 'Negative' });
    expect(built['2']).not.toHaveProperty('_meta');
  });

  it('contains nodes once that several outputs need, and uses explicit ids', () => {
    const preview = PreviewImage({ images: decoded.IMAGE }, { id: 'preview' });
    const second = SaveImage({ images: decoded.IMAGE, filename_prefix: 'again' }, { id: '2' });
    const built = graph(preview, save, second);
    expect(Object.keys(built).sort()).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', 'preview']);
    expect(built['2'].class_type).toBe('SaveImage');
    expect(built['preview'].inputs).toEqual({ images: ['7', 0] });
  });

  it('rejects two nodes with the same id', () => {
    const preview = PreviewImage({ images: decoded.IMAGE }, { id: 'preview' });
    expect(() =>
      graph(preview, PreviewImage({ images: decoded.IMAGE }, { id: 'preview' })),
    ).toThrow("two nodes of the graph have the id 'preview'");
  });

  it('contains the values of the editor for inputs that were left out', () => {
    const short = KSampler({
      model: MODEL,
      steps: 4,
      cfg: undefined,
      positive: positive.CONDITIONING,
      negative: negative.CONDITIONING,
      latent_image: EmptyLatentImage().LATENT,
    });
    const built = graph(
      SaveImage({ images: VAEDecode({ samples: short.LATENT, vae: VAE }).IMAGE }),
    );
    const inputsOf = (type: string) =>
      Object.values(built).find(({ class_type }) => class_type === type)!.inputs;
    // the defaults in ComfyUI's nodes.py, and the first sampler and scheduler of its lists
    expect(inputsOf('KSampler')).toMatchObject({
      seed: 0,
      steps: 4,
      cfg: 8,
      sampler_name: 'euler',
      scheduler: 'simple',
      denoise: 1,
    });
    expect(inputsOf('EmptyLatentImage')).toEqual({ width: 512, height: 512, batch_size: 1 });
    expect(inputsOf('SaveImage')).toMatchObject({ filename_prefix: 'ComfyUI' });
  });

  it('may use optional inputs, dynamic inputs and types that are not identifiers', () => {
    const mixed = nodes['ConditioningAverage ']({
      conditioning_to: positive.CONDITIONING,
      conditioning_from: negative.CONDITIONING,
      conditioning_to_strength: 0.5,
    });
    const combined = ImpactCombineConditionings({
      conditioning1: mixed.CONDITIONING,
      conditioning2: positive.CONDITIONING,
      conditioning7: undefined,
    });
    expectTypeOf(combined).toEqualTypeOf<Node<{ CONDITIONING: 'CONDITIONING' }>>();
    expectTypeOf(combined.CONDITIONING).toEqualTypeOf<Link<'CONDITIONING'>>();
  });
});

it('every node function is described, by ComfyUI or else by a sentence of our own', () => {
  const all = [...NODES.values()];
  const described = (type: string) => NODES.get(type)?.description !== undefined;
  expect(all.filter(({ type }) => !described(type) && !SUMMARIES[type])).toEqual([]);
  expect(Object.keys(SUMMARIES).filter((type) => !NODES.has(type) || described(type))).toEqual([]);
  const text = generateBuilder(NODES.values());
  expect(text).toContain('/** VAE Encode (model/latent): Encodes an image as a latent. */');
  expect(Object.values(SUMMARIES).filter((sentence) => !/^[A-Za-z].*\.$/.test(sentence))).toEqual(
    [],
  );
});

it('mistakes do not compile', () => {
  const good = {
    model: MODEL,
    seed: 1,
    steps: 4,
    cfg: 8,
    sampler_name: 'euler',
    scheduler: 'normal',
    positive: positive.CONDITIONING,
    negative: negative.CONDITIONING,
    latent_image: latent.LATENT,
    denoise: 1,
  } as const;
  KSampler(good);
  // @ts-expect-error a CLIP is not a MODEL
  KSampler({ ...good, model: CLIP });
  // @ts-expect-error a node is not a link
  KSampler({ ...good, latent_image: latent });
  // @ts-expect-error no such sampler
  KSampler({ ...good, sampler_name: 'eulr' });
  // @ts-expect-error a text is not a number
  KSampler({ ...good, steps: '4' });
  // @ts-expect-error no such input
  KSampler({ ...good, step: 4 });
  const { latent_image: _, ...less } = good;
  // @ts-expect-error latent_image is missing, and has no default
  KSampler(less);
  // @ts-expect-error a text has no default
  CLIPTextEncode({ clip: CLIP });
  // @ts-expect-error no such output
  KSampler(good).IMAGE;
  // @ts-expect-error a socket does not accept a value
  VAEDecode({ samples: 'latent', vae: VAE });
  // @ts-expect-error a KSampler is not an output node
  graph(sampler);
  ImpactCombineConditionings({
    conditioning1: positive.CONDITIONING,
    // @ts-expect-error no such dynamic input
    other: positive.CONDITIONING,
  });
  ImpactCombineConditionings({
    conditioning1: positive.CONDITIONING,
    // @ts-expect-error the type is wrong
    conditioning2: latent.LATENT,
  });
  // @ts-expect-error no input of this name
  RandomNoise({ seed: 1 });
  VAEDecode({
    // @ts-expect-error SIGMAS are not a LATENT
    samples: BasicScheduler({ model: MODEL, scheduler: 'normal', steps: 4, denoise: 1 }).SIGMAS,
    vae: VAE,
  });
  // @ts-expect-error no such node
  nodes['KSamplr'];
});

it('links of unknown type fit every input, and other links only their own type', () => {
  expectTypeOf<Link<never>>().toExtend<Link<'MODEL'>>();
  expectTypeOf<Link<'MODEL'>>().toExtend<Link>();
  expectTypeOf<Link<'INT'>>().toExtend<Link<'INT' | 'FLOAT'>>();
  expectTypeOf<Link<'MODEL'>>().not.toExtend<Link<'CLIP'>>();
});

it('nodes.generated.ts agrees with the declarations; if not, run `npm run builder`', () => {
  const file = readFileSync(new URL('./nodes.generated.ts', import.meta.url), 'utf8');
  expect(file === generateBuilder(NODES.values())).toBe(true);
});
