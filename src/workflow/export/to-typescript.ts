// Prints a workflow as a TypeScript program that uses the workflow builder.

import { DarkroomError } from '../../errors.ts';
import type { JsonObject } from '../../formats/json.ts';
import type { NodeDeclaration } from '../../nodes/declare.ts';
import { type Input, isRequired } from '../../nodes/input-types.ts';
import { flatDeclaration } from '../../nodes/nested-inputs.ts';
import type { Graph } from '../api-graph.ts';
import { mustBeGiven } from '../builder/defaults.ts';
import { isIdentifier, quote } from '../builder/names.ts';
import { declaredLinks } from '../input-spec.ts';
import type { NodeTable } from '../node-table.ts';
import { noOutputs } from '../validate/issues.ts';
import { NEWEST_FORMS } from '../validate/released-errors.ts';
import { combineProblems, unknownTypes } from '../validate/validate.ts';
import { createMatches } from '../validate/validation-environment.ts';
import { inputRows, type Program, propertyOf, type Row } from './input-rows.ts';
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
  const unknown = unknownTypes(graph, nodes, { ...createMatches(), forms: NEWEST_FORMS });
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
    ...importLines(graph, nodes, order),
    '',
    ...order.map((id) => nodeStatement({ graph, nodes, names }, id)),
    '',
    ...(unused.length > 0 ? [`// left out, as they lead to no output: ${unused.join(', ')}`] : []),
    `const workflow = graph(${outputs.map((id) => names.variable(id)).join(', ')});`,
    '',
    `const darkroom = await openDarkroom(${packOption(graph, nodes, order)});`,
    'try {',
    '  const result = await darkroom.run(workflow);',
    '  for (const image of result.images) console.log(image.path);',
    '} finally {',
    '  await darkroom.close();',
    '}',
    '',
  ].join('\n');
}

/** The files of the packs of nodes that are not built in. */
const packFiles = (graph: Graph, nodes: NodeTable, order: readonly string[]): string[] => [
  ...new Set(order.flatMap((id) => nodes.get(graph.get(id)!.classType)!.origin?.file ?? [])),
];

/** The option of openDarkroom that names the packs. */
function packOption(graph: Graph, nodes: NodeTable, order: readonly string[]): string {
  const files = packFiles(graph, nodes, order);
  return files.length === 0 ? '' : `{ nodes: [${files.map(quote).join(', ')}] }`;
}

/** Where the functions of packs are expected. */
const PACK_MODULE = './nodes.ts';

/** The imports of the functions of built-in nodes, and of those of packs. */
function importLines(graph: Graph, nodes: NodeTable, order: readonly string[]): string[] {
  const types = order.map((id) => graph.get(id)!.classType);
  const isOfPack = (type: string): boolean => nodes.get(type)!.origin !== undefined;
  const own = types.filter((type) => !isOfPack(type));
  const ofPacks = types.filter(isOfPack);
  const lines = [braces('import', importedNames(own, 'nodes'), " from 'darkroom-engine/nodes';")];
  if (ofPacks.length === 0) return lines;
  const command = packFiles(graph, nodes, order).map((file) => ` --nodes ${file}`);
  return [
    ...(own.length > 0 ? lines : []),
    `// written by: darkroom nodes --types${oneLine(command.join(''))} > nodes.ts`,
    braces('import', importedNames(ofPacks, 'nodes as packNodes'), ` from '${PACK_MODULE}';`),
  ];
}

/** The functions of the nodes; `table` for those whose types are not identifiers. */
function importedNames(types: readonly string[], table: string): string[] {
  return [...new Set(types.map((type) => (isIdentifier(type) ? type : table)))].sort(byLetters);
}

/** The statement that creates a node, with a comment on missing inputs. */
function nodeStatement(program: Program, id: string): string {
  const { graph, nodes, names } = program;
  const node = graph.get(id)!;
  const declaration = nodes.get(node.classType)!;
  const rows = inputRows(program, declaration, node.inputs);
  const hasTitle =
    node.title !== undefined && node.title !== node.classType && node.title !== declaration.display;
  const created = call(
    isIdentifier(node.classType)
      ? node.classType
      : `${declaration.origin ? 'packNodes' : 'nodes'}[${quote(node.classType)}]`,
    rows,
    hasTitle ? node.title : undefined,
  );
  return missingInputs(declaration, node.inputs) + names.declaration(id, created);
}

const isEmptyGrowth = (input: Input): boolean =>
  input.kind === 'COMFY_AUTOGROW_V3' && input.required === 0;

/** Comments on the inputs that the file should have: the call does not compile, or has defaults. */
function missingInputs(declaration: NodeDeclaration, given: Readonly<JsonObject>): string {
  const names = Object.keys(given);
  const grown = Object.entries(declaration.inputs).filter(
    ([, { kind }]) => kind === 'COMFY_AUTOGROW_V3',
  );
  // one that grows is missing when none of its inputs is given
  const inputs = Object.fromEntries([
    ...Object.entries(flatDeclaration(declaration, given).inputs).filter(
      ([name]) => !grown.some(([outer]) => name.startsWith(`${outer}.`)),
    ),
    ...grown.filter(([outer]) => !names.some((name) => name.startsWith(`${outer}.`))),
  ]);
  const missing = Object.keys(inputs).filter(
    (name) =>
      isRequired(inputs[name]) && !Object.hasOwn(given, name) && !isEmptyGrowth(inputs[name]),
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

function call(name: string, inputs: readonly Row[], title?: string): string {
  const rows = inputs.map((row) => ({ text: propertyOf(row), misfit: row.misfit }));
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
