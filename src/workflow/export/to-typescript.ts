// Prints a workflow as a TypeScript program that uses the workflow builder.

import { DarkroomError } from '../../errors.ts';
import {
  entriesOf,
  isJsonObject,
  isPyFloat,
  type Json,
  type JsonObject,
  numberOf,
} from '../../formats/json.ts';
import { inputOf, type NodeDeclaration } from '../../nodes/declare.ts';
import type { Input } from '../../nodes/input-types.ts';
import { isRequired } from '../../nodes/input-types.ts';
import { WIDGET_TYPES } from '../../nodes/widget-types.ts';
import { ownValue } from '../../own-value.ts';
import { type Graph, linkOf } from '../api-graph.ts';
import { isIdentifier, keyOf, mustBeGiven, quote } from '../builder/generate.ts';
import {
  convertWidgetValue,
  declaredLinks,
  socketTypeOf,
  socketTypesMatch,
  unionMembers,
} from '../input-spec.ts';
import type { NodeTable } from '../node-table.ts';
import { noOutputs } from '../validate/issues.ts';
import { PythonError } from '../validate/python-values.ts';
import { combineProblems, unknownTypes } from '../validate/validate.ts';
import { createMatches } from '../validate/validation-environment.ts';
import { ProgramNames } from './program-names.ts';

export interface ProgramOptions {
  /** The file that the first line names. */
  readonly file?: string;
}

/** Width of import lines, in characters. */
const WIDTH = 120;

/**
 * The program that builds and runs a workflow. Inputs without a declaration and nodes that lead to
 * no output have no effect and are left out; a comment lists these nodes. Throws
 * DR_WORKFLOW_INVALID for unknown node types, links from missing nodes, and cycles.
 */
export function toTypeScript(
  graph: Graph,
  nodes: NodeTable,
  { file }: ProgramOptions = {},
): string {
  const unknown = unknownTypes(graph, nodes, createMatches().didYouMean);
  const error = combineProblems({ problems: unknown.map((issue) => issue.error) });
  if (error) throw error;
  const outputs = [...graph.keys()].filter((id) => nodes.get(graph.get(id)!.classType)!.outputNode);
  if (outputs.length === 0) throw noOutputs().error;
  const order = executionOrder(graph, nodes, outputs);
  const names = new ProgramNames(graph, nodes, order);
  const title = file ? `${oneLine(file)} as a program` : 'A workflow as a program';
  const used = new Set(order);
  const unused = [...graph.keys()]
    .filter((id) => !used.has(id))
    .map((id) => `${oneLine(graph.get(id)!.classType)} (node ${id})`);
  return [
    `// ${title}: save it as an .mts file, then npx tsx FILE.mts`,
    `import { graph, openDarkroom } from 'darkroom-engine';`,
    braces('import', importedNames(graph, order), " from 'darkroom-engine/nodes';"),
    '',
    ...order.map((id) => nodeStatement({ graph, nodes, names }, id)),
    '',
    ...(unused.length > 0 ? [`// left out, as they lead to no output: ${unused.join(', ')}`] : []),
    `const workflow = graph(${outputs.map((id) => names.variable(id)).join(', ')});`,
    '',
    'const darkroom = await openDarkroom();',
    'try {',
    '  const result = await darkroom.run(workflow);',
    '  for (const image of result.images) console.log(image.path);',
    '} finally {',
    '  await darkroom.close();',
    '}',
    '',
  ].join('\n');
}

/** The functions of the nodes; `nodes` for those whose types are not identifiers. */
function importedNames(graph: Graph, order: readonly string[]): string[] {
  const types = order.map((id) => graph.get(id)!.classType);
  return [...new Set(types.map((type) => (isIdentifier(type) ? type : 'nodes')))].sort(byLetters);
}

interface Program {
  readonly graph: Graph;
  readonly nodes: NodeTable;
  readonly names: ProgramNames;
}

/** The statement that creates a node, with a comment on missing inputs. */
function nodeStatement(program: Program, id: string): string {
  const { graph, nodes, names } = program;
  const node = graph.get(id)!;
  const declaration = nodes.get(node.classType)!;
  const rows = entriesOf(node.inputs as JsonObject).flatMap(([name, value]): Row[] => {
    const input = inputOf(declaration, name);
    return input ? [{ key: keyOf(name), ...rowValue(program, value, input) }] : [];
  });
  const hasTitle =
    node.title !== undefined && node.title !== node.classType && node.title !== declaration.display;
  const created = call(
    isIdentifier(node.classType) ? node.classType : `nodes[${quote(node.classType)}]`,
    rows,
    hasTitle ? node.title : undefined,
  );
  return missingInputs(declaration, node.inputs) + names.declaration(id, created);
}

/** Comments on the inputs that the file should have: the call does not compile, or has defaults. */
function missingInputs({ inputs }: NodeDeclaration, given: object): string {
  const missing = Object.keys(inputs).filter(
    (name) => isRequired(inputs[name]) && !Object.hasOwn(given, name),
  );
  const listed = (names: readonly string[]): string =>
    names.map((name) => `'${oneLine(name)}'`).join(', ');
  const needed = missing.filter((name) => mustBeGiven(inputs[name]));
  const filledIn = missing.filter((name) => !mustBeGiven(inputs[name]));
  return [
    ...(filledIn.length > 0 ? [`// not in the file, so the default: ${listed(filledIn)}\n`] : []),
    ...(needed.length > 0 ? [`// @ts-expect-error the file has no ${listed(needed)}\n`] : []),
  ].join('');
}

