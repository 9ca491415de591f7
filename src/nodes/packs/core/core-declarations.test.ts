// The core pack against ComfyUI's own lists of nodes: every node is built in, outside, or listed as
// not yet built, and the inputs of built-in nodes are ComfyUI's.
// Source: /object_info of ComfyUI 0.3.64 and 0.33.0 (test/golden/core_nodes/make_declarations.py).
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { testContext } from '../../../../test/support/run-node.ts';
import { numberOf } from '../../../formats/json.ts';
import { inputConfig } from '../../../workflow/input-spec.ts';
import type { Input, Inputs } from '../../input-types.ts';
import { CORE_OTHER_TYPES, CORE_REFUSED } from './core-not-built-in.ts';
import { CORE_PACK } from './index.ts';

type Spec = readonly [unknown, Readonly<Record<string, unknown>>?];
type Section = Readonly<Record<string, Spec>>;

interface Listed {
  readonly input: { readonly required?: Section; readonly optional?: Section };
  readonly output: readonly string[];
  readonly output_is_list?: readonly boolean[];
  readonly output_name?: readonly string[];
  readonly output_node?: boolean;
}

interface Release {
  readonly nodes: Readonly<Record<string, Listed>>;
  readonly online: readonly string[];
}

const FILE = new URL('../../../../test/golden/core_nodes/declarations.json.gz', import.meta.url);
const RELEASES: Readonly<Record<string, Release>> = JSON.parse(
  gunzipSync(readFileSync(FILE)).toString('utf8'),
);
/** Nodes of both releases, as the older declares them. */
const LISTED: Readonly<Record<string, Listed>> = {
  ...RELEASES['0.33.0'].nodes,
  ...RELEASES['0.3.64'].nodes,
};
const BUILT = new Map(CORE_PACK.nodes.map((node) => [node.type, node]));
const REFUSED = new Set(CORE_REFUSED.flatMap(({ types }) => types));
const OTHER = new Set(CORE_OTHER_TYPES);

/** What a declaration and ComfyUI's list are compared by. */
const COMPARED = ['default', 'min', 'max', 'step', 'round', 'multiline', 'lazy', 'forceInput'];
/** What the editor assumes where a list says nothing. */
const ASSUMED: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  INT: { default: 0 },
  FLOAT: { default: 0 },
  BOOLEAN: { default: false },
  STRING: { multiline: false },
};

const plain = (value: unknown): unknown =>
  typeof value === 'boolean' || typeof value === 'string'
    ? value
    : Number(numberOf(value as Parameters<typeof numberOf>[0]));

function compared(type: unknown, options: Readonly<Record<string, unknown>> = {}): object {
  const all: Readonly<Record<string, unknown>> = { ...ASSUMED[String(type)], ...options };
  return Object.fromEntries(
    COMPARED.filter((key) => all[key] !== undefined).map((key) => [key, plain(all[key])]),
  );
}

/** Whether the options are files, which a list can't be compared by. */
const listsFiles = (input: Input | undefined): boolean =>
  input?.kind === 'COMBO' && typeof input.options === 'function';

function ours([name, input]: readonly [string, Input]): unknown[] {
  const [type, options] = inputConfig(input, testContext({}));
  const shown = listsFiles(input) ? 'files' : type;
  return [name, shown, compared(type, options), input.optional === true];
}

const theirs = (declared: Inputs, { input: { required = {}, optional = {} } }: Listed) =>
  [
    ...Object.entries(required).map(([name, spec]) => ({ name, spec, optional: false })),
    ...Object.entries(optional).map(([name, spec]) => ({ name, spec, optional: true })),
  ].map(({ name, spec: [type, options], optional: isOptional }) => {
    const list = type === 'COMBO' ? (options?.['options'] ?? []) : type;
    const shown = listsFiles(declared[name]) ? 'files' : list;
    return [name, shown, compared(type, options), isOptional];
  });

describe('the core pack', () => {
  const types = new Set(
    Object.values(RELEASES).flatMap(({ nodes, online }) => [...Object.keys(nodes), ...online]),
  );

  it('has every node of ComfyUI in one class: built in, outside or not yet built', () => {
    const classesOf = (type: string) => [BUILT, REFUSED, OTHER].filter((set) => set.has(type));
    expect([...types].filter((type) => classesOf(type).length !== 1)).toEqual([]);
  });

  it('has no types that ComfyUI does not have', () => {
    const all = [...BUILT.keys(), ...REFUSED, ...OTHER];
    // the old name of ConditioningAverage, which files still contain
    expect(all.filter((type) => !types.has(type))).toEqual(['ConditioningAverage ']);
  });

  const nodes = [...BUILT.values()].filter(({ type }) => type in LISTED);
  it.each(nodes.map((node) => [node.type, node] as const))(
    'declares %s as ComfyUI does',
    (type, { inputs, outputs }) => {
      const listed = LISTED[type];
      expect(Object.entries(inputs).map(ours)).toEqual(theirs(inputs, listed));
      const { output, output_name = output, output_is_list = [] } = listed;
      expect(outputs.map((one) => [one.type, one.name, one.isList === true])).toEqual(
        output.map((socket, i) => [socket, output_name[i], output_is_list[i] ?? false]),
      );
    },
  );
});
