// Some weights of a network times a number (ComfyUI's ModelPatcher.add_patches with no patch and a strength of the model).

import type { Clip } from '../clip/clip.ts';
import type { TextEncoder } from '../clip/text-encoder.ts';
import type { UNet } from '../unet/unet.ts';
import type { Blend, ChangedNetwork } from './changes.ts';

/** What a weight is multiplied by; undefined: nothing. */
export type FactorOf = (weight: string) => number | undefined;

/** A blend with weights that have no shape: of these only the own share counts. */
function multiplied(network: ChangedNetwork, factorOf: FactorOf): Blend {
  const touched = [...network.targets].filter(([name]) => factorOf(name) !== undefined);
  const targets = new Map(touched.map(([name, target]) => [name, { ...target, shape: [] }]));
  return {
    other: { weights: network.weights, targets, changes: [] },
    share: (name) => ({ name: `times ${factorOf(name)}`, own: factorOf(name) ?? 1, other: 0 }),
  };
}

/** A UNet with some weights multiplied; one without weights at hand stays. */
export const multiplyUNet = (unet: UNet, factorOf: FactorOf): UNet =>
  unet.base ? unet.variant({ changes: [multiplied(unet.base, factorOf)] }) : unet;

/** The same for all encoders. */
export const multiplyClip = (clip: Clip, factorOf: FactorOf): Clip =>
  clip.withEncoders(
    clip.encoders.map(
      (encoder): TextEncoder =>
        encoder.base && encoder.withChanges
          ? encoder.withChanges([multiplied(encoder.base, factorOf)])
          : encoder,
    ),
  );
