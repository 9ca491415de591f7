// Writes nodes.generated.ts: a typed function for each node, from its declaration. `npm run
// builder` runs it.
import type { DynamicInputs, NodeDeclaration, Output } from '../../nodes/declare.ts';
import type { Input } from '../../nodes/input-types.ts';
import { socketTypeOf, unionMembers } from '../input-spec.ts';

const HEAD = `// Written by \`npm run builder\` from the declarations of the nodes: not to be edited.
import { nodeFunction } from './typed-node.ts';
import type { Anything, Bool, FileName, Float, Int, Link, Node, NodeFunction, OneOf, OutputNode, Text } from './typed-node.ts';
`;

/** The text of nodes.generated.ts. */
export function generateBuilder(declarations: Iterable<NodeDeclaration>): string {
  const all = [...declarations].sort((a, b) => (a.type < b.type ? -1 : 1));
  const lists = sharedLists(all);
  const types = [...lists].map(([options, name]) => `export type ${name} = ${options};\n`).sort();
  const named = all.filter(({ type }) => isIdentifier(type));
  const strange = all.filter(({ type }) => !isIdentifier(type));
  const functions = named.map(
    (node) =>
      `${doc(about(node), '')}export const ${node.type}: ${signature(node, lists, '')} = ${maker(node)};\n`,
  );
  const table = [
    ...named.map(({ type }) => `  ${type}: typeof ${type};\n`),
    ...strange.map(
      (node) =>
        `${doc(about(node), '  ')}  ${quote(node.type)}: ${signature(node, lists, '  ')};\n`,
    ),
  ];
  const entries = [
    ...named.map(({ type }) => `  ${type},\n`),
    ...strange.map((node) => `  ${quote(node.type)}: ${maker(node)},\n`),
  ];
  return [
    HEAD,
    types.join(''),
    functions.join('\n'),
    `/** All nodes by class type, also those whose types are no identifiers. */\nexport const nodes: {\n${table.join('')}} = {\n${entries.join('')}};\n`,
  ].join('\n');
}

export const isIdentifier = (name: string): boolean => /^[A-Za-z_$][\w$]*$/.test(name);

/** A text in single quotes. */
export const quote = (text: string): string =>
  `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;

export const keyOf = (name: string): string => (isIdentifier(name) ? name : quote(name));

/** By which an output is reached: its name, or its number where an earlier one has that name. */
export const outputKeys = (outputs: readonly Output[]): (string | number)[] =>
  outputs.map(({ name }, i) =>
    name === '' || outputs.findIndex((o) => o.name === name) < i ? i : name,
  );

const about = ({
  display,
  category,
  description,
  deprecated,
  experimental,
}: NodeDeclaration): string =>
  [
    `${display} (${category})${description ? `: ${description}` : ''}`,
    ...(deprecated ? ['@deprecated'] : []),
    ...(experimental ? ['@experimental'] : []),
  ].join('\n');

function doc(text: string, indent: string): string {
  const lines = text.replaceAll('*/', '* /').split('\n');
  return lines.length === 1
    ? `${indent}/** ${lines[0]} */\n`
    : `${indent}/**\n${lines.map((l) => `${indent} * ${l}\n`).join('')}${indent} */\n`;
}

const signature = (
  node: NodeDeclaration,
  lists: ReadonlyMap<string, string>,
  indent: string,
): string => {
  const rows = Object.entries(node.inputs).map(([name, input]) => {
    const text = remarks(input);
    return `${text ? doc(text, `${indent}  `) : ''}${indent}  ${keyOf(name)}${input.optional ? '?' : ''}: ${inputType(input, lists)};\n`;
  });
  const more = [node.dynamicInputs ?? []]
    .flat()
    .map(
      (m: DynamicInputs) =>
        `${indent}  [more: ${pattern(m)}]: ${inputType(m.input, lists)} | undefined;\n`,
    );
  const body =
    rows.length + more.length > 0
      ? `{\n${rows.join('')}${more.join('')}${indent}}`
      : 'Record<string, never>';
  return `NodeFunction<${body}, ${resultType(node)}>`;
};

/** \`^segs\\d+$\` -> \`segs\${number}\` */
const pattern = ({ pattern: { source } }: DynamicInputs): string => {
  const prefix = /^\^(\w+)\\d\+\$$/.exec(source)?.[1];
  return prefix ? `\`${prefix}\${number}\`` : 'string';
};

