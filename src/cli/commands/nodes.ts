// darkroom nodes [TYPE…]: lists the available nodes, or the inputs and outputs of some.
import { dumpsJson } from '../../formats/dumps-json.ts';
import { didYouMean } from '../../near-matches.ts';
import type { NodeDeclaration } from '../../nodes/declare.ts';
import { NODES } from '../../nodes/index.ts';
import type { Input, Inputs } from '../../nodes/input-types.ts';
import { socketTypeOf } from '../../workflow/input-spec.ts';
import { badUsage } from '../bad-usage.ts';
import type { Invocation } from '../command.ts';
import { jsonLine } from '../terminal.ts';

/** Runs the command; returns the exit code. */
export async function nodesCommand({
  values,
  positionals,
  terminal,
  nodes,
}: Invocation): Promise<number> {
  const table = nodes?.table ?? NODES;
  for (const type of positionals)
    if (!table.has(type))
      throw badUsage(
        `unknown node type '${type}'`,
        didYouMean(type, table.keys()) || 'Run darkroom nodes to list the types.',
      );
  const listed =
    positionals.length > 0 ? positionals.map((type) => table.get(type)!) : [...table.values()];
  if (values.json) terminal.out(jsonLine(listed.map(toJson)));
  else if (positionals.length > 0)
    for (const node of listed) for (const line of describe(node)) terminal.out(line);
  else for (const line of list(listed)) terminal.out(line);
  return 0;
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
