// darkroom nodes [list|describe|new]: lists the available nodes or packs, describes some, writes
// the typed functions of packs, and begins a new pack.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { versions } from '../../engine/versions.ts';
import { dumpsJson } from '../../formats/dumps-json.ts';
import { isJsonObject } from '../../formats/json.ts';
import { didYouMean } from '../../near-matches.ts';
import type { NodeDeclaration } from '../../nodes/declare.ts';
import { PACKS } from '../../nodes/index.ts';
import type { Input, Inputs } from '../../nodes/input-types.ts';
import { API_VERSION } from '../../nodes/pack-api/version.ts';
import { ownValue } from '../../own-value.ts';
import { generateBuilder } from '../../workflow/builder/generate.ts';
import {
  declarationFromInfo,
  type WrittenDeclaration,
} from '../../workflow/export/declaration-from-info.ts';
import { socketTypeOf } from '../../workflow/input-spec.ts';
import { badUsage } from '../bad-usage.ts';
import type { Invocation } from '../command.ts';
import { newPackFiles } from '../new-pack.ts';
import { type CommandNodes, loadCommandNodes } from '../node-packs.ts';
import { jsonLine, type Terminal, warnings } from '../terminal.ts';

type Action = (invocation: Invocation, rest: readonly string[]) => Promise<number>;

const ACTIONS: Readonly<Record<string, Action>> = {
  list: (invocation, rest) => listPacks(invocation, rest),
  describe: (invocation, rest) => showNodes(invocation, rest),
  new: (invocation, rest) => newPack(invocation, rest),
};

/** Runs the command; returns the exit code. */
export async function nodesCommand(invocation: Invocation): Promise<number> {
  const [first = '', ...rest] = invocation.positionals;
  const action = ownValue(ACTIONS, first);
  return action
    ? await action(invocation, rest)
    : await showNodes(invocation, invocation.positionals);
}

const load = (invocation: Invocation): Promise<CommandNodes> =>
  loadCommandNodes(invocation, warnings(invocation.terminal, invocation.values.quiet));

/** `darkroom nodes [TYPE…]`, `nodes describe TYPE`, `nodes --types`. */
async function showNodes(invocation: Invocation, types: readonly string[]): Promise<number> {
  const { values, terminal } = invocation;
  const { table } = await load(invocation);
  for (const type of types)
    if (!table.has(type))
      throw badUsage(
        `unknown node type '${type}'`,
        didYouMean(type, table.keys()) || 'Run darkroom nodes to list the types.',
      );
  const all = [...table.values()];
  const listed = types.length > 0 ? types.map((type) => table.get(type)!) : all;
  if (values.types) printTypes(terminal, listed);
  else if (values.json) terminal.out(jsonLine(listed.map(toJson)));
  else if (types.length > 0)
    for (const node of listed) for (const line of describe(node)) terminal.out(line);
  else for (const line of list(listed)) terminal.out(line);
  return 0;
}

/** The typed functions of the nodes of packs; those of the others are in darkroom-engine/nodes. */
function printTypes(terminal: Terminal, nodes: readonly NodeDeclaration[]): void {
  const ofPacks = nodes.filter(({ origin }) => origin);
  if (ofPacks.length === 0)
    throw badUsage(
      'there are no nodes of packs',
      'Name packs with --nodes; the functions of the other nodes are in darkroom-engine/nodes.',
    );
  const head = { command: 'darkroom nodes --types', from: 'darkroom-engine' };
  terminal.out(generateBuilder(ofPacks, head).trimEnd());
}

/** `darkroom nodes list`: the packs with their versions, origins and numbers of nodes. */
async function listPacks(invocation: Invocation, rest: readonly string[]): Promise<number> {
  const { values, terminal } = invocation;
  if (rest.length > 0)
    throw badUsage(`unexpected argument '${rest[0]}'`, 'See darkroom nodes --help.');
  const { packs } = await load(invocation);
  const { version } = versions();
  const rows = [
    ...PACKS.map(({ title, nodes }) => ({ title, version, origin: 'built in', nodes })),
    ...packs.map((pack) => ({ ...pack, version: pack.version ?? '', origin: pack.source.folder })),
  ].map(({ nodes, ...row }) => ({ ...row, types: nodes.map(({ type }) => type) }));
  if (values.json) {
    terminal.out(
      jsonLine(
        rows.map(({ title, version: of, origin, types }) => ({
          title,
          version: of,
          origin,
          types,
        })),
      ),
    );
    return 0;
  }
  const width = Math.max(...rows.map(({ title }) => title.length));
  for (const { title, version: of, origin, types } of rows) {
    const count = `${types.length} ${types.length === 1 ? 'node' : 'nodes'}`;
    terminal.out(`${title.padEnd(width)}  ${of.padEnd(8)}  ${count.padEnd(9)}  ${origin}`);
  }
  return 0;
}