function remarks(input: Input): string {
  const parts = [input.tooltip ?? ''];
  if (input.kind === 'INT' || input.kind === 'FLOAT')
    parts.push(`${input.min} to ${input.max}, in the editor ${input.default}.`);
  if (input.kind === 'COMBO' && input.folder) parts.push(`A file of models/${input.folder}.`);
  if ((input.kind === 'BOOLEAN' || input.kind === 'COMBO') && input.default !== undefined)
    parts.push(`In the editor ${input.default}.`);
  return parts.filter(Boolean).join(' ');
}

const KINDS: Readonly<Record<string, string>> = {
  INT: 'Int',
  FLOAT: 'Float',
  STRING: 'Text',
  BOOLEAN: 'Bool',
};
const LITERALS: Readonly<Record<string, string>> = {
  INT: 'number | bigint',
  FLOAT: 'number',
  STRING: 'string',
  BOOLEAN: 'boolean',
  COMBO: 'string',
};

function inputType(input: Input, lists: ReadonlyMap<string, string>): string {
  if (input.kind === 'COMBO') {
    if (typeof input.options === 'function' || input.options.length === 0) return 'FileName';
    const union = unionOf(input.options);
    return `OneOf<${lists.get(union) ?? union}>`;
  }
  if (input.kind !== 'SOCKET') return KINDS[input.kind];
  const members = unionMembers(socketTypeOf(input));
  if (members.includes('*')) return 'Anything';
  const values = [
    ...(input.inline ? ['string'] : []),
    ...members.flatMap((type) => LITERALS[type] ?? []),
  ];
  return [
    ...new Set(values.flatMap((value) => value.split(' | '))),
    `Link<${members.map(quote).join(' | ')}>`,
  ].join(' | ');
}

const resultType = ({ outputs, outputNode }: NodeDeclaration): string => {
  const keys = outputKeys(outputs);
  const types = outputs.map(
    ({ type }, i) => `${typeof keys[i] === 'number' ? keys[i] : keyOf(keys[i])}: ${linkType(type)}`,
  );
  return `${outputNode ? 'OutputNode' : 'Node'}${types.length > 0 ? `<{ ${types.join('; ')} }>` : ''}`;
};

/**
 * An output that may be of several types fits wherever one may: the checks before a run know more.
 */
const linkType = (type: string): string =>
  type === '*' || type.includes(',') ? 'never' : quote(type);

const maker = ({ type, outputs }: NodeDeclaration): string => {
  const keys = outputKeys(outputs);
  const list = outputs.map(
    (o, i) => `[${typeof keys[i] === 'number' ? keys[i] : quote(keys[i])}, ${quote(o.type)}]`,
  );
  return `nodeFunction(${quote(type)}${list.length > 0 ? `, [${list.join(', ')}]` : ''})`;
};

const unionOf = (options: readonly string[]): string => options.map(quote).join(' | ');

/** Names for the lists that several inputs choose from, after the input that has it first. */
function sharedLists(all: readonly NodeDeclaration[]): Map<string, string> {
  const uses = new Map<string, { count: number; name: string }>();
  for (const { inputs } of all)
    for (const [name, input] of Object.entries(inputs)) {
      if (input.kind !== 'COMBO' || typeof input.options === 'function' || input.options.length < 3)
        continue;
      const union = unionOf(input.options);
      uses.set(union, {
        count: (uses.get(union)?.count ?? 0) + 1,
        name: uses.get(union)?.name ?? name,
      });
    }
  const taken = new Set(all.map(({ type }) => type));
  const shared = new Map<string, string>();
  for (const [union, { count, name }] of uses) {
    if (count < 2) continue;
    const base = name.replace(/(?:^|[^A-Za-z\d]+)([A-Za-z\d])/g, (_, letter: string) =>
      letter.toUpperCase(),
    );
    let unique = base;
    for (let i = 2; taken.has(unique); i++) unique = `${base}${i}`;
    taken.add(unique);
    shared.set(union, unique);
  }
  return shared;
}
