// Networks blended with others of their kind, weight by weight. Nothing is computed here: how and when is in models/changes.ts.
import { DarkroomError } from '../../errors.ts';
import type { Clip } from '../clip/clip.ts';
import type { TextEncoder } from '../clip/text-encoder.ts';
import type { UNet } from '../unet/unet.ts';
import type { ChangedNetwork, Share } from './changes.ts';

/** How much of each network a weight becomes, by its name. */
export type Shares = (weight: string) => Share;

/** Equal shares for all weights. */
export const evenShares =
  (own: number, other: number): Shares =>
  () => ({ name: 'all', own, other });

/**
 * Shares by the beginning of a weight's name: the longest of `others` that it begins with says how much it becomes of the other network,
 * the first of all where none does.
 */
export function sharesByName(others: Readonly<Record<string, number>>): Shares {
  const names = Object.keys(others);
  return (weight) => {
    const name =
      names
        .filter((one) => weight.startsWith(one))
        .reduce((best, one) => (one.length > best.length ? one : best), '') || names[0];
    return { name, own: others[name], other: 1 - others[name] };
  };
}

/** Names of weights that have another shape in the other UNet: of these only the own share counts. */
export const shapeMismatches = (one: UNet, two: UNet): string[] =>
  [...(one.base?.targets ?? [])].flatMap(([name, { shape }]) => {
    const other = two.base?.targets.get(name);
    return other && `${other.shape}` !== `${shape}` ? [name] : [];
  });

/** `one` with shares of `two`. Throws DR_INPUT_INVALID for a network whose weights are not at hand. */
export const blendUNets = (one: UNet, two: UNet, share: Shares): UNet =>
  one.variant({ changes: [{ other: baseOf(two, 'model2'), share }] });

/** Encoders that only one of them has stay as they are. */
export function blendClips(one: Clip, two: Clip, own: number, other: number): Clip {
  const share = evenShares(own, other);
  const encoders = one.encoders.map((encoder): TextEncoder => {
    const partner = two.encoders.find(({ kind }) => kind === encoder.kind);
    if (!partner || !encoder.withChanges) return encoder;
    const rows = partner.width === encoder.width ? partner.tokenRows : undefined;
    return encoder.withChanges(
      [{ other: baseOf(partner, 'clip2'), share }],
      [{ own, other, rows }],
    );
  });
  return one.withEncoders(encoders);
}

function baseOf({ base }: { readonly base?: ChangedNetwork }, input: string): ChangedNetwork {
  if (base) return base;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: `${input} has no weights to merge`,
    hint: 'Connect a model that was loaded.',
    input,
  });
}
