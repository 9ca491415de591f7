// The calls of makeClip to its encoders, and the combination of their results.
import { describe, expect, it } from 'vitest';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { type ClipFamily, makeClip } from './clip.ts';
import type { EncodeOptions, TextEncoder, TokenSlot } from './text-encoder.ts';

const END = 49407;

interface Call {
  readonly chunks: readonly (readonly TokenSlot[])[];
  readonly options: Pick<EncodeOptions, 'layer' | 'finalNorm' | 'project'>;
}

/**
 * An encoder that records its calls. Hidden states are the token ids (-1 for a vector) in every
 * column, pooled features the index of the chunk.
 */
function fakeEncoder(
  kind: TextEncoder['kind'],
  width = 2,
  layers = 4,
): TextEncoder & { calls: Call[] } {
  const calls: Call[] = [];
  return {
    kind,
    width,
    layers,
    length: 77,
    calls,
    async encode(chunks, options) {
      calls.push({ chunks, options });
      const values = chunks
        .flat()
        .flatMap((slot) => new Array<number>(width).fill(typeof slot === 'number' ? slot : -1));
      return {
        hidden: tensor([chunks.length, 77, width], Float32Array.from(values)),
        pooled: tensor(
          [chunks.length, width],
          Float32Array.from(chunks.flatMap((_, i) => new Array<number>(width).fill(i))),
        ),
      };
    },
  };
}

const LONG = 'very '.repeat(100);

