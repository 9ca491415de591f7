// Blends networks with others of their kind, weight by weight. Nothing is computed here: see
// plan-changes.ts.
import { DarkroomError } from '../../errors.ts';
import type { Clip } from '../clip/clip.ts';
import type { TextEncoder } from '../clip/text-encoder.ts';
import type { Denoiser } from '../denoiser.ts';
import type { ChangedNetwork, Share } from './changes.ts';

/** Returns the shares of both networks in a weight, by its name. */
export type Shares = (weight: string) => Share;

/** Returns equal shares for all weights. */
export const evenShares =
  (own: number, other: number): Shares =>
  () => ({ name: 'all', own, other });

/**
 * Returns shares by the beginning of a weight's name. `ownShares`: the share of the first network,
 * by prefix; the longest prefix of a name counts, and the first entry where none matches.
 */
export function sharesByName(ownShares: Readonly<Record<string, number>>): Shares {
  const names = Object.keys(ownShares);
  return (weight) => {
    const name =
      names
        .filter((one) => weight.startsWith(one))
        .reduce((best, one) => (one.length > best.length ? one : best), '') || names[0];
    return { name, own: ownShares[name], other: 1 - ownShares[name] };
  };
}

/**
 * Returns the names of weights with another shape in the other UNet; only their own share counts.
 */
export const shapeMismatches = (one: Denoiser, two: Denoiser): string[] =>
  [...(one.base?.targets ?? [])].flatMap(([name, { shape }]) => {
    const other = two.base?.targets.get(name);
    return other && `${other.shape}` !== `${shape}` ? [name] : [];
  });

/** Returns `one` with shares of `two`. Throws DR_INPUT_INVALID for a network without weights. */
export const blendUNets = (one: Denoiser, two: Denoiser, share: Shares): Denoiser =>
  one.variant({ changes: [{ other: baseOf(two, 'model2'), share }] });

/** Returns `one` with shares of `two`. Encoders that only one of them has stay as they are. */
export function blendClips(one: Clip, two: Clip, own: number, other: number): Clip {
  const share = evenShares(own, other);
  const encoders = one.encoders.map((encoder): TextEncoder => {
    const partner = two.encoders.find(({ kind }) => kind === encoder.kind);
    if (!partner || !encoder.withChanges) return encoder;
    const rows = partner.width === encoder.width ? partner.tokenRows : undefined;
    return encoder.withChanges(
      [{ other: baseOf(partner, 'clip2'), share }],
      [{ ownShare: own, otherShare: other, rows }],
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
