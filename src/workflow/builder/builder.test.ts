// The typed builder: the graphs it makes; what does not compile (`npm run check` proves each
// ts-expect-error); the generated file.
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
const picture = VAEDecode({ samples: sampler.LATENT, vae: VAE });
const save = SaveImage({ images: picture.IMAGE, filename_prefix: 'cat' });

describe('graph', () => {
  it('holds what stands behind the outputs, in the order of execution', () => {
    const made = graph(save);
    expect(Object.entries(made).map(([id, node]) => [id, node.class_type])).toEqual([
      ['1', 'CheckpointLoaderSimple'],
      ['2', 'CLIPTextEncode'],
      ['3', 'CLIPTextEncode'],
      ['4', 'EmptyLatentImage'],
      ['5', 'KSampler'],
      ['6', 'VAEDecode'],
      ['7', 'SaveImage'],
    ]);
    expect(made['5'].inputs).toMatchObject({
      model: ['1', 0],
      seed: 18446744073709551615n,
      positive: ['2', 0],
      negative: ['3', 0],
    });
    expect(made['6'].inputs).toEqual({ samples: ['5', 0], vae: ['1', 2] });
    expect(made['3']._meta).toEqual({ title: 'Negative' });
    expect(made['2']).not.toHaveProperty('_meta');
  });

  it('two outputs share what stands behind both; ids as given', () => {
    const preview = PreviewImage({ images: picture.IMAGE }, { id: 'preview' });
    const second = SaveImage({ images: picture.IMAGE, filename_prefix: 'again' }, { id: '2' });
    const made = graph(preview, save, second);
    expect(Object.keys(made).sort()).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', 'preview']);
    expect(made['2'].class_type).toBe('SaveImage');
    expect(made['preview'].inputs).toEqual({ images: ['7', 0] });
    expect(() =>
      graph(preview, PreviewImage({ images: picture.IMAGE }, { id: 'preview' })),
    ).toThrow("two nodes of the graph have the id 'preview'");
  });

  it('optional inputs, further inputs, names that are no identifiers', () => {
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

it('what is wrong does not compile', () => {
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
  // @ts-expect-error a CLIP is no MODEL
  KSampler({ ...good, model: CLIP });
  // @ts-expect-error a node is no link
  KSampler({ ...good, latent_image: latent });
  // @ts-expect-error no such sampler
  KSampler({ ...good, sampler_name: 'eulr' });
  // @ts-expect-error a text is no number
  KSampler({ ...good, steps: '4' });
  // @ts-expect-error no such input
  KSampler({ ...good, step: 4 });
  const { denoise: _, ...less } = good;
  // @ts-expect-error denoise is missing
  KSampler(less);
  // @ts-expect-error no such output
  KSampler(good).IMAGE;
  // @ts-expect-error a socket takes no value
  VAEDecode({ samples: 'latent', vae: VAE });
  // @ts-expect-error nothing is saved by a KSampler
  graph(sampler);
  ImpactCombineConditionings({
    conditioning1: positive.CONDITIONING,
    // @ts-expect-error no such further input
    other: positive.CONDITIONING,
  });
  ImpactCombineConditionings({
    conditioning1: positive.CONDITIONING,
    // @ts-expect-error of the wrong type
    conditioning2: latent.LATENT,
  });
  // @ts-expect-error it has no inputs of that name
  RandomNoise({ seed: 1 });
  VAEDecode({
    // @ts-expect-error SIGMAS are not a LATENT
    samples: BasicScheduler({ model: MODEL, scheduler: 'normal', steps: 4, denoise: 1 }).SIGMAS,
    vae: VAE,
  });
  // @ts-expect-error no such node
  nodes['KSamplr'];
});

it('links that fit everything, and inputs that take anything', () => {
  expectTypeOf<Link<never>>().toExtend<Link<'MODEL'>>();
  expectTypeOf<Link<'MODEL'>>().toExtend<Link>();
  expectTypeOf<Link<'INT'>>().toExtend<Link<'INT' | 'FLOAT'>>();
  expectTypeOf<Link<'MODEL'>>().not.toExtend<Link<'CLIP'>>();
});

it('nodes.generated.ts is what the declarations say; if not, run `npm run builder`', () => {
  const file = readFileSync(new URL('./nodes.generated.ts', import.meta.url), 'utf8');
  expect(file === generateBuilder(NODES.values())).toBe(true);
});
