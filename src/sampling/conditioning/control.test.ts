// Which ControlNets act on which prompts, in which part of the schedule, and on which image of a
// batch.
import { describe, expect, it } from 'vitest';
import type { ControlNet, ControlNetInputs } from '../../models/controlnet/controlnet.ts';
import type { Denoiser } from '../../models/denoiser.ts';
import type { Autoencoder } from '../../models/vae/autoencoder.ts';
import { full, map, type Tensor, tensor, zeros } from '../../tensor/tensor.ts';
import { discreteSampling } from '../model/model-sampling.ts';
import type { Control } from '../sampling-types.ts';
import { controlResiduals, uniformResiduals } from './control.ts';
import { maskedHint } from './masked-hint.ts';
import { shareControl } from './share.ts';

const sampling = discreteSampling();

/** A network whose residuals are its strength, and which records its inputs. */
function fakeNet(): ControlNet & { readonly calls: ControlNetInputs[]; hints: number } {
  const calls: ControlNetInputs[] = [];
  return {
    file: 'fake',
    fits: () => true,
    factor: 8,
    calls,
    hints: 0,
    prepareHint(pixels) {
      this.hints += 1;
      const [n, , h, w] = pixels.shape;
      return Promise.resolve([
        tensor(
          [n, 1, h / 8, w / 8],
          Float32Array.from({ length: (n * h * w) / 64 }, (_, i) => Math.floor((i * 64) / (h * w))),
        ),
      ]);
    },
    evaluate(inputs) {
      calls.push(inputs);
      return Promise.resolve({
        output: [full([1, 1, 1, 1], inputs.strength), null],
        middle: full([1, 2, 2, 2], inputs.strength),
      });
    },
  };
}

const controlOf = (net: ControlNet, values: Partial<Control> = {}): Control => ({
  net,
  hint: full([1, 20, 30, 3], 0.5),
  strength: 1,
  startPercent: 0,
  endPercent: 1,
  ...values,
});
const evaluationAt = (sigma: number, conditions: number, batch: number) => ({
  x: zeros([conditions * batch, 4, 2, 2]),
  timesteps: new Float32Array(conditions * batch),
  context: zeros([conditions * batch, 1, 4]),
  sigma,
  sampling,
  unet: {} as Denoiser,
  conditions,
});

it('acts between its percents only, and adds to earlier networks of its chain', async () => {
  const net = fakeNet();
  const first = controlOf(net, { strength: 0.25, startPercent: 0.5 });
  const control = controlOf(net, { strength: 2, endPercent: 0.7, previous: first });
  const middleAt = async (percent: number) =>
    (await controlResiduals(control, evaluationAt(sampling.percentToSigma(percent), 1, 1)))?.middle
      ?.data[0];
  expect(await middleAt(0.3)).toBe(2);
  expect(await middleAt(0.6)).toBe(2.25);
  expect(await middleAt(0.8)).toBe(0.25);
  expect(await controlResiduals(first, evaluationAt(14, 1, 1))).toBeUndefined();
});

it('prepares a hint once for each size', async () => {
  const net = fakeNet();
  const control = controlOf(net);
  for (let i = 0; i < 3; i++) await controlResiduals(control, evaluationAt(1, 2, 1));
  await controlResiduals(
    controlOf(net, { hint: control.hint, strength: 0.5 }),
    evaluationAt(1, 1, 1),
  );
  expect(net.hints).toBe(1);
  await controlResiduals(control, { ...evaluationAt(1, 1, 1), x: zeros([1, 4, 3, 2]) });
  expect(net.hints).toBe(2);
});

describe('hints of a batch', () => {
  const rows = async (hints: number, conditions: number, batch: number): Promise<number[]> => {
    const net = fakeNet();
    await controlResiduals(
      controlOf(net, { hint: full([hints, 16, 16, 3], 0) }),
      evaluationAt(1, conditions, batch),
    );
    return Array.from(net.calls[0].hint[0].data).filter((_, i) => i % 4 === 0);
  };
  it('a single hint serves all rows', async () => {
    expect(await rows(1, 2, 3)).toEqual([0]);
  });

  it('fewer hints are repeated through the batch of each condition', async () => {
    expect(await rows(2, 2, 3)).toEqual([0, 1, 0, 0, 1, 0]);
  });

  it('more hints are cut to the batch', async () => {
    expect(await rows(5, 2, 2)).toEqual([0, 1, 0, 1]);
  });

  it('as many hints as rows are one for each', async () => {
    expect(await rows(2, 2, 1)).toEqual([0, 1]);
  });
});

it('adds planes and single values of stacked networks', async () => {
  const net = fakeNet();
  const planes: ControlNet = {
    ...net,
    evaluate: async () => ({
      output: [tensor([1, 1, 1, 2], Float32Array.of(1, 2)), full([1, 1, 1, 1], 3)],
      middle: null,
    }),
  };
  const control = controlOf(net, { strength: 0.5, previous: controlOf(planes) });
  const { output, middle } = (await controlResiduals(control, evaluationAt(1, 1, 1)))!;
  expect(output.map((value) => value && Array.from(value.data))).toEqual([[1.5, 2.5], [3]]);
  expect(middle?.data[0]).toBe(0.5);
});

