// Self-attention guidance (arXiv 2210.00939; comfy_extras/nodes_sag.py): guides away from a
// prediction for a latent that is blurred where the negative side's attention is strong.
import { DarkroomError } from '../../errors.ts';
import { interpolate } from '../../image/resize/torch-interpolate.ts';
import { allocate } from '../../tensor/allocate.ts';
import { roundHalfEven } from '../../tensor/round-half-even.ts';
import { map, type Tensor, tensor } from '../../tensor/tensor.ts';
import { add, exp, f32, linspace, scale, square, sub, sum } from '../float32.ts';
import type { Model } from '../sampling-types.ts';
import { addPostCfg, checkPatch, setPatches } from './patch-model.ts';

const KERNEL_SIZE = 9;
/** Attention above the mean of 1 counts as strong. */
const THRESHOLD = 1;
/** Latents with a side of at most this are too small to blur; they are not guided. */
const TOO_SMALL = 4;

/**
 * Adds `amount` times the difference after cfg; each step needs a third evaluation. `blurSigma` is
 * the standard deviation of the blur in cells. Throws DR_INPUT_INVALID for a model that has this
 * guidance.
 */
export function selfAttentionGuidance(model: Model, amount: number, blurSigma: number): Model {
  if (model.patches?.recordsAttention)
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: 'the model has SelfAttentionGuidance already, and ComfyUI cannot apply it twice',
      hint: 'Remove one of the two nodes.',
      input: 'model',
    });
  const recording = {
    ...setPatches(model, { recordsAttention: true }),
    denoiser: model.denoiser.variant({ recordsAttention: true }),
  };
  return addPostCfg(recording, async (denoised, { x, uncond, attention, evaluate }) => {
    if (Math.min(...x.shape.slice(2)) <= TOO_SMALL) return denoised;
    checkPatch(model, 'recordedAttention');
    if (!attention) throw withoutNegative();
    const degraded = blurWhereAttended(uncond, attention, blurSigma);
    const noised = tensor(x.shape, sub(add(degraded.data, x.data), uncond.data));
    const prediction = await evaluate('negative', { x: noised });
    const guidance = scale(sub(degraded.data, prediction.data), amount);
    return tensor(denoised.shape, add(denoised.data, guidance));
  });
}

const withoutNegative = (): DarkroomError =>
  new DarkroomError('DR_INPUT_INVALID', {
    message: 'SelfAttentionGuidance needs a negative prompt, which this sampler does not evaluate',
    hint: 'Use a guider with a negative conditioning, such as CFGGuider, or remove the node.',
  });

/** Blurs x [B,C,H,W] where the attention [B*T, N] that a cell received is above the threshold. */
function blurWhereAttended(x: Tensor, attention: Tensor, sigma: number): Tensor {
  const [batch, channels, height, width] = x.shape;
  const mask = interpolate(
    attentionMask(attention, batch, { height, width }),
    { width, height },
    'nearest',
  );
  const blurred = blurReflected(x, sigma);
  const plane = height * width;
  return map(x, (value, i) => {
    const strong = mask.data[Math.floor(i / (channels * plane)) * plane + (i % plane)];
    return f32(blurred.data[i] * strong) + f32(value * (1 - strong));
  });
}

/** Marks the tokens with strong attention, as an image of each item's tokens. */
function attentionMask(
  { shape: [rows, tokens], data }: Tensor,
  batch: number,
  { height, width }: { readonly height: number; readonly width: number },
): Tensor {
  const tiles = rows / batch;
  const mask = allocate(batch * tokens);
  for (let item = 0; item < batch; item++)
    for (let token = 0; token < tokens; token++) {
      let sum = 0;
      for (let tile = 0; tile < tiles; tile++) sum += data[(item * tiles + tile) * tokens + token];
      mask[item * tokens + token] = sum / tiles > THRESHOLD ? 1 : 0;
    }
  const down = divisorNear(tokens, roundHalfEven(Math.sqrt((height / width) * tokens)));
  return tensor([batch, 1, down, tokens / down], mask);
}

/** Returns the divisor of `count` that is nearest to `start`. */
function divisorNear(count: number, start: number): number {
  for (let i = 0; i < Math.floor(Math.sqrt(count) / 2); i++)
    for (const divisor of [start + i, Math.max(1, start - i)])
      if (count % divisor === 0) return divisor;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: `SelfAttentionGuidance cannot arrange ${count} tokens as an image`,
    hint: 'Use an image whose sides are multiples of 64 and closer to each other.',
  });
}

/** A gaussian blur of planes with reflected edges. */
function blurReflected(x: Tensor, sigma: number): Tensor {
  const half = KERNEL_SIZE >> 1;
  const weights = linspace(-half, half, KERNEL_SIZE).map((at) =>
    exp(f32(-0.5 * square(f32(at / sigma)))),
  );
  const total = sum(weights);
  const kernel = weights.map((weight) => weight / total);
  const [batch, channels, height, width] = x.shape;
  const reflected = (i: number, length: number): number =>
    i < 0 ? -i : i >= length ? 2 * (length - 1) - i : i;
  const out = allocate(x.data.length);
  for (let plane = 0; plane < batch * channels; plane++)
    for (let i = 0; i < height * width; i++) {
      const [y, column] = [Math.floor(i / width), i % width];
      let sum = 0;
      for (let dy = -half; dy <= half; dy++) {
        const row = (plane * height + reflected(y + dy, height)) * width;
        for (let dx = -half; dx <= half; dx++)
          sum +=
            f32(kernel[dy + half] * kernel[dx + half]) *
            x.data[row + reflected(column + dx, width)];
      }
      out[plane * height * width + i] = sum;
    }
  return tensor(x.shape, out);
}
