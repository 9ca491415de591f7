// Nodes for numbers that ComfyUI has since 0.3.64.
// Source: ComfyUI 0.33.0 comfy_extras/nodes_resolution.py, nodes_seed.py.
import { roundHalfEven } from '../../../../tensor/round-half-even.ts';
import {
  combo,
  defineNode,
  float,
  int,
  type NodeDeclaration,
  output,
  outputs,
  seed,
} from '../../../declare.ts';

const SeedNode = defineNode({
  type: 'SeedNode',
  display: 'Seed',
  category: 'utilities',
  inputs: { seed: seed({ max: 2n ** 63n - 1n }) },
  outputs: [output('INT', 'seed')],
  run: ({ seed }) => outputs(seed),
});

const RATIOS = [
  '1:1 (Square)',
  '2:3 (Portrait Photo)',
  '3:2 (Photo)',
  '3:4 (Portrait Standard)',
  '4:3 (Standard)',
  '9:16 (Portrait Widescreen)',
  '16:9 (Widescreen)',
  '21:9 (Ultrawide)',
] as const;

const ResolutionSelector = defineNode({
  type: 'ResolutionSelector',
  display: 'Resolution Selector',
  category: 'utilities',
  description: 'Width and height of an aspect ratio and a number of pixels.',
  inputs: {
    aspect_ratio: combo(RATIOS, { default: RATIOS[0], tooltip: 'The aspect ratio.' }),
    megapixels: float({
      default: 1,
      min: 0.1,
      max: 16,
      step: 0.1,
      tooltip: 'Number of pixels; 1 is that of a square of 1024.',
    }),
    multiple: int({
      default: 8,
      min: 8,
      max: 128,
      step: 4,
      tooltip: 'Width and height are multiples of this.',
    }),
  },
  outputs: [output('INT', 'width'), output('INT', 'height')],
  run({ aspect_ratio, megapixels, multiple }) {
    const [w, h] = aspect_ratio.split(' ')[0].split(':').map(Number);
    const scale = Math.sqrt((megapixels * 1024 * 1024) / (w * h));
    const side = (ratio: number): number => roundHalfEven((ratio * scale) / multiple) * multiple;
    return outputs(side(w), side(h));
  },
});

export const LATER_VALUE_NODES: readonly NodeDeclaration[] = [SeedNode, ResolutionSelector];
