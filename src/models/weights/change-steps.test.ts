import { describe, expect, it } from 'vitest';
import { memoryWeights } from '../../../test/support/files/memory-weights.ts';
import type { TensorInfo } from '../../formats/tensor-file.ts';
import type { AppliedLora, Patch } from '../lora/patches.ts';
import { type ChangedTensor, changedTensors } from './change-steps.ts';
import type { ChangedNetwork, PatchTargets, WeightChange } from './changes.ts';

const weights = memoryWeights('base', {}, { a: [4, 3], b: [4, 3] });
const targets: PatchTargets = new Map([
  ['a', { tensor: 'a', shape: [4, 3] }],
  ['b', { tensor: 'b', shape: [4, 3] }],
]);
const network = (...changes: WeightChange[]): ChangedNetwork => ({ weights, targets, changes });

const info = (shape: readonly number[]): TensorInfo => ({
  dtype: 'F32',
  shape,
  offset: 0,
  byteLength: 0,
});
const lora = (patch: Patch): AppliedLora => ({
  lora: {
    file: 'lora.safetensors',
    identity: 'lora',
    tensors: new Map([
      ['up', info([4, 2])],
      ['down', info([2, 3])],
      ['diff', info([4, 3])],
    ]),
    alphas: new Map(),
    sizes: new Map(),
  },
  strength: 1,
  patches: new Map([['a', patch]]),
});
const lowRank = lora({ kind: 'lora', up: 'up', down: 'down', scale: 1 });
const fullRank = lora({ kind: 'diff', tensor: 'diff' });
const blend = (own: number, other: number): WeightChange => ({
  other: network(),
  share: (name) => ({ name, own, other }),
});

const kinds = ([changed]: readonly ChangedTensor[]) => ({
  merged: changed.merged.map(({ kind, index }) => `${kind} ${index}`),
  branches: changed.branches.map(({ kind, index }) => `${kind} ${index}`),
});

describe('the changes of a weight', () => {
  it('leave low-rank patches beside it ahead of evaluations', () => {
    expect(kinds(changedTensors(network(lowRank), 'ahead'))).toEqual({
      merged: [],
      branches: ['patch 0'],
    });
  });

  it('merge low-rank patches when they are computed each time', () => {
    expect(kinds(changedTensors(network(lowRank), 'each time'))).toEqual({
      merged: ['patch 0'],
      branches: [],
    });
  });

  it('merge low-rank patches before the last blend', () => {
    const changes = network(lowRank, blend(0.5, 0.5), lowRank);
    expect(kinds(changedTensors(changes, 'ahead'))).toEqual({
      merged: ['patch 0', 'blend 1'],
      branches: ['patch 2'],
    });
  });

  it('merge all patches when one of them is of full rank', () => {
    expect(kinds(changedTensors(network(lowRank, fullRank), 'ahead'))).toEqual({
      merged: ['patch 0', 'patch 1'],
      branches: [],
    });
  });

  it('leave out shares and factors without effect, unless their numbers are inputs', () => {
    const idle = network(blend(1, 0), { factor: () => 1 });
    expect(changedTensors(idle, 'ahead')).toEqual([]);
    expect(kinds(changedTensors(idle, 'each time')).merged).toEqual(['blend 0', 'scale 1']);
  });

  it('apply a factor only to the weights that have one', () => {
    const scaling: WeightChange = { factor: (name) => (name === 'b' ? 2 : undefined) };
    const changed = changedTensors(network(scaling), 'whole');
    expect(changed.map(({ tensor }) => tensor)).toEqual(['b']);
    expect(changed[0].merged).toEqual([{ kind: 'scale', index: 0, factor: 2, group: 0 }]);
  });
});
