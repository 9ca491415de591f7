// Nodes that resize and composite latents. Source: ComfyUI nodes.py, comfy_extras/nodes_mask.py.

import { compositeMasked, featherComposite } from '../../../../image/compose/composite.ts';
import { commonUpscale } from '../../../../image/resize/common-upscale.ts';
import { roundHalfEven } from '../../../../tensor/round-half-even.ts';
import {
  boolean,
  combo,
  defineNode,
  float,
  int,
  output,
  outputs,
  socket,
} from '../../../declare.ts';
import {
  CROP_METHODS,
  LATENT_UPSCALE_METHODS,
  MAX_RESOLUTION,
} from '../../../shared/image-limits.ts';

const LatentUpscale = defineNode({
  type: 'LatentUpscale',
  display: 'Upscale Latent',
  category: 'latent',
  inputs: {
    samples: socket('LATENT'),
    upscale_method: combo(LATENT_UPSCALE_METHODS),
    width: int({ default: 512, min: 0, max: MAX_RESOLUTION, step: 8 }),
    height: int({ default: 512, min: 0, max: MAX_RESOLUTION, step: 8 }),
    crop: combo(CROP_METHODS),
  },
  outputs: [output('LATENT')],
  run({ samples, upscale_method, width, height, crop }) {
    if (width === 0 && height === 0) return outputs(samples);
    const [h, w] = samples.samples.shape.slice(-2);
    const fullHeight = height === 0 ? roundHalfEven((h * Math.max(64, width)) / w) : height;
    const fullWidth = width === 0 ? roundHalfEven((w * Math.max(64, height)) / h) : width;
    const cells = (pixels: number): number => Math.floor(Math.max(64, pixels) / 8);
    return outputs({
      ...samples,
      samples: commonUpscale(
        samples.samples,
        { width: cells(fullWidth), height: cells(fullHeight) },
        upscale_method,
        crop,
      ),
    });
  },
});

const LatentUpscaleBy = defineNode({
  type: 'LatentUpscaleBy',
  display: 'Upscale Latent By',
  category: 'latent',
  inputs: {
    samples: socket('LATENT'),
    upscale_method: combo(LATENT_UPSCALE_METHODS),
    scale_by: float({ default: 1.5, min: 0.01, max: 8, step: 0.01 }),
  },
  outputs: [output('LATENT')],
  run({ samples, upscale_method, scale_by }) {
    const [h, w] = samples.samples.shape.slice(-2);
    const size = (cells: number): number => Math.max(1, roundHalfEven(cells * scale_by));
    return outputs({
      ...samples,
      samples: commonUpscale(
        samples.samples,
        { width: size(w), height: size(h) },
        upscale_method,
        'disabled',
      ),
    });
  },
});

const LatentComposite = defineNode({
  type: 'LatentComposite',
  display: 'Latent Composite',
  category: 'latent',
  inputs: {
    samples_to: socket('LATENT'),
    samples_from: socket('LATENT'),
    x: int({ default: 0, min: 0, max: MAX_RESOLUTION, step: 8 }),
    y: int({ default: 0, min: 0, max: MAX_RESOLUTION, step: 8 }),
    feather: int({ default: 0, min: 0, max: MAX_RESOLUTION, step: 8 }),
  },
  outputs: [output('LATENT')],
  run({ samples_to, samples_from, x, y, feather }) {
    const cells = (pixels: number): number => Math.floor(pixels / 8);
    return outputs({
      ...samples_to,
      samples: featherComposite(samples_to.samples, samples_from.samples, {
        x: cells(x),
        y: cells(y),
        feather: cells(feather),
      }),
    });
  },
});

const LatentCompositeMasked = defineNode({
  type: 'LatentCompositeMasked',
  display: 'LatentCompositeMasked',
  category: 'latent',
  inputs: {
    destination: socket('LATENT'),
    source: socket('LATENT'),
    x: int({ default: 0, min: 0, max: MAX_RESOLUTION, step: 8 }),
    y: int({ default: 0, min: 0, max: MAX_RESOLUTION, step: 8 }),
    resize_source: boolean({ default: false }),
    mask: socket('MASK', { optional: true }),
  },
  outputs: [output('LATENT')],
  run: ({ destination, source, x, y, resize_source, mask }) =>
    outputs({
      ...destination,
      samples: compositeMasked(destination.samples, source.samples, {
        x,
        y,
        mask,
        scale: 8,
        resizeSource: resize_source,
      }),
    }),
});

export const LATENT_RESIZE_NODES = [
  LatentUpscale,
  LatentUpscaleBy,
  LatentComposite,
  LatentCompositeMasked,
];
