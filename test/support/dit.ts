// Reads intermediate values of a diffusion transformer's graph.
import { expect } from 'vitest';
import type { DenoiserInputs } from '../../src/models/denoiser.ts';
import type { Architecture } from '../../src/models/dit/architecture.ts';
import type { Weights } from '../../src/models/weights/tensors.ts';
import { openSession } from '../../src/runtime/session.ts';
import { full, reshape, type Tensor } from '../../src/tensor/tensor.ts';
import { fixtureWeights, stateName } from './dit-cases.ts';
import { expectGolden, type Golden } from './golden.ts';

/** Evaluates a transformer and returns what its graph shows to `observe`, by name. */
export async function ditStates<Config>(
  architecture: Architecture<Config>,
  weights: Weights,
  inputs: DenoiserInputs,
  more: Readonly<Record<string, Tensor>> = {},
): Promise<Record<string, Tensor>> {
  const config = architecture.config(weights);
  const names: string[] = [];
  const graph = architecture.graph(weights, config, {
    extras: architecture.extras?.(config, inputs),
    observe: (g, name, value) => {
      // without dimensions the rank is free
      g.output(`state ${name}`, value, []);
      names.push(`state ${name}`);
    },
  });
  const session = await openSession(graph.serialize(), {
    name: 'states',
    folder: graph.folder(),
    threads: 1,
    providers: ['cpu'],
  });
  try {
    const states = await session.run({ ...architecture.inputs(config, inputs), ...more }, names);
    return Object.fromEntries(names.map((name) => [name.slice('state '.length), states[name]]));
  } finally {
    await session.close();
  }
}

/** Expects the states of the blocks of the first case. */
export async function expectBlockStates<Config>(
  g: Golden,
  architecture: Architecture<Config>,
  inputs: DenoiserInputs,
): Promise<void> {
  const weights = await fixtureWeights(g.cases[0].params.model);
  const blocks = architecture.blocks?.(architecture.config(weights));
  const none = blocks && { skipped: full([blocks.double + blocks.single], 0) };
  const states = await ditStates(architecture, weights, inputs, none);
  expect(Object.keys(states).filter((name) => !g.has(stateName(name)))).toEqual([]);
  for (const [name, state] of Object.entries(states)) {
    // those of the original may have axes of frames and rows
    const { shape } = g.tensor(stateName(name));
    expectGolden(g, 'c0', stateName(name), reshape(state, shape));
  }
}
