// Where the features of a UNet's second half meet the skip connections: with FreeU and deep shrink
// in the order in which they were added.
import type { Value } from '../../onnx/builder.ts';
import type { Net } from '../layers/blocks.ts';
import type { UNetConfig } from './config.ts';
import { resizeFeatures } from './feature-resize.ts';
import type { ShrinkPoints } from './feature-sizes.ts';
import { type JoinedFeatures, scaleFreeU } from './freeu.ts';
import { sliceAt } from './number-tables.ts';
import type { FreeU, UNetPatch } from './unet-patch.ts';

/** The names of resizes; those of their inputs begin with them. */
export const shrinkInput = (patch: number): string => `shrink${patch}`;
export const joinInput = (block: number): string => `join${block}`;
export const upInput = (block: number): string => `up${block}`;
/** The name of the input of a FreeU, counted from 0. */
export const freeUInput = (index: number): string => `freeU${index}`;

type Join = (features: JoinedFeatures, channels: number, block: number) => JoinedFeatures;

/**
 * Returns the function that joins backbone and skip along the channels, after the patches that
 * change them.
 */
export function joiner(
  net: Net,
  config: UNetConfig,
  patches: readonly UNetPatch[],
  { joins }: ShrinkPoints,
): (h: Value, channels: number, skip: Value, block: number) => Value {
  const { g } = net;
  // After the first deep shrink sizes are equal, so that others have nothing to resize.
  const firstShrink = patches.find(({ kind }) => kind === 'deepShrink');
  let freeUs = 0;
  const changes = patches.flatMap((patch): Join[] => {
    if (patch.kind === 'freeU') return [freeU(net, config, patch, freeUInput(freeUs++))];
    if (patch.kind !== 'deepShrink' || patch !== firstShrink) return [];
    return [
      ({ h, skip }, _, block) => ({
        h: joins.has(block) ? resizeFeatures(g, h, joinInput(block), patch.up) : h,
        skip,
      }),
    ];
  });
  return (h, channels, skip, block) => {
    const start: JoinedFeatures = { h, skip };
    const joined = changes.reduce((features, change) => change(features, channels, block), start);
    return g.op('Concat', [joined.h, joined.skip], { axis: 1 });
  };
}

/** Declares the input of a FreeU; returns its change in the two widest levels. */
function freeU(net: Net, config: UNetConfig, { version }: FreeU, name: string): Join {
  const { g } = net;
  const numbers = g.input(name, [4]);
  const scales = new Map(
    [4, 2].map((multiple, i) => [
      config.modelChannels * multiple,
      { backbone: sliceAt(g, numbers, i), skip: sliceAt(g, numbers, i + 2) },
    ]),
  );
  return (features, channels) => {
    const levelScales = scales.get(channels);
    return levelScales ? scaleFreeU(net, version, features, channels, levelScales) : features;
  };
}
