// Finds everything that prevents a workflow from running, in one pass: when node types are missing,
// the rest of the graph is checked nevertheless.
import type { DarkroomError } from '../../errors.ts';
import type { NodeEnvironment } from '../../nodes/context.ts';
import { type NodeDeclaration, output, socket } from '../../nodes/declare.ts';
import { packTitleOf, REFUSED } from '../../nodes/index.ts';
import { type Graph, linksByInput } from '../api-graph.ts';
import type { NodeTable } from '../node-table.ts';
import { declaredInput } from '../overrides/graph-search.ts';
import { nodesOfUnknownType, type Validation, validate } from './validate.ts';
import {
  createValidationEnvironment,
  type ValidationEnvironment,
} from './validation-environment.ts';

export interface MissingNode {
  readonly type: string;
  /** The pack that the type's name points to, if any. */
  readonly pack?: string;
  /** Why it is not built in, for types that Darkroom deliberately does not support. */
  readonly reason?: string;
  readonly nodeIds: readonly string[];
}

export interface MissingModel {
  readonly file: string;
  /** The model folder it belongs in, `checkpoints` or the like. */
  readonly folder: string;
  /** Files of that folder with a similar name. */
  readonly near: readonly string[];
  readonly nodeIds: readonly string[];
}

export interface FoundProblems {
  /** ComfyUI's own response, which does not check values while types are missing. */
  readonly validation: Validation;
  readonly nodes: readonly MissingNode[];
  readonly models: readonly MissingModel[];
  /** Every finding: missing types first, then model files and inputs. */
  readonly problems: readonly DarkroomError[];
  /** The graph after the conversions, which are made although types are missing. */
  readonly graph: Graph;
}

/** Checks a graph. Returns what is wrong with it and does not throw for it. */
export function findProblems(
  graph: Graph,
  nodes: NodeTable,
  nodeEnvironment: NodeEnvironment,
): FoundProblems {
  const environment = createValidationEnvironment(nodeEnvironment);
  const validation = validate(graph, nodes, environment);
  const unknown = nodesOfUnknownType(graph, nodes);
  unknown.delete('');
  const besides =
    unknown.size > 0 ? problemsBesides(unknown, graph, nodes, environment) : undefined;
  const problems = [...validation.problems, ...(besides?.problems ?? [])];
  return {
    validation,
    graph: (besides ?? validation).graph,
    nodes: [...unknown].map(([type, nodeIds]) => {
      const refused = REFUSED.get(type);
      return { type, pack: refused?.pack ?? packTitleOf(type), reason: refused?.reason, nodeIds };
    }),
    models: missingModels(problems, graph, nodes, environment),
    problems,
  };
}

/** The problems that remain when placeholders replace the unknown types, and the graph. */
function problemsBesides(
  unknown: ReadonlyMap<string, readonly string[]>,
  graph: Graph,
  nodes: NodeTable,
  environment: NodeEnvironment,
): Pick<Validation, 'problems' | 'graph'> {
  const found = validate(...withPlaceholders(graph, nodes, unknown), environment);
  return {
    problems: found.error?.type === 'prompt_no_outputs' ? [] : found.problems,
    graph: new Map(
      [...found.graph].map(([id, node]) => [id, { ...node, classType: graph.get(id)!.classType }]),
    ),
  };
}

function missingModels(
  problems: readonly DarkroomError[],
  graph: Graph,
  nodes: NodeTable,
  environment: ValidationEnvironment,
): MissingModel[] {
  const models = new Map<string, MissingModel & { readonly nodeIds: string[] }>();
  for (const { code, nodeId, input: inputName = '', file } of problems) {
    if (code !== 'DR_MODEL_MISSING' || nodeId === undefined || file === undefined) continue;
    const input = declaredInput({ graph, nodes }, { id: nodeId, input: inputName });
    if (input?.kind !== 'COMBO' || input.folder === undefined) continue;
    const { folder } = input;
    const key = `${folder}/${file}`;
    const existing = models.get(key);
    if (existing) existing.nodeIds.push(nodeId);
    else
      models.set(key, {
        file,
        folder,
        near: environment.nearMatches(file, environment.optionsOf(input)),
        nodeIds: [nodeId],
      });
  }
  return [...models.values()];
}

/**
 * The graph and the nodes with placeholders for the unknown types, whose inputs and outputs have
 * any type. Placeholders that no other node uses are output nodes, so that their inputs are
 * checked.
 */
function withPlaceholders(
  graph: Graph,
  nodes: NodeTable,
  unknown: ReadonlyMap<string, readonly string[]>,
): [Graph, NodeTable] {
  const used = new Set(
    [...graph.values()].flatMap((node) => linksByInput(node).map(([, link]) => link.id)),
  );
  const withBoth = new Map([
    ...nodes,
    [INNER, placeholder(INNER, false)],
    [OUTPUT, placeholder(OUTPUT, true)],
  ]);
  const changed = new Map(graph);
  for (const id of [...unknown.values()].flat())
    changed.set(id, { ...graph.get(id)!, classType: used.has(id) ? INNER : OUTPUT });
  return [changed, withBoth];
}

const INNER = 'a missing node';
const OUTPUT = 'a missing output';

const placeholder = (type: string, outputNode: boolean): NodeDeclaration => ({
  type,
  display: type,
  category: '',
  inputs: {},
  dynamicInputs: { pattern: /^/, input: socket('*') },
  outputs: [],
  dynamicOutput: output('*'),
  outputNode,
  run: () => {
    throw new Error('internal: a placeholder was run');
  },
});
