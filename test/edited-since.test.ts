// Which differences between the two forms of a picture count as an edit of its workflow: none that
// a wrong conversion could make.
import { describe, expect, it } from 'vitest';
import { compareForms } from '../scripts/coverage/compare-forms.ts';
import { fileEvidence } from '../scripts/coverage/edited-since.ts';
import type { Json, JsonObject } from '../src/formats/json.ts';
import { NODES } from '../src/nodes/index.ts';
import type { Graph } from '../src/workflow/api-graph.ts';

type Prompt = Readonly<Record<string, readonly [type: string, inputs: JsonObject]>>;

const graphOf = (prompt: Prompt): Graph =>
  new Map(
    Object.entries(prompt).map(([id, [classType, inputs]]) => [
      id,
      { classType, inputs, source: {} },
    ]),
  );

/** A node of the file; `links` by input: the link's id. */
const node = (
  id: number,
  type: string,
  links: Readonly<Record<string, number>> = {},
  values: Json[] = [],
  mode = 0,
): JsonObject => ({
  id,
  type,
  mode,
  inputs: Object.entries(links).map(([name, link]) => ({ name, link })),
  widgets_values: values,
});

const SCALE = ['area', 64, 32, 'disabled'];
const VALUES = { upscale_method: 'area', width: 64, height: 32, crop: 'disabled' };
const scale = (more: JsonObject): Prompt[string] => ['ImageScale', { ...VALUES, ...more }];
const OTHERS: Prompt = {
  1: ['LoadImage', { image: 'a.png' }],
  2: ['ImageInvert', { image: ['1', 0] }],
  4: ['LoadImage', { image: 'b.png' }],
};
const loaded = (id: number, name: string): JsonObject => node(id, 'LoadImage', {}, [name]);
const file = (...nodes: readonly JsonObject[]): JsonObject => ({
  nodes: [loaded(1, 'a.png'), loaded(4, 'b.png'), ...nodes],
  links: [
    [1, 1, 0, 2, 0, 'IMAGE'],
    [2, 2, 0, 3, 0, 'IMAGE'],
    [3, 1, 0, 3, 0, 'IMAGE'],
    [5, 5, 0, 3, 1, 'INT'],
  ],
});
const INVERT = node(2, 'ImageInvert', { image: 1 });
const BYPASSED = { ...INVERT, mode: 4 };
const SCALED = node(3, 'ImageScale', { image: 2 }, SCALE);
const FROM = { image: ['2', 0] };

const reasons = (workflow: JsonObject, sent: Prompt, ours: Prompt) =>
  compareForms(graphOf(sent), graphOf(ours), NODES, [], fileEvidence(workflow)).map(
    ({ expected }) => expected,
  );
/** The reasons for the differences of node 3. */
const ofScale = (workflow: JsonObject, sent: JsonObject, ours: JsonObject) =>
  reasons(workflow, { ...OTHERS, 3: scale(sent) }, { ...OTHERS, 3: scale(ours) });

describe('is an edit', () => {
  it.each<[string, JsonObject, JsonObject, JsonObject]>([
    ['a value of the file', file(INVERT, SCALED), { ...FROM, width: 128 }, FROM],
    ['a link of the file', file(INVERT, SCALED), { image: ['4', 0] }, FROM],
    [
      'a link past a node that is bypassed since',
      file(BYPASSED, SCALED),
      FROM,
      { image: ['1', 0] },
    ],
    [
      'a value that a primitive has',
      file(
        INVERT,
        node(3, 'ImageScale', { image: 2, width: 5 }, SCALE),
        node(5, 'PrimitiveNode', {}, [96, 'fixed']),
      ),
      { ...FROM, width: 128 },
      { ...FROM, width: 96 },
    ],
  ])('%s', (_, workflow, sent, ours) => {
    expect(ofScale(workflow, sent, ours)).toEqual(['edited']);
  });

  it('a link that the file lacks', () => {
    const sent: Prompt = { ...OTHERS, 3: scale(FROM) };
    const unlinked = file(INVERT, node(3, 'ImageScale', {}, SCALE));
    expect(reasons(unlinked, sent, { ...OTHERS, 3: scale({}) })).toEqual(['edited']);
  });

  it('a node that the file lacks, or that only the file has', () => {
    const all: Prompt = { ...OTHERS, 3: scale(FROM) };
    expect(reasons(file(INVERT), all, OTHERS)).toEqual(['edited']);
    expect(reasons(file(INVERT, SCALED), OTHERS, all)).toEqual(['edited']);
    expect(reasons(file(INVERT, { ...SCALED, mode: 2 }), all, OTHERS)).toEqual(['edited']);
    expect(reasons(file(INVERT, node(3, 'Note')), all, OTHERS)).toEqual(['edited']);
  });

  it('a node of a type that is refused, and its link', () => {
    const workflow = file(
      INVERT,
      node(9, 'TextEncodeJoyImageEdit'),
      node(3, 'ImageScale', { image: 9 }, SCALE),
    );
    const links = [...(workflow['links'] as Json[]), [9, 9, 0, 3, 0, 'IMAGE']];
    const sent: Prompt = { ...OTHERS, 3: scale(FROM) };
    const ours: Prompt = {
      ...OTHERS,
      3: scale({ image: ['9', 0] }),
      9: ['TextEncodeJoyImageEdit', {}],
    };
    expect(reasons({ ...workflow, links }, sent, ours)).toEqual(['edited', 'edited']);
  });
});

