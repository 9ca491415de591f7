// Every node that takes SEGS, a mask or images runs with empty ones or ends with a sentence.
import { expect, it } from 'vitest';
import { smallEngine } from '../../../test/support/engine.ts';
import { testContext } from '../../../test/support/run-node.ts';
import { segment } from '../../../test/support/segs.ts';
import { DarkroomError } from '../../errors.ts';
import type { NodeDeclaration } from '../../nodes/declare.ts';
import { NODES } from '../../nodes/index.ts';
import type { Input } from '../../nodes/input-types.ts';
import { mergeSegs } from '../../segs/edit/merge-segs.ts';
import { emptySegs } from '../../segs/segs.ts';
import { full, zeros } from '../../tensor/tensor.ts';
import { emptyInputError } from './empty-inputs.ts';

const segs = { height: 64, width: 64, segs: [segment([4, 4, 20, 20])] };
const noMask = segment([4, 4, 20, 20], { croppedMask: zeros([16, 16]) });

/** Socket values of nothing, by what they are. */
const NOTHING: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'SEGS of no image': { SEGS: emptySegs() },
  'SEGS without segments': { SEGS: { ...segs, segs: [] } },
  'SEGS with an empty mask': { SEGS: { ...segs, segs: [noMask] }, SEG_ELT: noMask },
  'merged SEGS of no image': { SEGS: mergeSegs(emptySegs()) },
  'merged SEGS without segments': { SEGS: mergeSegs({ ...segs, segs: [] }) },
  'a mask of zeros': { MASK: zeros([1, 64, 64]) },
  'a mask without pixels': { MASK: zeros([1, 0, 0]) },
  'no masks': { MASK: zeros([0, 64, 64]) },
  'no images': { IMAGE: zeros([0, 64, 64, 3]) },
};
const USUAL: Readonly<Record<string, unknown>> = {
  IMAGE: full([1, 64, 64, 3], 0.5),
  MASK: full([1, 64, 64], 1),
  SEGS: segs,
  SEG_ELT: segs.segs[0],
  SEGS_HEADER: [64, 64],
  LATENT: { samples: zeros([1, 4, 8, 8]) },
};

class ModelUsed extends Error {}
/** Stands for models; any use of it ends the node. */
const model: unknown = new Proxy(
  Object.assign(() => undefined),
  {
    get: () => {
      throw new ModelUsed();
    },
    apply: () => {
      throw new ModelUsed();
    },
  },
);

function usualValue(input: Input, values: Readonly<Record<string, unknown>>): unknown {
  if (input.kind === 'COMBO') return input.default ?? (input.options as readonly string[])[0] ?? '';
  if (input.kind === 'INT' && input.wide) return BigInt(input.default);
  if (input.kind === 'COMFY_AUTOGROW_V3' || input.kind === 'COMFY_DYNAMICCOMBO_V3') return {};
  if (input.kind !== 'SOCKET') return input.default ?? '';
  const type = input.type.split(',').find((name) => Object.hasOwn(values, name));
  if (type !== undefined) return values[type];
  return input.optional ? undefined : model;
}

/** The result of a node: `ok`, the code of its error, or the text of an error without one. */
async function resultOf(node: NodeDeclaration, nothing: Readonly<Record<string, unknown>>) {
  const values = Object.fromEntries(
    Object.entries(node.inputs)
      .map(([name, input]) => [name, usualValue(input, { ...USUAL, ...nothing })] as const)
      .map(([name, value]) => [name, node.inputIsList ? [value] : value]),
  );
  try {
    await node.run(values as never, testContext());
    return 'ok';
  } catch (error) {
    if (error instanceof ModelUsed) return 'ok';
    const known = error instanceof DarkroomError ? error : emptyInputError(values, error);
    return known?.code ?? `${node.type}: ${(error as Error).stack}`;
  }
}

it.each(Object.entries(NOTHING))(
  'nodes run with %s, or say that it is empty',
  async (_, nothing) => {
    const takes = ({ inputs, alwaysFails }: NodeDeclaration): boolean =>
      !alwaysFails &&
      Object.values(inputs).some(
        (input) => input.kind === 'SOCKET' && input.type.split(',').some((t) => t in nothing),
      );
    const nodes = [...NODES.values()].filter(takes);
    expect(nodes.length).toBeGreaterThan(20);
    const results = new Set<string>();
    for (const node of nodes) results.add(await resultOf(node, nothing));
    const allowed = ['ok', 'DR_INPUT_INVALID', 'DR_SHAPE_MISMATCH', 'DR_MODEL_MISSING'];
    expect([...results].filter((result) => !allowed.includes(result))).toEqual([]);
  },
);

it.each([
  [[], 'is an empty list'],
  [zeros([1, 0, 0]), 'has no pixels: its shape is [1,0,0]'],
  [{ samples: zeros([0, 4, 8, 8]) }, 'has no pixels: its shape is [0,4,8,8]'],
  [emptySegs(), 'is SEGS without segments'],
  [mergeSegs(emptySegs()), 'has a segment without pixels'],
  [[segs, emptySegs()], 'is SEGS without segments'],
])('an empty input is named', (value, what) => {
  const error = emptyInputError({ steps: 4, image: USUAL['IMAGE'], segs: value }, new Error('x'));
  expect(error).toMatchObject({ code: 'DR_INPUT_INVALID', input: 'segs' });
  expect(error?.message).toBe(`can't run with its input 'segs', which ${what}`);
});

it('other errors are left as they are', () => {
  expect(emptyInputError({ segs, mask: USUAL['MASK'], text: '' }, new Error('x'))).toBeUndefined();
});

it('the error of a run names the node', async () => {
  const { failure } = await smallEngine(NODES)({
    1: { class_type: 'EmptySegs', inputs: {} },
    2: { class_type: 'ImpactSEGSMerge', inputs: { segs: ['1', 0] } },
    3: { class_type: 'SegsToCombinedMask', inputs: { segs: ['2', 0] } },
    4: { class_type: 'MaskToImage', inputs: { mask: ['3', 0] } },
    5: { class_type: 'PreviewImage', inputs: { images: ['4', 0] } },
  });
  expect(failure).toMatchObject({ code: 'DR_INPUT_INVALID', nodeId: '4', nodeType: 'MaskToImage' });
  expect(failure?.message).toContain("'mask', which has no pixels: its shape is [1,0,0]");
});
