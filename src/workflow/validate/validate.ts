// Checks a graph against the node declarations and converts its values, as ComfyUI's
// validate_prompt does before it accepts a prompt. The conversions change the prompt: they reach
// the metadata of saved images and the cache keys.
import { DarkroomError } from '../../errors.ts';
import { type Json, type JsonObject, objectOf } from '../../formats/json.ts';
import type { NodeEnvironment } from '../../nodes/context.ts';
import { type Graph, withInputs } from '../api-graph.ts';
import { declaredLinks } from '../input-spec.ts';
import type { NodeTable } from '../node-table.ts';
import type { ComfyError } from './comfy-error.ts';
import { type Issue, missingClassType, noOutputs, outputException, unknownType } from './issues.ts';
import { PythonError } from './python-values.ts';
import { missingNode } from './released-errors.ts';
import { type GraphValidation, storeVerdict, type Verdict, validateNode } from './validate-node.ts';
import {
  createValidationEnvironment,
  type ValidationEnvironment,
} from './validation-environment.ts';

export interface NodeErrors {
  readonly errors: readonly ComfyError[];
  /** The first hundred. */
  readonly dependent_outputs: readonly string[];
  readonly class_type: string;
}

export interface Validation {
  /** The `error` of the 400 response of POST /prompt; null when at least one output can run. */
  readonly error: ComfyError | null;
  /** `node_errors` of the response, also when some outputs can run. */
  readonly nodeErrors: ReadonlyMap<string, NodeErrors>;
  /** The output nodes that can run, in the order of the file. */
  readonly outputs: readonly string[];
  /** The graph after the conversions. */
  readonly graph: Graph;
  /** The same findings for the user: each unknown type, missing file and invalid input once. */
  readonly problems: readonly DarkroomError[];
}

/**
 * Validates a graph for the output nodes `targets`, by default for all. Returns what is wrong with
 * the graph and does not throw for it.
 */
export function validate(
  graph: Graph,
  nodes: NodeTable,
  environment: NodeEnvironment,
  targets?: readonly string[],
): Validation {
  const checked = createValidationEnvironment(environment);
  const unknown = unknownTypes(graph, nodes, checked);
  if (unknown.length > 0) return rejected(graph, unknown);
  const targetIds = targets && new Set(targets);
  const requested = [...graph].flatMap(([id, { classType }]) =>
    nodes.get(classType)!.outputNode && (targetIds?.has(id) ?? true) ? [id] : [],
  );
  if (requested.length === 0) return rejected(graph, [noOutputs()]);

  const state: GraphValidation = {
    graph,
    nodes,
    environment: checked,
    verdicts: new Map(),
    failed: new Set(),
    conversions: new Map(),
    path: [],
    positions: new Map(),
  };
  const { runnable, failed, nodeErrors, problems } = validateOutputs(state, requested);
  const visited = reachable(graph, nodes, requested);
  const conversions = [...state.conversions].filter(([id]) => visited.has(id));
  return {
    error: runnable.length > 0 ? null : outputsFailed(failed),
    nodeErrors,
    outputs: runnable,
    graph: withInputs(graph, new Map(conversions)),
    problems: uniqueByMessage(problems),
  };
}

/** One issue for each class type that is missing or unknown. */
export function unknownTypes(
  graph: Graph,
  nodes: NodeTable,
  { didYouMean, forms }: Pick<ValidationEnvironment, 'didYouMean' | 'forms'>,
): Issue[] {
  const existing = [...nodes.keys()];
  return [...nodesOfUnknownType(graph, nodes)].map(([type, ids]) => {
    const [id] = ids;
    const { title } = graph.get(id)!;
    return type === ''
      ? missingClassType(id, missingNode({ id, title }, forms))
      : unknownType(
          ids,
          type,
          didYouMean(type, existing),
          missingNode({ id, classType: type, title }, forms),
        );
  });
}

/** The ids of the nodes whose class type is not in the table, by class type. */
export function nodesOfUnknownType(graph: Graph, nodes: NodeTable): Map<string, string[]> {
  const idsByType = new Map<string, string[]>();
  for (const [id, { classType }] of graph) {
    if (nodes.has(classType)) continue;
    const ids = idsByType.get(classType);
    if (ids) ids.push(id);
    else idsByType.set(classType, [id]);
  }
  return idsByType;
}

const rejected = (graph: Graph, issues: readonly Issue[]): Validation => ({
  error: issues[0].comfy,
  nodeErrors: new Map(),
  outputs: [],
  graph,
  problems: issues.map((issue) => issue.error),
});