/** `darkroom nodes new NAME`, `darkroom nodes new --from object_info.json TYPE`. */
async function newPack(
  invocation: Invocation,
  [name, ...rest]: readonly string[],
): Promise<number> {
  const { values, terminal } = invocation;
  if (name === undefined || rest.length > 0)
    throw badUsage('nodes new needs one name', 'For example: darkroom nodes new film-looks');
  const node = values.from === undefined ? undefined : readDeclaration(values.from, name);
  const packName = node ? packNameOf(name) : name;
  if (!/^[a-z0-9][a-z0-9._-]*$/.test(packName))
    throw badUsage(
      `'${packName}' can't be the name of a package`,
      'Use small letters, digits and hyphens: darkroom nodes new film-looks',
    );
  const folder = values.out ?? packName;
  if (existsSync(folder))
    throw badUsage(
      `${folder} exists already`,
      'Choose another name, or another folder with --out.',
    );
  const { version } = versions();
  const files = newPackFiles({ name: packName, version, api: API_VERSION, node });
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  terminal.out(`${folder}: ${Object.keys(files).join(', ')}`);
  terminal.out(`Try it: darkroom nodes list --nodes ${folder}`);
  return 0;
}

const packNameOf = (type: string): string =>
  type
    .replace(/([a-z0-9])(?=[A-Z])/g, '$1-')
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean)
    .join('-')
    .toLowerCase();

/** The declaration of a type from the /object_info of a ComfyUI server. Throws DR_BAD_USAGE. */
function readDeclaration(file: string, type: string): WrittenDeclaration {
  let info: unknown;
  try {
    info = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw badUsage(
      `${file} can't be read: ${(cause as Error).message}`,
      'Save http://SERVER:8188/object_info of a ComfyUI server as a file.',
    );
  }
  const entry = isJsonObject(info) ? ownValue(info as Record<string, unknown>, type) : undefined;
  if (isJsonObject(entry)) return declarationFromInfo(type, entry);
  throw badUsage(
    `${file} has no node type '${type}'`,
    (isJsonObject(info) && didYouMean(type, Object.keys(info))) || 'See its keys for the types.',
  );
}

const toJson = ({ type, display, category, inputs, outputs }: NodeDeclaration) => ({
  type,
  display,
  category,
  inputs: Object.entries(inputs).map(([name, input]) => ({
    name,
    type: socketTypeOf(input),
    optional: input.optional === true,
  })),
  outputs: outputs.map((o) => ({ name: o.name, type: o.type })),
});

function list(nodes: readonly NodeDeclaration[]): string[] {
  const width = Math.max(...nodes.map((node) => node.type.length));
  return [...nodes]
    .sort((a, b) =>
      a.category === b.category ? (a.type < b.type ? -1 : 1) : a.category < b.category ? -1 : 1,
    )
    .map((node) => `${node.type.padEnd(width)}  ${node.category}`);
}

function describe(node: NodeDeclaration): string[] {
  const rows = inputRows(node.inputs, '    ');
  const more = [node.dynamicInputs ?? []]
    .flat()
    .map(({ pattern, input }) => `    ${pattern.source}: ${socketTypeOf(input)}, optional`);
  return [
    `${node.type} (${node.display}), ${node.category}`,
    ...(node.description ? [`  ${node.description}`] : []),
    ...(node.origin ? [`  of the pack ${node.origin.pack} (${node.origin.file})`] : []),
    '  inputs:',
    ...rows,
    ...more,
    '  outputs:',
    ...node.outputs.map((o) => `    ${o.name}: ${o.type}${o.isList ? ' list' : ''}`),
  ];
}

/** One line for each input; those of choices are indented below them. */
const inputRows = (inputs: Inputs, indent: string): string[] =>
  Object.entries(inputs).flatMap(([name, input]) => {
    const line = (own: string, { optional }: Input, of: string): string =>
      `${indent}${own}: ${of}${optional ? ', optional' : ''}${range(input)}`;
    if (input.kind === 'COMFY_AUTOGROW_V3') {
      const [first] = input.names;
      return [line(`${name}.${first} …`, input, socketTypeOf(input.template.input))];
    }
    if (input.kind !== 'COMFY_DYNAMICCOMBO_V3') return [line(name, input, socketTypeOf(input))];
    const choices = input.options.flatMap((option) => [
      `${indent}  ${option}`,
      ...inputRows(prefixed(input.choices[option], name), `${indent}    `),
    ]);
    return [line(name, input, 'COMBO'), ...choices];
  });

const prefixed = (inputs: Inputs, prefix: string): Inputs =>
  Object.fromEntries(Object.entries(inputs).map(([name, input]) => [`${prefix}.${name}`, input]));

function range(input: Input): string {
  if (input.kind === 'COMFY_AUTOGROW_V3')
    return `, ${input.required} to ${input.names.length}, up to ${input.names.at(-1)}`;
  if (input.kind === 'INT' || input.kind === 'FLOAT')
    return `, ${input.min} to ${input.max}, default ${input.default}`;
  if (input.kind === 'COMBO')
    return typeof input.options === 'function'
      ? `, a file${input.folder ? ` of ${input.folder}` : ''}`
      : `, one of ${input.options.join(', ')}`;
  if (input.kind === 'BOOLEAN' || input.kind === 'STRING')
    return input.default === undefined ? '' : `, default ${dumpsJson(input.default)}`;
  return '';
}
