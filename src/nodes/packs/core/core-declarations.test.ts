// The core pack against ComfyUI's own lists of nodes: every node is built in, or outside with a
// reason, and the inputs of built-in nodes are ComfyUI's.
// Source: /object_info of ComfyUI 0.3.64 and 0.33.0 (test/golden/core_nodes/make_declarations.py).
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { testContext } from '../../../../test/support/run-node.ts';
import { isJsonObject, numberOf } from '../../../formats/json.ts';
import { inputConfig, listedType } from '../../../workflow/input-spec.ts';
import { nodesOf } from '../../index.ts';
import type { Input, Inputs } from '../../input-types.ts';
import { COMFYUI_VERSIONS, includes, NEWEST_VERSION } from '../../versions/comfyui-versions.ts';
import { DECLARATION_CHANGES } from '../../versions/declaration-changes.ts';
import { CORE_LATER } from './core-later-types.ts';
import { CORE_OUTSIDE } from './core-outside.ts';
import { CORE_PACK } from './index.ts';

type Spec = readonly [unknown, Readonly<Record<string, unknown>>?];
type Section = Readonly<Record<string, Spec>>;

interface Listed {
  readonly input: { readonly required?: Section; readonly optional?: Section };
  readonly output: readonly string[];
  readonly output_is_list?: readonly boolean[];
  readonly output_name?: readonly string[];
  readonly output_node?: boolean;
  /** None where the editor shows the type. */
  readonly display_name?: string;
  readonly category: string;
  readonly deprecated?: boolean;
  readonly experimental?: boolean;
}

interface Release {
  readonly nodes: Readonly<Record<string, Listed>>;
  readonly online: readonly string[];
}

const FILE = new URL('../../../../test/golden/core_nodes/declarations.json.gz', import.meta.url);
const RELEASES: Readonly<Record<string, Release>> = JSON.parse(
  gunzipSync(readFileSync(FILE)).toString('utf8'),
);
/** Options that later releases added and that can't be run, so they are not listed. */
const NOT_BUILT = new Set(
  DECLARATION_CHANGES.flatMap(({ what }) =>
    what.kind === 'options' && what.builtIn === false ? what.options : [],
  ),
);
/** The nodes of releases after the newest that can be named. */
const LATER = new Set(
  DECLARATION_CHANGES.flatMap(({ node, since, what }) =>
    what.kind === 'node' && !includes(NEWEST_VERSION, since) ? [node!] : [],
  ),
);
const BUILT = new Map(CORE_PACK.nodes.map((node) => [node.type, node]));
const REFUSED = new Set(CORE_OUTSIDE.flatMap(({ types }) => types));

/** What a declaration and ComfyUI's list are compared by. */
const COMPARED = ['default', 'min', 'max', 'step', 'round', 'multiline', 'lazy', 'forceInput'];
/** Options that are compared where they are on. */
const FLAGS = ['advanced', 'socketless', 'component'];
/** What the editor assumes where a list says nothing. */
const ASSUMED: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  INT: { default: 0 },
  FLOAT: { default: 0 },
  BOOLEAN: { default: false },
  STRING: { multiline: false },
};

const plain = (value: unknown): unknown =>
  typeof value === 'boolean' ||
  typeof value === 'string' ||
  Array.isArray(value) ||
  isJsonObject(value)
    ? value
    : Number(numberOf(value as Parameters<typeof numberOf>[0]));

interface Template {
  readonly input: Inner;
}
/** Lists of inputs inside of options: of growing inputs and of choices. */
type Inner = Listed['input'];

const specsOf = ({ required = {}, optional = {} }: Inner) => [
  ...Object.entries(required).map(([name, spec]) => ({ name, spec, optional: false })),
  ...Object.entries(optional).map(([name, spec]) => ({ name, spec, optional: true })),
];

/** Options that contain lists of inputs, or say which sockets have the same type. */
function nested({ template, options }: Readonly<Record<string, unknown>>): object {
  const choices = Array.isArray(options)
    ? (options as (Template & { key: string; inputs: Inner })[])
    : [];
  const isDynamic = choices.some((choice) => typeof choice === 'object');
  const { input, ...names } = (template ?? {}) as Partial<Template>;
  return {
    ...(template !== undefined && { template: { ...names, input: input && listOf(input) } }),
    ...(isDynamic && { options: choices.map(({ key, inputs }) => [key, listOf(inputs)]) }),
  };
}

