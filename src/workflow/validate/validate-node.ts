// Validates one node and, before it, the nodes that its inputs are linked to. After validate_inputs
// in ComfyUI's execution.py.
import type { Json, JsonObject } from '../../formats/json.ts';
import { type InputCheck, inputOf, type NodeDeclaration } from '../../nodes/declare.ts';
import { type Input, isRequired } from '../../nodes/input-types.ts';
import { flatDeclaration, namesBeyondGrowth } from '../../nodes/nested-inputs.ts';
import { laterNote } from '../../nodes/versions/nodes-of-version.ts';
import { describeNode, type Graph, type GraphNode } from '../api-graph.ts';
import { socketTypeOf, socketTypesMatch, toRunValue } from '../input-spec.ts';
import type { NodeTable } from '../node-table.ts';
import { convertInputValue } from './convert-value.ts';
import * as issues from './issues.ts';
import { resolveLink } from './link-source.ts';
import { PythonError } from './python-values.ts';
import { dependencyCycle } from './released-errors.ts';
import type { ValidationEnvironment } from './validation-environment.ts';

export interface Verdict {
  /** False also when only a node before this one is invalid. */
  readonly valid: boolean;
  readonly issues: readonly issues.Issue[];
}

/** The state of one validation of a graph. */
export interface GraphValidation {
  readonly graph: Graph;
  readonly nodes: NodeTable;
  readonly environment: ValidationEnvironment;
  /** Finished nodes by id. */
  readonly verdicts: Map<string, Verdict>;
  /** The nodes whose issues have not been reported yet, in the order in which they were found. */
  readonly failed: Set<string>;
  /** Converted widget values by node id, then by input name. */
  readonly conversions: Map<string, JsonObject>;
  /** The nodes from the output to the one being validated, in this order. */
  readonly path: string[];
  /** The positions in `path` by node id. */
  readonly positions: Map<string, number>;
}

/**
 * Validates a node in steps, each of which yields the id of a node before it and continues with the
 * verdict on that one. Throws PythonError for a cycle.
 */
type Steps<T> = Generator<string, T, Verdict>;

/** Returns the verdict on a node. Throws PythonError for a cycle. */
export function validateNode(state: GraphValidation, first: string): Verdict {
  const finished = state.verdicts.get(first);
  if (finished) return finished;
  // the nodes that are being validated: a chain may be longer than the stack of calls
  const stack = [nodeSteps(state, first)];
  let proceed = (steps: Steps<Verdict>): IteratorResult<string, Verdict> => steps.next();
  for (;;) {
    try {
      const { done, value } = proceed(stack.at(-1)!);
      if (!done) {
        stack.push(nodeSteps(state, value));
        proceed = (steps) => steps.next();
        continue;
      }
      stack.pop();
      if (stack.length === 0) return value;
      proceed = (steps) => steps.next(value);
    } catch (error) {
      stack.pop();
      if (stack.length === 0) throw error;
      proceed = (steps) => steps.throw(error);
    }
  }
}

function* nodeSteps(state: GraphValidation, id: string): Steps<Verdict> {
  const { verdicts, path, positions } = state;
  if (positions.has(id)) return cycleVerdict(state, id);
  positions.set(id, path.length);
  path.push(id);
  try {
    const { valid, issues: found } = yield* inputSteps(state, id);
    // an upstream node that links back to this one has stored the cycle as this node's issue
    const cycle = verdicts.get(id)?.issues ?? [];
    const verdict = { valid: valid && cycle.length === 0, issues: [...cycle, ...found] };
    storeVerdict(state, id, verdict);
    return verdict;
  } finally {
    path.pop();
    positions.delete(id);
  }
}

export function storeVerdict(state: GraphValidation, id: string, verdict: Verdict): void {
  state.verdicts.set(id, verdict);
  if (verdict.issues.length > 0) state.failed.add(id);
}

/** How many nodes of a cycle get an error; the others are invalid because of these. */
const MAX_CYCLE_ERRORS = 100;
/** Of a longer cycle, errors name as many nodes at both ends. */
const MAX_CYCLE_END = 10;

/** Makes the cycle that is closed at `id` the issue of its nodes, or throws PythonError for it. */
function cycleVerdict(state: GraphValidation, id: string): Verdict {
  const { graph, path, positions, environment } = state;
  const cycle = path.slice(positions.get(id));
  const describe = (at: string): string => `${at} (${graph.get(at)!.classType})`;
  const named = ends([...cycle, id], describe);
  const message = `nodes are connected in a cycle: ${named.join(' <- ')}`;
  if (!environment.forms.cyclesAreNamed)
    throw new PythonError('graph.DependencyCycleError', 'Dependency cycle detected', message);
  const nodes = ends(cycle, (at) => at);
  for (const at of cycle.slice(0, MAX_CYCLE_ERRORS)) {
    const comfy = dependencyCycle(at, nodes, named);
    storeVerdict(state, at, { valid: false, issues: [issues.inCycle(at, comfy, message)] });
  }
  return state.verdicts.get(id)!;
}

/** The texts of some nodes; of many, those at both ends. */
function ends(nodes: readonly string[], textOf: (id: string) => string): string[] {
  const left = nodes.length - 1 - 2 * MAX_CYCLE_END;
  if (left <= 0) return nodes.map(textOf);
  return [
    ...nodes.slice(0, MAX_CYCLE_END).map(textOf),
    `… ${left} more …`,
    ...nodes.slice(-MAX_CYCLE_END - 1).map(textOf),
  ];
}

/** The results collected while one node is validated. */
interface NodeCheck {
  readonly id: string;
  readonly node: GraphNode;
  readonly declaration: NodeDeclaration;
  readonly issues: issues.Issue[];
  readonly conversions: JsonObject;
  /** Socket types of the linked outputs by input name. */
  readonly linkedTypes: Record<string, string>;
  sourcesValid: boolean;
}

