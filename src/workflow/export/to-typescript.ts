// A workflow as a TypeScript program on the typed builder: variables named after titles, roles and types, only what is needed imported.
import { DarkroomError } from '../../errors.ts';
import {
  entriesOf,
  isJsonObject,
  isPyFloat,
  type Json,
  type JsonObject,
  numberOf,
} from '../../formats/json.ts';
import { type Input, inputOf, type NodeDeclaration } from '../../nodes/declare.ts';
import { type Graph, type GraphNode, linkOf } from '../api-graph.ts';
import { isIdentifier, keyOf, outputKeys, quote } from '../builder/generate.ts';
import { convertWidgetValue, socketTypeOf, socketTypesMatch, unionMembers } from '../input-spec.ts';
import * as issues from '../validate/issues.ts';
import { PythonError } from '../validate/python-values.ts';
import { combineProblems, type NodeTable } from '../validate/validate.ts';

export interface ProgramOptions {
  /** Named in the first line. */
  readonly file?: string;
}

const WIDTH = 120;
/** Names that variables of a program may not have. */
const RESERVED = new Set(
  [
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for',
    'function if implements import in instanceof interface let new null package private protected public return static super switch this',
    'throw true try typeof undefined var void while with yield graph nodes openDarkroom darkroom workflow result image console process',
  ].flatMap((line) => line.split(' ')),
);

/**
 * The program that makes and runs this workflow. Inputs that no declaration knows and nodes that lead to no output are left out (the latter
 * are named in a remark), as they have no effect. Throws DR_WORKFLOW_INVALID for unknown node types, for links from nowhere and for circles.
 */