describe('makeClip', () => {
  it('requests the layer and norm of the family from each encoder', async () => {
    const optionsOf = async (family: ClipFamily, stop?: number) => {
      const encoders = (['clip_l', 'clip_g', 'clip_h'] as const).map((kind) => fakeEncoder(kind));
      const clip = makeClip({ family, encoders });
      await (stop === undefined ? clip : clip.withLastLayer(stop)).encode('a');
      return Object.fromEntries(
        encoders
          .filter(({ calls }) => calls.length > 0)
          .map(({ kind, calls }) => [kind, calls[0].options]),
      );
    };
    const last = { layer: 'last', finalNorm: true };
    expect(await optionsOf('sd1')).toEqual({ clip_l: { ...last, project: false } });
    expect(await optionsOf('sd1', -2)).toEqual({
      clip_l: { layer: 2, finalNorm: true, project: false },
    });
    expect(await optionsOf('sd2')).toEqual({
      clip_h: { layer: 2, finalNorm: true, project: true },
    });
    expect(await optionsOf('sdxl-refiner')).toEqual({
      clip_g: { layer: 2, finalNorm: false, project: true },
    });
    const bothEncoders = (output: { layer: number | 'last'; finalNorm: boolean }) => ({
      clip_l: { ...output, project: false },
      clip_g: { ...output, project: true },
    });
    expect(await optionsOf('sdxl')).toEqual(bothEncoders({ layer: 2, finalNorm: false }));
    expect(await optionsOf('sdxl', -1)).toEqual(bothEncoders({ layer: 3, finalNorm: false }));
    expect(await optionsOf('sdxl', -4)).toEqual(bothEncoders({ layer: 0, finalNorm: false }));
    expect(await optionsOf('sdxl', -5)).toEqual(bothEncoders({ layer: 'last', finalNorm: true }));
  });

  it('withLastLayer does not change the original value', async () => {
    const encoder = fakeEncoder('clip_l');
    const clip = makeClip({ family: 'sd1', encoders: [encoder] });
    clip.withLastLayer(-3);
    await clip.encode('a');
    expect(encoder.calls[0].options.layer).toBe('last');
  });

  it('withLastLayer throws for a layer that is not negative', () => {
    const clip = makeClip({ family: 'sd1', encoders: [fakeEncoder('clip_l')] });
    expect(() => clip.withLastLayer(0)).toThrow(
      expect.objectContaining({ code: 'DR_INPUT_INVALID' }),
    );
  });

  it('encodes the empty prompt only if a weight is not 1, and pools the first chunk', async () => {
    const encoder = fakeEncoder('clip_g');
    const clip = makeClip({ family: 'sdxl-refiner', encoders: [encoder] });
    const plain = await clip.encode(LONG);
    const weighted = await clip.encode('(a:0.5)');
    expect(encoder.calls.map(({ chunks }) => chunks.length)).toEqual([2, 2]);
    expect(plain.cond.shape).toEqual([1, 154, 2]);
    expect(weighted.cond.shape).toEqual([1, 77, 2]);
    // z = (320 - 49407) 0.5 + 49407: the empty prompt has its end token there; the padding of
    // CLIP-G is 0
    expect([...weighted.cond.data.slice(0, 8)]).toEqual([
      49406,
      49406,
      24863.5,
      24863.5,
      END,
      END,
      0,
      0,
    ]);
    expect([...weighted.pooled!.data]).toEqual([0, 0]);
    expect(weighted.pooled!.shape).toEqual([1, 2]);
  });

  it('pads the shorter prompt of a pair with empty chunks, L before G', async () => {
    const encoders = [fakeEncoder('clip_g', 3), fakeEncoder('clip_l', 2)];
    const clip = makeClip({ family: 'sdxl', encoders });
    const row = (x: Tensor, t: number) => [...x.data.slice(t * 5, t * 5 + 5)];
    const { cond } = await clip.encodePair(LONG, 'a');
    expect(cond.shape).toEqual([1, 154, 5]);
    expect(row(cond, 1)).toEqual([320, 320, 1070, 1070, 1070]);
    expect(row(cond, 77)).toEqual([49406, 49406, 49406, 49406, 49406]);
    expect(row(cond, 79)).toEqual([END, END, 1070, 1070, 1070]);
    expect((await clip.encodePair('a', LONG)).cond.shape).toEqual([1, 154, 5]);
  });

  it('encodePair throws for a family with one encoder', async () => {
    const refiner = makeClip({ family: 'sdxl-refiner', encoders: [fakeEncoder('clip_g')] });
    await expect(refiner.encodePair('a', 'b')).rejects.toMatchObject({ code: 'DR_INPUT_INVALID' });
  });

  it('drops vectors of another width, pads the end and warns once', async () => {
    const encoder = fakeEncoder('clip_l', 2);
    const wide = tensor([2, 3], new Float32Array(6));
    const warnings: string[] = [];
    const embeddings = async (name: string) =>
      name === 'wide' ? new Map([['emb_params', wide]]) : undefined;
    const clip = makeClip({
      family: 'sd1',
      encoders: [encoder],
      embeddings,
      warn: (message) => warnings.push(message),
    });
    await clip.encode('a embedding:wide a');
    expect(encoder.calls[0].chunks[0].slice(0, 4)).toEqual([49406, 320, 320, END]);
    expect(encoder.calls[0].chunks[0]).toHaveLength(77);
    expect(warnings).toEqual([
      'an embedding of width 3 is left out: the clip_l text encoder has width 2',
    ]);
  });

  it('warns of a missing embedding once for both encoders, by the warn of the call', async () => {
    const clipWarnings: string[] = [];
    const callWarnings: string[] = [];
    const encoders = [fakeEncoder('clip_l'), fakeEncoder('clip_g')];
    const clip = makeClip({
      family: 'sdxl',
      encoders,
      warn: (message) => clipWarnings.push(message),
    });
    await clip.encode('embedding:gone, a', (message) => callWarnings.push(message));
    expect(clipWarnings).toEqual([]);
    expect(callWarnings).toEqual(['embedding:gone does not exist and is left out of the prompt']);
  });

  it('throws for a missing encoder, naming it', () => {
    expect(() => makeClip({ family: 'sdxl', encoders: [fakeEncoder('clip_l')] })).toThrow(
      expect.objectContaining({
        code: 'DR_MODEL_PART_MISSING',
        message: 'the sdxl model has no clip_g text encoder',
      }),
    );
  });
});