function* inputSteps(state: GraphValidation, id: string): Steps<Verdict> {
  const node = state.graph.get(id)!;
  const check: NodeCheck = {
    id,
    node,
    declaration: flatDeclaration(state.nodes.get(node.classType)!, node.inputs),
    issues: [],
    conversions: {},
    linkedTypes: {},
    sourcesValid: true,
  };
  state.conversions.set(id, check.conversions);
  for (const [name, input] of inputsToCheck(check.declaration, node.inputs))
    yield* checkInput(state, check, name, input);
  checkGrowth(state, check);
  checkByNode(state, check);
  return { valid: check.sourcesValid && check.issues.length === 0, issues: check.issues };
}

/**
 * The declared inputs, and those dynamic inputs that are evaluated in any case. ComfyUI does not
 * check dynamic inputs before it runs; the lazy ones among them may never be requested.
 */
function inputsToCheck(
  declaration: NodeDeclaration,
  inputs: Readonly<JsonObject>,
): [string, Input][] {
  const dynamic = (declaration.dynamicInputs ? Object.keys(inputs) : []).flatMap(
    (name): [string, Input][] => {
      const input = Object.hasOwn(declaration.inputs, name)
        ? undefined
        : inputOf(declaration, name);
      return input && !input.lazy ? [[name, input]] : [];
    },
  );
  return [...Object.entries(declaration.inputs), ...dynamic];
}

/** Reports links to inputs that a growing input does not have. With them, ComfyUI's nodes fail. */
function checkGrowth(state: GraphValidation, check: NodeCheck): void {
  const { inputs } = check.node;
  const declared = state.nodes.get(check.node.classType)!.inputs;
  for (const [name, input] of namesBeyondGrowth(declared, inputs))
    if (Array.isArray(inputs[name]))
      check.issues.push(issues.beyondGrowth(locate(state, check, name, input), input.names));
}

function* checkInput(
  state: GraphValidation,
  check: NodeCheck,
  name: string,
  input: Input,
): Steps<void> {
  const { node, declaration } = check;
  const location = (): issues.InputLocation => locate(state, check, name, input);
  if (!Object.hasOwn(node.inputs, name)) {
    if (isRequired(input)) check.issues.push(issues.requiredMissing(location()));
    return;
  }
  const value = node.inputs[name];
  if (!Array.isArray(value)) {
    const checkedByNode = nodeChecksInput(declaration.validate, name);
    const converted = convertInputValue(value, input, location, state.environment, checkedByNode);
    if (converted.issue) {
      const later = laterNote(declaration, { input: name, value });
      check.issues.push(issues.withNote(converted.issue, later));
    }
    if (converted.value !== undefined) check.conversions[name] = converted.value;
  } else if (value.length !== 2) check.issues.push(issues.badLink(location(), value));
  else yield* checkLink(state, check, name, input, value);
}

function* checkLink(
  state: GraphValidation,
  check: NodeCheck,
  name: string,
  input: Input,
  link: Json[],
): Steps<void> {
  const location = (): issues.InputLocation => locate(state, check, name, input);
  const { sourceId, type } = resolveLink(state.graph, state.nodes, check.id, name, link);
  if (input.kind === 'COMFY_DYNAMICCOMBO_V3') {
    check.issues.push(issues.linkedChoice(location(), type, input.options, link));
    return;
  }
  check.linkedTypes[name] = type;
  const expected = socketTypeOf(input);
  if (!check.declaration.validate?.types && !socketTypesMatch(type, expected)) {
    check.issues.push(issues.typeMismatch(location(), type, expected, link));
    return;
  }
  try {
    const verdict = state.verdicts.get(sourceId) ?? (yield sourceId);
    if (!verdict.valid) check.sourcesValid = false;
  } catch (error) {
    if (!(error instanceof PythonError)) throw error;
    storeVerdict(state, sourceId, {
      valid: false,
      issues: [issues.innerException(location(), error, link)],
    });
    check.sourcesValid = false;
  }
}

/** Runs the node's own VALIDATE_INPUTS. */
function checkByNode(state: GraphValidation, check: NodeCheck): void {
  const { declaration, node, conversions, linkedTypes } = check;
  if (!declaration.validate) return;
  const inputs = { ...node.inputs, ...conversions };
  const checked = Object.entries(declaration.inputs).filter(
    ([name]) => Object.hasOwn(inputs, name) && nodeChecksInput(declaration.validate, name),
  );
  const values = checked.map(([name, input]) => [
    name,
    Array.isArray(inputs[name]) ? undefined : toRunValue(inputs[name], input),
  ]);
  const result = callCheck(
    declaration.validate,
    Object.fromEntries(values),
    state.environment,
    linkedTypes,
  );
  if (result === true) return;
  for (const [name, input] of checked)
    check.issues.push(issues.checkFailed(locate(state, check, name, input), result));
}

/** Whether a node's own check covers an input, so that ranges and lists are not checked here. */
const nodeChecksInput = (check: InputCheck | undefined, name: string): boolean =>
  check !== undefined && (check.of?.includes(name) ?? true);

function callCheck(check: InputCheck, ...args: Parameters<InputCheck['check']>): true | string {
  try {
    return check.check(...args);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new PythonError('Exception', message, message);
  }
}

const locate = (
  { environment }: GraphValidation,
  { id, node }: NodeCheck,
  name: string,
  input: Input,
): issues.InputLocation => ({
  nodeId: id,
  nodeType: node.classType,
  name: describeNode(id, node),
  input: name,
  config: environment.configOf(input),
});