const listOf = (inputs: Inner): unknown[] =>
  specsOf(inputs).map(({ name, spec: [type, options], optional }) => [
    name,
    choicesOf(type, options),
    compared(type, options),
    optional,
  ]);

/** The type of an input; the options of a combo in either of ComfyUI's forms. */
function choicesOf(type: unknown, options: Spec[1]): unknown {
  const choices = type === 'COMBO' ? (options?.['options'] ?? []) : type;
  return Array.isArray(choices) ? choices.filter((one) => !NOT_BUILT.has(one)) : choices;
}

function compared(type: unknown, options: Readonly<Record<string, unknown>> = {}): object {
  const all: Readonly<Record<string, unknown>> = { ...ASSUMED[String(type)], ...options };
  const keys = [
    ...COMPARED.filter((key) => all[key] !== undefined),
    ...FLAGS.filter((key) => all[key]),
  ];
  return { ...Object.fromEntries(keys.map((key) => [key, plain(all[key])])), ...nested(all) };
}

/** Whether the options are files, which a list can't be compared by. */
const listsFiles = (input: Input | undefined): boolean =>
  input?.kind === 'COMBO' && typeof input.options === 'function';

function ours([name, input]: readonly [string, Input]): unknown[] {
  const [type, options] = inputConfig(input, testContext({}));
  const shown = listsFiles(input) ? 'files' : type;
  return [name, shown, compared(type, options), input.optional === true];
}

const theirs = (declared: Inputs, { input }: Listed) =>
  specsOf(input).map(({ name, spec: [type, options], optional: isOptional }) => {
    const shown = listsFiles(declared[name]) ? 'files' : choicesOf(type, options);
    return [name, shown, compared(type, options), isOptional];
  });

describe('the core pack', () => {
  const types = new Set(
    Object.values(RELEASES).flatMap(({ nodes, online }) => [...Object.keys(nodes), ...online]),
  );

  it('has every node of ComfyUI that is for a known family or any model', () => {
    // the others are outside, each with a reason
    const classesOf = (type: string) => [BUILT, REFUSED].filter((set) => set.has(type));
    expect([...types].filter((type) => classesOf(type).length !== 1)).toEqual([]);
  });

  it('names as later types only those that the releases here do not have', () => {
    const later = CORE_LATER.flatMap(({ types: names }) => names);
    expect(later.filter((type) => types.has(type) || BUILT.has(type))).toEqual([]);
    expect(new Set(later).size).toBe(later.length);
  });

  it('has no types that ComfyUI does not have', () => {
    const all = [...BUILT.keys(), ...REFUSED].filter((type) => !LATER.has(type));
    // the old name of ConditioningAverage, which files still contain
    expect(all.filter((type) => !types.has(type))).toEqual(['ConditioningAverage ']);
  });
});

describe.each(COMFYUI_VERSIONS)('under ComfyUI %s', (version) => {
  const nodes = nodesOf(version);
  const lists = RELEASES[version].nodes;

  it('there are only its nodes; those of later releases are in declaration-changes.ts', () => {
    const types = [...BUILT.keys()].filter((type) => nodes.has(type) && !(type in lists));
    expect(types).toEqual(['ConditioningAverage ']);
  });

  it.each([...BUILT.keys()].filter((type) => type in lists))(
    '%s is declared as ComfyUI does',
    (type) => {
      const { inputs, outputs, ...shown } = nodes.get(type)!;
      const listed = lists[type];
      expect(Object.entries(inputs).map(ours)).toEqual(theirs(inputs, listed));
      const { output, output_name = output, output_is_list = [] } = listed;
      expect(outputs.map((one) => [listedType(one), one.name, one.isList === true])).toEqual(
        output.map((socket, i) => [socket, output_name[i], output_is_list[i] ?? false]),
      );
      const { display_name: display = shown.display, category, deprecated, experimental } = listed;
      expect({ deprecated: false, experimental: false, ...shown }).toMatchObject({
        display: display ?? shown.display,
        category,
        deprecated: deprecated ?? false,
        experimental: experimental ?? false,
      });
    },
  );
});