describe('is not an edit', () => {
  it.each<[string, JsonObject, JsonObject, JsonObject]>([
    [
      'values in the wrong inputs',
      file(INVERT, SCALED),
      { ...FROM, width: 64 },
      { ...FROM, width: 32 },
    ],
    [
      "a node's own value where the file has a link to a primitive",
      file(
        INVERT,
        node(3, 'ImageScale', { image: 2, width: 5 }, SCALE),
        node(5, 'PrimitiveNode', {}, [128, 'fixed']),
      ),
      { ...FROM, width: 128 },
      FROM,
    ],
    [
      "a node's own value where the file has a link",
      file(
        INVERT,
        node(3, 'ImageScale', { image: 2, width: 5 }, SCALE),
        node(5, 'PrimitiveInt', {}, [64, 'fixed']),
      ),
      { ...FROM, width: ['5', 0] },
      FROM,
    ],
    ['a link from a bypassed node', file(BYPASSED, SCALED), { image: ['1', 0] }, FROM],
    [
      'a link past a bypassed node to one that is not before it',
      file(BYPASSED, SCALED),
      FROM,
      { image: ['4', 0] },
    ],
    [
      'a text with placeholders',
      file(INVERT, node(3, 'ImageScale', { image: 2 }, ['{area|x}', ...SCALE])),
      { ...FROM, upscale_method: '{area|x}' },
      FROM,
    ],
  ])('%s', (_, workflow, sent, ours) => {
    expect(ofScale(workflow, sent, ours)).toEqual([undefined]);
  });

  it('a value that ours lacks, where another one is null', () => {
    const { width: _, ...less } = VALUES;
    const workflow = file(INVERT, node(3, 'ImageScale', { image: 2 }, [...SCALE, null]));
    const sent: Prompt = { ...OTHERS, 3: scale({ ...FROM, width: 128 }) };
    const ours: Prompt = { ...OTHERS, 3: ['ImageScale', { ...less, ...FROM }] };
    expect(reasons(workflow, sent, ours)).toEqual([undefined]);
  });

  it('a node that ours lacks, and the file has: itself or in a group', () => {
    const sent = { ...OTHERS, 3: scale(FROM), '6:0': scale({ ...FROM, width: 1 }) } as Prompt;
    const workflow = file(INVERT, SCALED, node(6, 'workflow>group'));
    expect(reasons(workflow, sent, OTHERS)).toEqual([undefined, undefined]);
    const grouped = file(INVERT, node(3, 'workflow>group'));
    expect(reasons(grouped, { ...OTHERS, 3: scale(FROM) }, OTHERS)).toEqual([undefined]);
  });

  it('a node of the editor alone that ours has as one that runs', () => {
    const workflow = file(INVERT, node(7, 'Router (pack)', { image: 3 }));
    const ours = { ...OTHERS, 7: ['Router (pack)', { image: ['1', 0] }] } as Prompt;
    expect(reasons(workflow, OTHERS, ours)).toEqual([undefined]);
  });
});

it('nodes of subgraphs are those of their definitions, not of the same id outside', () => {
  const workflow: JsonObject = {
    ...file(INVERT, SCALED, node(8, 'definition')),
    definitions: {
      subgraphs: [{ id: 'definition', nodes: [node(3, 'ImageScale', {}, ['area', 7, 32])] }],
    },
  };
  const sent = { ...OTHERS, 3: scale(FROM), '8:3': scale({ width: 5 }) } as Prompt;
  const changed = (width: number) => ({ ...sent, '8:3': scale({ width }) }) as Prompt;
  expect(reasons(workflow, sent, changed(7))).toEqual(['edited']);
  expect(reasons(workflow, sent, changed(64))).toEqual([undefined]);
});