interface OutputResults {
  /** Outputs without issues. */
  readonly runnable: string[];
  /** The issues of the other outputs. */
  readonly failed: Issue[];
  readonly nodeErrors: Map<string, NodeErrors & { readonly dependent_outputs: string[] }>;
  /** The nodes with errors that list fewer than MAX_DEPENDENT outputs. */
  readonly open: Set<string>;
  readonly problems: Set<DarkroomError>;
}

/** How many outputs are listed for a node with errors. */
const MAX_DEPENDENT = 100;

function validateOutputs(state: GraphValidation, outputs: readonly string[]): OutputResults {
  const results: OutputResults = {
    runnable: [],
    failed: [],
    nodeErrors: new Map(),
    open: new Set(),
    problems: new Set(),
  };
  for (const output of outputs) {
    const verdict = validateOutput(state, output);
    if (verdict.valid) {
      results.runnable.push(output);
      continue;
    }
    results.failed.push(...verdict.issues);
    addNodeErrors(results, state, output);
  }
  return results;
}

function validateOutput(state: GraphValidation, output: string): Verdict {
  try {
    return validateNode(state, output);
  } catch (error) {
    if (!(error instanceof PythonError)) throw error;
    const nodeType = state.graph.get(output)?.classType ?? '';
    const verdict = {
      valid: false,
      issues: [outputException(error, { nodeId: output, nodeType })],
    };
    storeVerdict(state, output, verdict);
    return verdict;
  }
}

/**
 * Adds every node that has issues so far; `output` is listed as dependent on all of them, as in
 * ComfyUI.
 */
function addNodeErrors(results: OutputResults, state: GraphValidation, output: string): void {
  for (const id of state.failed) {
    const { issues } = state.verdicts.get(id)!;
    results.nodeErrors.set(id, {
      errors: issues.map((issue) => issue.comfy),
      dependent_outputs: [],
      class_type: state.graph.get(id)?.classType ?? '',
    });
    results.open.add(id);
    for (const issue of issues) results.problems.add(issue.error);
  }
  state.failed.clear();
  for (const id of results.open) {
    const { dependent_outputs: dependent } = results.nodeErrors.get(id)!;
    dependent.push(output);
    if (dependent.length === MAX_DEPENDENT) results.open.delete(id);
  }
}

const outputsFailed = (issues: readonly Issue[]): ComfyError => ({
  type: 'prompt_outputs_failed_validation',
  message: 'Prompt outputs failed validation',
  details: issues.map(({ comfy }) => `${comfy.message}: ${comfy.details}`).join('\n'),
  extra_info: {},
});

/** The nodes that ComfyUI validates and converts: those that declared inputs are linked to. */
function reachable(graph: Graph, nodes: NodeTable, outputs: readonly string[]): Set<string> {
  const visited = new Set<string>();
  const stack = [...outputs];
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    const node = graph.get(id);
    if (!node || visited.has(id)) continue;
    visited.add(id);
    const declaration = nodes.get(node.classType)!;
    for (const [name, [source]] of declaredLinks(declaration, node.inputs))
      if (Object.hasOwn(declaration.inputs, name)) stack.push(source);
  }
  return visited;
}

function uniqueByMessage(problems: Iterable<DarkroomError>): DarkroomError[] {
  const messages = new Set<string>();
  return [...problems].filter(({ message }) => !messages.has(message) && messages.add(message));
}

/**
 * One error for all problems; the single errors are in its cause, an AggregateError. Returns
 * undefined when there are none.
 */
export function combineProblems({
  problems,
}: Pick<Validation, 'problems'>): DarkroomError | undefined {
  if (problems.length < 2) return problems[0];
  return new DarkroomError(problems[0].code, {
    ...problems[0].toJSON(),
    message: problems.map((problem) => problem.message).join('; '),
    hint: [...new Set(problems.map((problem) => problem.hint).filter(Boolean))].join(' '),
    cause: new AggregateError(problems),
  });
}

/** `{error, node_errors}`: the body of the 400 response. */
export const errorResponse = (validation: Validation): JsonObject =>
  objectOf<Json>([
    ['error', validation.error as unknown as Json],
    [
      'node_errors',
      objectOf(
        [...validation.nodeErrors].map(([id, errors]): [string, Json] => [
          id,
          errors as unknown as Json,
        ]),
      ),
    ],
  ]);