it('shares networks of positive prompts with negative ones that have no area or network', () => {
  const [a, b] = [controlOf(fakeNet()), controlOf(fakeNet())];
  const area = [1, 1, 0, 0];
  const positive = [
    { control: a, controlsNegatives: true },
    { control: b, controlsNegatives: true },
    { control: a, controlsNegatives: false },
    { control: a, controlsNegatives: true, area },
  ];
  expect(shareControl(positive, [{}, { area }, {}])).toEqual([
    { control: a },
    { area },
    { control: b },
  ]);
  expect(shareControl(positive, [{}])).toEqual([{ control: b }]);
  expect(shareControl(positive, [{ area }])).toEqual([{ area }]);
  expect(shareControl(positive, [{ control: b }, {}])).toEqual([{ control: b }, {}]);
});

const adapter = (value: number): ControlNet => ({
  ...fakeNet(),
  adapter: true,
  evaluate: () =>
    Promise.resolve({ input: [null, full([1, 1, 1, 1], value)], output: [], middle: null }),
});

it('adds up the input residuals of adapters', async () => {
  const net = controlOf(fakeNet(), { strength: 2 });
  const both = controlOf(adapter(3), { previous: controlOf(adapter(4), { previous: net }) });
  const sum = (await controlResiduals(both, evaluationAt(1, 1, 1)))!;
  expect(sum.input!.map((one) => one?.data[0] ?? null)).toEqual([null, 7]);
  expect(sum.output[0]!.data[0]).toBe(2);
  expect(sum.middle!.data[0]).toBe(2);
});

it('completes the residuals of all evaluations of a run to one form', async () => {
  const net = controlOf(fakeNet(), { strength: 2 });
  const both = controlOf(adapter(3), { previous: controlOf(adapter(4), { previous: net }) });
  expect(uniformResiduals([undefined, undefined])(undefined)).toBeUndefined();
  expect(uniformResiduals([net, undefined])(undefined)).toEqual({ output: [], middle: null });
  const own = await controlResiduals(net, evaluationAt(1, 1, 1));
  expect(uniformResiduals([net, both])(own)).toEqual({ ...own, input: [] });
});

it('rounds the sides of a hint up, and evaluates the network based on the model', async () => {
  const net = fakeNet();
  const bases: Denoiser[] = [];
  const sizes: number[] = [];
  const lora: ControlNet = {
    ...net,
    multiple: 16,
    prepareHint: (pixels) => {
      sizes.push(...pixels.shape.slice(2));
      return net.prepareHint(pixels);
    },
    evaluate: () => Promise.reject(new Error('not based on a model')),
    withBase: (unet) => {
      bases.push(unet);
      return net;
    },
  };
  const odd = { ...evaluationAt(1, 1, 1), x: zeros([1, 4, 3, 5]) };
  await controlResiduals(controlOf(lora), odd);
  expect(sizes).toEqual([32, 48]);
  expect(bases).toEqual([odd.unet]);
});

describe('hints that are latents', () => {
  const latentNet = (hasMask: boolean) => {
    const hints: Tensor[] = [];
    const net: ControlNet = {
      ...fakeNet(),
      factor: 1,
      latentHint: { pixels: (hint) => map(hint, (v) => 1 - v), scale: 2, shift: 0.5, hasMask },
      prepareHint: async (latents) => {
        hints.push(latents);
        return [latents];
      },
    };
    return { net, hints };
  };
  /** Its latents have the size that is required, and the value of the first pixel. */
  const vaeOf = (channels: number): Autoencoder & { images: Tensor[] } => {
    const images: Tensor[] = [];
    return {
      kind: 'kl',
      latentChannels: channels,
      factor: 8,
      images,
      encode: async (image) => {
        images.push(image);
        const [n, height, width] = image.shape;
        return full([n, channels, height / 8, width / 8], image.data[0]);
      },
      decode: () => Promise.reject(new Error('not used')),
    };
  };

  it('pass through the VAE once, into the units of the network', async () => {
    const { net, hints } = latentNet(false);
    const vae = vaeOf(16);
    const control = controlOf(net, { hint: full([1, 20, 30, 4], 0.25), vae });
    await controlResiduals(control, evaluationAt(5, 1, 1));
    await controlResiduals(control, evaluationAt(4, 1, 1));
    expect(vae.images).toEqual([full([1, 16, 16, 3], 0.75)]);
    expect(hints).toEqual([full([1, 16, 2, 2], 0.5)]);
    await controlResiduals({ ...control, vae: vaeOf(8) }, evaluationAt(4, 1, 1));
    expect(hints[1].shape).toEqual([1, 8, 2, 2]);
  });

  it('have a mask as the last channel, 1 without one', async () => {
    const { net, hints } = latentNet(true);
    const control = controlOf(net, { vae: vaeOf(2) });
    await controlResiduals(control, evaluationAt(5, 1, 1));
    expect([...hints[0].data]).toEqual([...new Array(8).fill(0), ...new Array(4).fill(1)]);
    const keptMask = tensor([1, 1, 2, 4], Float32Array.of(0, 0, 1, 1, 0, 0, 1, 1));
    await controlResiduals({ ...control, keptMask }, evaluationAt(5, 1, 1));
    expect([...hints[1].data.slice(8)]).toEqual([0, 1, 0, 1]);
  });

  it('need one mask, or one for each image', () => {
    const images = (count: number) => full([count, 2, 2, 3], 1);
    const masks = (count: number) => full([count, 2, 2], 0);
    expect(maskedHint(images(1), masks(3))).toEqual({
      image: images(3),
      keptMask: full([3, 1, 2, 2], 1),
    });
    expect(() => maskedHint(images(2), masks(3))).toThrow('there are 2 images and 3 masks');
  });
});