/** The expression for the value of an input. */
function rowValue({ graph, nodes, names }: Program, value: Json, input: Input): Omit<Row, 'key'> {
  const link = linkOf(value);
  if (!link) {
    const converted = convertIfPossible(value, input);
    return { value: literal(converted), misfit: misfit(converted, input) };
  }
  const { outputs, dynamicOutput } = nodes.get(graph.get(link.id)!.classType)!;
  const type = (outputs[link.slot] ?? dynamicOutput)?.type ?? '*';
  const expected = socketTypeOf(input);
  return {
    value: names.link(link.id, link.slot),
    misfit: socketTypesMatch(type, expected) ? undefined : `expected ${expected}`,
  };
}

/** A node whose sources are being visited. */
interface Visit {
  readonly id: string;
  /** The nodes that it needs, with the inputs that they are connected to; the last comes first. */
  readonly remaining: { readonly source: string; readonly input: string }[];
}

/** The nodes that the outputs need, each after those that it needs. */
function executionOrder(graph: Graph, nodes: NodeTable, outputs: readonly string[]): string[] {
  const done = new Set<string>();
  const path = new Set<string>();
  const stack: Visit[] = [];
  const enter = (id: string, consumer: string, input: string): void => {
    if (done.has(id)) return;
    const node = graph.get(id);
    if (!node || path.has(id)) throw unusableLink(node !== undefined, id, consumer, input);
    path.add(id);
    const declaration = nodes.get(node.classType)!;
    const links = declaredLinks(declaration, node.inputs);
    const remaining = links.map(([name, [source]]) => ({ source, input: name })).reverse();
    stack.push({ id, remaining });
  };
  for (const output of outputs) {
    enter(output, '', '');
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const next = top.remaining.pop();
      if (next) enter(next.source, top.id, next.input);
      else {
        stack.pop();
        path.delete(top.id);
        done.add(top.id);
      }
    }
  }
  return [...done];
}

const unusableLink = (exists: boolean, id: string, consumer: string, input: string) =>
  new DarkroomError('DR_WORKFLOW_INVALID', {
    message: exists
      ? `node ${id} is part of a cycle of connections`
      : `'${input}' of node ${consumer} is connected to node ${id}, ` +
        'which is not in the workflow',
    hint: 'Correct the connection in ComfyUI and export the workflow again.',
    nodeId: consumer,
  });

/** A property of a node's inputs in the program. */
interface Row {
  readonly key: string;
  readonly value: string;
  /** What is wrong with the value, which is a type error in the program. */
  readonly misfit?: string;
}

/** A value as ComfyUI converts it before a run; unchanged if that fails. */
function convertIfPossible(value: Json, input: Input): Json {
  try {
    return convertWidgetValue(value, input);
  } catch (error) {
    if (error instanceof PythonError) return value;
    throw error;
  }
}

const IS_OF_TYPE: Readonly<Record<string, (value: Json) => boolean>> = {
  INT: (value) => typeof value === 'bigint' || numberOf(value) !== undefined,
  FLOAT: (value) => typeof value !== 'bigint' && numberOf(value) !== undefined,
  STRING: (value) => typeof value === 'string',
  BOOLEAN: (value) => typeof value === 'boolean',
  COMBO: (value) => typeof value === 'string',
  '*': (value) => value !== null,
};

/** Why a value does not fit an input; undefined when it does. */
function misfit(value: Json, input: Input): string | undefined {
  if (input.kind === 'COMBO' && typeof input.options !== 'function' && input.options.length > 0)
    return typeof value === 'string' && input.options.includes(value)
      ? undefined
      : 'not in the list';
  if (input.kind === 'WIDGET' && WIDGET_TYPES[input.type].fits(value)) return undefined;
  const fits =
    (input.kind === 'SOCKET' && input.inline && typeof value === 'string') ||
    unionMembers(socketTypeOf(input)).some((type) => ownValue(IS_OF_TYPE, type)?.(value));
  return fits ? undefined : `expected ${socketTypeOf(input)}`;
}

function literal(value: Json): string {
  if (typeof value === 'string') return value.includes('\n') ? template(value) : quote(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (isPyFloat(value)) return String(value.float);
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (isJsonObject(value))
    return `{ ${entriesOf(value)
      .map(([key, item]) => `${keyOf(key)}: ${literal(item)}`)
      .join(', ')} }`;
  return String(value);
}

/** A template literal; backslashes and line ends other than \n are escaped. */
const template = (text: string): string =>
  `\`${text.replace(/[\\`]|\$\{/g, '\\$&').replaceAll('\r', '\\r')}\``;

function call(name: string, inputs: readonly Row[], title?: string): string {
  const rows = inputs.map(({ key, value, misfit }) => ({
    text: key === value ? key : `${key}: ${value}`,
    misfit,
  }));
  const options = title === undefined ? '' : `, { title: ${quote(title)} }`;
  const inline = rows.map(({ text }) => text).join(', ');
  const short = `${name}({${inline && ` ${inline} `}}${options})`;
  if (
    rows.length <= 4 &&
    short.length <= WIDTH - 30 &&
    !short.includes('\n') &&
    !rows.some(({ misfit }) => misfit)
  )
    return short;
  const lines = rows.map(
    ({ text, misfit }) => `${misfit ? `  // @ts-expect-error ${misfit}\n` : ''}  ${text},\n`,
  );
  return `${name}({\n${lines.join('')}}${options})`;
}

function braces(word: string, names: readonly string[], end: string): string {
  const short = `${word} { ${names.join(', ')} }${end}`;
  return short.length <= WIDTH
    ? short
    : `${word} {\n${names.map((name) => `  ${name},\n`).join('')}}${end}`;
}

const byLetters = (a: string, b: string): number =>
  a.toLowerCase().localeCompare(b.toLowerCase(), 'en') || (a < b ? -1 : 1);
const oneLine = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]/gu, ' ');
