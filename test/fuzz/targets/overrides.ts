// Values of --set and the shorthands, applied to a graph.
import { NODES } from '../../../src/nodes/index.ts';
import { applyOverrides, parseOverrides } from '../../../src/workflow/overrides/overrides.ts';
import { sampler, textToImage } from '../../support/workflows/override-workflows.ts';
import type { FuzzTarget } from '../target.ts';

export const target: FuzzTarget = {
  run: (input) => {
    const [set, ...rest] = input.toString('utf8').split('\n');
    const shorthands = ['prompt', 'negative', 'seed', 'steps', 'cfg', 'size'];
    const others = Object.fromEntries(rest.map((text, i) => [shorthands[i % 6], text]));
    const [seed, steps, width] = rest.slice(6);
    const graph = textToImage({ 5: sampler({ seed, steps, width }) });
    applyOverrides(graph, others, NODES);
    applyOverrides(graph, parseOverrides([set]), NODES);
  },
  seeds: () => [
    '5.seed=42\na\nb\n7\n20\n1.5\n512x512',
    'KSampler.steps=x\n\n\n-1\n1e9',
    'KSampler.model=["1", 0]',
  ],
  dictionary: [
    'KSampler.',
    'CLIPTextEncode.text=',
    '=',
    '["1",0]',
    'x',
    '__proto__',
    '1e400',
    '\n',
  ],
};