export function toTypeScript(
  graph: Graph,
  nodes: NodeTable,
  { file }: ProgramOptions = {},
): string {
  const unknown = new Map<string, string[]>();
  for (const [id, { classType }] of graph)
    if (!nodes.has(classType)) unknown.set(classType, [...(unknown.get(classType) ?? []), id]);
  const problems = [...unknown].map(
    ([type, ids]) =>
      (type === '' ? issues.missingClassType(ids[0]) : issues.unknownType(ids, type, nodes.keys()))
        .error,
  );
  const refused = combineProblems({ problems });
  if (refused) throw refused;

  const declarationOf = (node: GraphNode): NodeDeclaration => nodes.get(node.classType)!;
  const shown = [...graph].filter(([, node]) => declarationOf(node).outputNode).map(([id]) => id);
  if (shown.length === 0) throw issues.noOutputs().error;
  const order = ordered(graph, nodes, shown);
  const names = createNames(graph, nodes, order);

  const statements = order.map((id) => {
    const node = graph.get(id)!;
    const declaration = declarationOf(node);
    const rows = entriesOf(node.inputs as JsonObject).flatMap(([name, value]): Row[] => {
      const input = inputOf(declaration, name);
      const link = input && linkOf(value);
      if (!input) return [];
      if (!link)
        return [
          {
            key: keyOf(name),
            value: literal(converted(value, input)),
            misfit: misfit(converted(value, input), input),
          },
        ];
      const { outputs, dynamicOutput } = declarationOf(graph.get(link.id)!);
      const meets = socketTypesMatch(
        (outputs[link.slot] ?? dynamicOutput)?.type ?? '*',
        socketTypeOf(input),
      );
      return [
        {
          key: keyOf(name),
          value: names.link(link.id, link.slot),
          misfit: meets ? undefined : `it takes ${socketTypeOf(input)}`,
        },
      ];
    });
    const title =
      node.title !== undefined &&
      node.title !== node.classType &&
      node.title !== declaration.display;
    const made = call(
      isIdentifier(node.classType) ? node.classType : `nodes[${quote(node.classType)}]`,
      rows,
      title ? node.title : undefined,
    );
    const absent = Object.keys(declaration.inputs).filter(
      (name) => !declaration.inputs[name].optional && !Object.hasOwn(node.inputs, name),
    );
    const remark =
      absent.length > 0
        ? `// @ts-expect-error the file has no ${absent.map((name) => `'${oneLine(name)}'`).join(', ')}\n`
        : '';
    return remark + names.declared(id, made);
  });

  const left = [...graph.keys()].filter((id) => !order.includes(id));
  const types = [...new Set(order.map((id) => graph.get(id)!.classType))];
  const imports = [...new Set(types.map((type) => (isIdentifier(type) ? type : 'nodes')))].sort(
    byLetters,
  );
  return [
    `// ${file ? `${oneLine(file)} as a program` : 'A workflow as a program'}: save it as an .mts file, then npx tsx FILE.mts`,
    `import { graph, openDarkroom } from 'darkroom';`,
    braces('import', imports, " from 'darkroom/nodes';"),
    '',
    ...statements,
    '',
    ...(left.length > 0
      ? [
          `// without effect, and left out: ${left.map((id) => `${oneLine(graph.get(id)!.classType)} (node ${id})`).join(', ')}`,
        ]
      : []),
    `const workflow = graph(${shown.map((id) => names.variable(id)).join(', ')});`,
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

/** The nodes behind the outputs, each after those it needs. */
function ordered(graph: Graph, nodes: NodeTable, outputs: readonly string[]): string[] {
  const done = new Set<string>();
  const path = new Set<string>();
  const visit = (id: string, by: string, input: string): void => {
    if (done.has(id)) return;
    const node = graph.get(id);
    if (!node || path.has(id))
      throw new DarkroomError('DR_WORKFLOW_INVALID', {
        message: node
          ? `node ${id} is connected in a circle`
          : `'${input}' of node ${by} is connected to node ${id}, which is not in the workflow`,
        hint: 'Correct the connection in ComfyUI and export the workflow again.',
        nodeId: by,
      });
    path.add(id);
    const declaration = nodes.get(node.classType)!;
    for (const [name, value] of entriesOf(node.inputs as JsonObject)) {
      const link = inputOf(declaration, name) && linkOf(value);
      if (link) visit(link.id, id, name);
    }
    path.delete(id);
    done.add(id);
  };
  for (const id of outputs) visit(id, '', '');
  return [...done];
}

interface Names {
  variable(id: string): string;
  link(id: string, slot: number): string;
  /** The statement that makes a node by this call. */
  declared(id: string, call: string): string;
}

function createNames(graph: Graph, nodes: NodeTable, order: readonly string[]): Names {
  const taken = new Set([...RESERVED, ...nodes.keys()]);
  const free = (wish: string): string => {
    let name = wish;
    for (let i = 2; taken.has(name); i++) name = `${wish}${i}`;
    taken.add(name);
    return name;
  };
  const uses = new Map<string, { slot: number; input: string }[]>();
  for (const id of order)
    for (const [input, value] of entriesOf(graph.get(id)!.inputs as JsonObject)) {
      const link = inputOf(nodes.get(graph.get(id)!.classType)!, input) && linkOf(value);
      if (link) uses.set(link.id, [...(uses.get(link.id) ?? []), { slot: link.slot, input }]);
    }
  const types = order.map((id) => graph.get(id)!.classType);

  /** By its own title; by the input it serves where others are of its type; by its type. */
  const wish = (id: string): string => {
    const { title, classType } = graph.get(id)!;
    const { display } = nodes.get(classType)!;
    if (title !== undefined && title !== classType && title !== display) {
      const name = camelCase(title);
      if (name !== '') return name;
    }
    const roles = new Set(uses.get(id)?.map(({ input }) => input));
    const several = types.filter((type) => type === classType).length > 1;
    return camelCase(several && roles.size === 1 ? [...roles][0] : classType) || 'node';
  };

  const variables = new Map<string, string>();
  const parts = new Map<string, Map<number, string>>();
  for (const id of order) {
    const { outputs, outputNode } = nodes.get(graph.get(id)!.classType)!;
    const keys = outputKeys(outputs);
    const used = [...new Set(uses.get(id)?.map(({ slot }) => slot))].sort((a, b) => a - b);
    const bare = (slot: number): boolean =>
      typeof keys[slot] === 'string' && isIdentifier(keys[slot]) && !taken.has(keys[slot]);
    if (!outputNode && outputs.length > 1 && used.length > 0 && used.every(bare))
      parts.set(id, new Map(used.map((slot) => [slot, free(keys[slot] as string)])));
    else variables.set(id, free(wish(id)));
  }

  return {
    variable: (id) => variables.get(id)!,
    link: (id, slot) => {
      const part = parts.get(id)?.get(slot);
      if (part !== undefined) return part;
      const key = outputKeys(nodes.get(graph.get(id)!.classType)!.outputs)[slot];
      if (key === undefined)
        throw new DarkroomError('DR_WORKFLOW_INVALID', {
          message: `a connection comes from output ${slot} of node ${id}, which has no such output`,
          hint: 'Correct the connection in ComfyUI and export the workflow again.',
          nodeId: id,
        });
      const variable = variables.get(id)!;
      return typeof key === 'string' && isIdentifier(key)
        ? `${variable}.${key}`
        : `${variable}[${typeof key === 'number' ? key : quote(key)}]`;
    },
    declared: (id, made) => {
      const names = parts.get(id);
      return names
        ? `const { ${[...names.values()].join(', ')} } = ${made};`
        : `const ${variables.get(id)} = ${made};`;
    },
  };
}

/** `Positive prompt` -> positivePrompt, `CLIPTextEncode` -> clipTextEncode; empty when nothing is left. */
export function camelCase(text: string): string {
  const words =
    text.normalize('NFC').match(/\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+|[\p{Lo}\p{Lm}]+|\d+\p{Ll}*/gu) ??
    [];
  const name = words
    .map((word, i) =>
      i === 0 ? word.toLowerCase() : word[0].toUpperCase() + word.slice(1).toLowerCase(),
    )
    .join('');
  return /^\d/.test(name) ? `_${name}` : name;
}

interface Row {
  readonly key: string;
  readonly value: string;
  /** What is wrong with the value: the compiler would say so too. */
  readonly misfit?: string;
}

/** A value as ComfyUI converts it before a run. */
function converted(value: Json, input: Input): Json {
  try {
    return convertWidgetValue(value, input);
  } catch (error) {
    if (error instanceof PythonError) return value;
    throw error;
  }
}

const IS: Readonly<Record<string, (value: Json) => boolean>> = {
  INT: (value) => typeof value === 'bigint' || numberOf(value) !== undefined,
  FLOAT: (value) => typeof value !== 'bigint' && numberOf(value) !== undefined,
  STRING: (value) => typeof value === 'string',
  BOOLEAN: (value) => typeof value === 'boolean',
  COMBO: (value) => typeof value === 'string',
  '*': (value) => value !== null,
};

function misfit(value: Json, input: Input): string | undefined {
  if (input.kind === 'COMBO' && typeof input.options !== 'function' && input.options.length > 0)
    return typeof value === 'string' && input.options.includes(value)
      ? undefined
      : 'it is not in the list';
  const fits =
    (input.kind === 'SOCKET' && input.inline && typeof value === 'string') ||
    unionMembers(socketTypeOf(input)).some((type) => IS[type]?.(value));
  return fits ? undefined : `it takes ${socketTypeOf(input)}`;
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

/** Line ends other than \n, and backslashes, must survive. */
const template = (text: string): string =>
  `\`${text.replace(/[\\`]|\$\{/g, '\\$&').replaceAll('\r', '\\r')}\``;

function call(name: string, inputs: readonly Row[], title?: string): string {
  const rows = inputs.map(({ key, value, misfit }) => ({
    text: key === value ? key : `${key}: ${value}`,
    misfit,
  }));
  const options = title === undefined ? '' : `, { title: ${quote(title)} }`;
  const short = `${name}({${rows.length > 0 ? ` ${rows.map(({ text }) => text).join(', ')} ` : ''}}${options})`;
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
