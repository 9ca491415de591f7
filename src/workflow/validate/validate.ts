// Checks a graph against the declarations and converts its values, as ComfyUI's validate_prompt does before it accepts a prompt.
// The conversions change the prompt: they reach the picture's metadata and the cache keys.
import { DarkroomError } from '../../errors.ts';
import { isJsonObject, type Json, type JsonObject, objectOf } from '../../formats/json.ts';
import type { NodeEnvironment } from '../../nodes/context.ts';
import { type Input, type InputCheck, inputOf, type NodeDeclaration } from '../../nodes/declare.ts';
import { describeNode, type Graph, withInputs } from '../api-graph.ts';
import {
  convertWidgetValue,
  declaredLinks,
  inputConfig,
  optionsOf,
  socketTypeOf,
  socketTypesMatch,
  toRunValue,
  unionMembers,
} from '../input-spec.ts';
import type { ComfyError, InputLocation, Issue } from './issues.ts';
import * as issues from './issues.ts';
import { floatJson, PythonError, repr, str, toFloat, typeName } from './python-values.ts';

export type NodeTable = ReadonlyMap<string, NodeDeclaration>;

export type WorkflowEnvironment = NodeEnvironment;

export interface NodeErrors {
  readonly errors: readonly ComfyError[];
  readonly dependent_outputs: readonly string[];
  readonly class_type: string;
}

export interface Validation {
  /** What /prompt answers with 400; null when at least one output can run. */
  readonly error: ComfyError | null;
  /** `node_errors` of the answer, also when some outputs can run. */
  readonly nodeErrors: ReadonlyMap<string, NodeErrors>;
  /** The output nodes that can run, in the order of the file. */
  readonly outputs: readonly string[];
  /** The graph after the conversions. */
  readonly graph: Graph;
  /** The same findings for people: every unknown type, every missing file, every bad input once. */
  readonly problems: readonly DarkroomError[];
}

interface Verdict {
  readonly valid: boolean;
  readonly issues: readonly Issue[];
}

const MAX_CHAIN = 1000;

/** Validates the graph; `targets` restricts which output nodes are wanted. Never throws for what is in the graph. */
export function validate(
  graph: Graph,
  nodes: NodeTable,
  environment: WorkflowEnvironment,
  targets?: readonly string[],
): Validation {
  const refused = (list: readonly Issue[]): Validation => ({
    error: list[0].comfy,
    nodeErrors: new Map(),
    outputs: [],
    graph,
    problems: list.map((i) => i.error),
  });

  const strangers = new Map<string, string[]>();
  for (const [id, { classType }] of graph) {
    if (nodes.has(classType)) continue;
    const ids = strangers.get(classType);
    if (ids) ids.push(id);
    else strangers.set(classType, [id]);
  }
  const unknown = [...strangers].map(([type, ids]) =>
    type === '' ? issues.missingClassType(ids[0]) : issues.unknownType(ids, type, nodes.keys()),
  );
  if (unknown.length > 0) return refused(unknown);
  const wanted = [...graph.keys()].filter(
    (id) =>
      nodes.get(graph.get(id)!.classType)!.outputNode &&
      (targets === undefined || targets.includes(id)),
  );
  if (wanted.length === 0) return refused([issues.noOutputs()]);

  const validated = new Map<string, Verdict>();
  const converted = new Map<string, JsonObject>();
  const path: string[] = [];
  const onPath = new Set<string>();

  const validateNode = (id: string): Verdict => {
    const known = validated.get(id);
    if (known) return known;
    if (onPath.has(id))
      throw new PythonError(
        'graph.DependencyCycleError',
        'Dependency cycle detected',
        cycleText(graph, [...path.slice(path.indexOf(id)), id]),
      );
    if (path.length >= MAX_CHAIN)
      throw new PythonError('RecursionError', `a chain of more than ${MAX_CHAIN} nodes`);
    path.push(id);
    onPath.add(id);
    try {
      const verdict = validateInputs(id);
      const circle = validated.get(id)?.issues ?? [];
      const whole = {
        valid: verdict.valid && circle.length === 0,
        issues: [...circle, ...verdict.issues],
      };
      validated.set(id, whole);
      return whole;
    } finally {
      path.pop();
      onPath.delete(id);
    }
  };

  const validateInputs = (id: string): Verdict => {
    const node = graph.get(id)!;
    const declaration = nodes.get(node.classType)!;
    const found: Issue[] = [];
    const changes: JsonObject = {};
    converted.set(id, changes);
    let valid = true;
    const types: Record<string, string> = {};
    const placeOf = (name: string, input: Input): InputLocation => ({
      nodeId: id,
      nodeType: node.classType,
      name: describeNode(id, node),
      input: name,
      config: inputConfig(input, environment),
    });
    for (const [name, input] of checkedInputs(declaration, node.inputs)) {
      const place = (): InputLocation => placeOf(name, input);
      if (!Object.hasOwn(node.inputs, name)) {
        if (!input.optional) found.push(issues.requiredMissing(place()));
        continue;
      }
      const value = node.inputs[name];
      if (!Array.isArray(value)) {
        const result = convert(
          value,
          input,
          place,
          environment,
          judges(declaration.validate, name),
        );
        if ('issue' in result) found.push(result.issue);
        if (result.value !== undefined) changes[name] = result.value;
        continue;
      }
      if (value.length !== 2) {
        found.push(issues.badLink(place(), value));
        continue;
      }
      const { sourceId, received } = source(graph, nodes, id, name, value);
      types[name] = received;
      if (!declaration.validate?.types && !socketTypesMatch(received, socketTypeOf(input))) {
        found.push(issues.typeMismatch(place(), received, socketTypeOf(input), value));
        continue;
      }
      try {
        if (!validateNode(sourceId).valid) valid = false;
      } catch (error) {
        if (!(error instanceof PythonError)) throw error;
        validated.set(sourceId, {
          valid: false,
          issues: [issues.innerException(place(), error, value)],
        });
        valid = false;
      }
    }
    if (declaration.validate) {
      const inputs = { ...node.inputs, ...changes };
      const judged = Object.entries(declaration.inputs).filter(
        ([name]) => Object.hasOwn(inputs, name) && judges(declaration.validate, name),
      );
      const values = judged.map(([name, input]) => [
        name,
        Array.isArray(inputs[name]) ? undefined : toRunValue(inputs[name], input),
      ]);
      const verdict = ownCheck(
        declaration.validate,
        Object.fromEntries(values),
        environment,
        types,
      );
      if (verdict !== true)
        for (const [name, input] of judged)
          found.push(issues.checkFailed(placeOf(name, input), verdict));
    }
    return { valid: valid && found.length === 0, issues: found };
  };

  const good: string[] = [];
  const failed: Issue[] = [];
  const nodeErrors = new Map<
    string,
    { errors: readonly ComfyError[]; dependent_outputs: string[]; class_type: string }
  >();
  const problems = new Set<DarkroomError>();
  for (const output of wanted) {
    let verdict: Verdict;
    try {
      verdict = validateNode(output);
    } catch (error) {
      if (!(error instanceof PythonError)) throw error;
      verdict = { valid: false, issues: [issues.outputException(error)] };
      validated.set(output, verdict);
    }
    if (verdict.valid) {
      good.push(output);
      continue;
    }
    failed.push(...verdict.issues);
    for (const [id, { valid, issues: list }] of validated) {
      if (valid || list.length === 0) continue;
      const class_type = graph.get(id)?.classType ?? '';
      if (!nodeErrors.has(id))
        nodeErrors.set(id, { errors: list.map((i) => i.comfy), dependent_outputs: [], class_type });
      nodeErrors.get(id)!.dependent_outputs.push(output);
      for (const i of list) problems.add(i.error);
    }
  }

  const error: ComfyError | null =
    good.length > 0
      ? null
      : {
          type: 'prompt_outputs_failed_validation',
          message: 'Prompt outputs failed validation',
          details: failed.map((i) => `${i.comfy.message}: ${i.comfy.details}`).join('\n'),
          extra_info: {},
        };
  const prompt = onlyIn(reachable(graph, nodes, wanted), converted);
  return {
    error,
    nodeErrors,
    outputs: good,
    graph: withInputs(graph, prompt),
    problems: unique([...problems]),
  };
}

/**
 * The inputs that are checked: the declared ones; and of the further ones those that will be evaluated in any case. ComfyUI looks at
 * none of these before it runs, and so neither do we at those that may never be asked for.
 */
const checkedInputs = (
  declaration: NodeDeclaration,
  inputs: Readonly<JsonObject>,
): [string, Input][] => [
  ...Object.entries(declaration.inputs),
  ...(declaration.more ? Object.keys(inputs) : []).flatMap((name): [string, Input][] => {
    const input = Object.hasOwn(declaration.inputs, name) ? undefined : inputOf(declaration, name);
    return input && !input.lazy ? [[name, input]] : [];
  }),
];

/** The nodes that ComfyUI validates, and whose values it converts in the prompt: those behind declared inputs. */
function reachable(graph: Graph, nodes: NodeTable, outputs: readonly string[]): Set<string> {
  const seen = new Set<string>();
  const stack = [...outputs];
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    const node = graph.get(id);
    if (!node || seen.has(id)) continue;
    seen.add(id);
    const { inputs } = nodes.get(node.classType)!;
    for (const [name, [source]] of declaredLinks(nodes.get(node.classType)!, node.inputs))
      if (Object.hasOwn(inputs, name)) stack.push(source);
  }
  return seen;
}

const onlyIn = <T>(ids: ReadonlySet<string>, values: ReadonlyMap<string, T>): Map<string, T> =>
  new Map([...values].filter(([id]) => ids.has(id)));

const judges = (check: InputCheck | undefined, name: string): boolean =>
  check !== undefined && (check.of?.includes(name) ?? true);

function ownCheck(check: InputCheck, ...given: Parameters<InputCheck['check']>): true | string {
  try {
    return check.check(...given);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new PythonError('Exception', message, message);
  }
}

/** What a link comes from. Throws the Python exception that ComfyUI runs into when it comes from nowhere. */
function source(
  graph: Graph,
  nodes: NodeTable,
  id: string,
  input: string,
  link: Json[],
): { sourceId: string; received: string } {
  const [from, slot] = link;
  const where = `'${input}' of ${describeNode(id, graph.get(id))}`;
  const node = typeof from === 'string' ? graph.get(from) : undefined;
  if (!node)
    throw new PythonError(
      'KeyError',
      repr(from),
      `${where} is connected to node ${repr(from)}, which is not in the workflow`,
    );
  const { outputs, moreOutputs } = nodes.get(node.classType)!;
  if (typeof slot !== 'number' || !Number.isInteger(slot))
    throw new PythonError(
      'TypeError',
      `tuple indices must be integers or slices, not ${typeName(slot)}`,
      `${where} is connected to output ${repr(slot)}; an output is a number`,
    );
  const output = outputs[slot] ?? (slot >= 0 ? moreOutputs : undefined);
  if (!output)
    throw new PythonError(
      'IndexError',
      'tuple index out of range',
      `${where} is connected to output ${slot} of ${describeNode(from as string, node)}, which has ${outputs.length || 'no'} outputs`,
    );
  return { sourceId: from as string, received: output.type };
}

/** Types whose values may stand in the prompt itself. */
const WIDGETS: ReadonlySet<string> = new Set(['*', 'INT', 'FLOAT', 'STRING', 'BOOLEAN', 'COMBO']);

type Converted = { readonly value?: Json } | { readonly value?: Json; readonly issue: Issue };

function convert(
  given: Json,
  input: Input,
  place: () => InputLocation,
  environment: WorkflowEnvironment,
  judged: boolean,
): Converted {
  const type = socketTypeOf(input);
  let value = isJsonObject(given) && Object.hasOwn(given, '__value__') ? given['__value__'] : given;
  try {
    value = type === 'FLOAT' ? floatJson(toFloat(value)) : convertWidgetValue(value, input);
    // the original lets a widget value pass here and fails inside the node
    if (
      input.kind === 'SOCKET' &&
      !input.inline &&
      !unionMembers(type).some((t) => WIDGETS.has(t)) &&
      !(value === null && input.optional)
    )
      throw new PythonError('TypeError', `not a link but ${typeName(value)}`);
  } catch (error) {
    if (!(error instanceof PythonError)) throw error;
    return { issue: issues.conversionFailed(place(), type, value, error) };
  }
  if (judged) return { value };
  if (input.kind === 'INT' || input.kind === 'FLOAT') {
    const number = input.kind === 'FLOAT' ? toFloat(value) : (value as number | bigint);
    for (const side of ['min', 'max'] as const)
      if (side === 'min' ? number < input.min : number > input.max)
        return {
          value,
          issue: issues.outOfRange(place(), side, value, input[side], input.kind === 'FLOAT'),
        };
  }
  if (input.kind === 'COMBO' && input.image_upload) {
    const exists = typeof value === 'string' && environment.hasInput(value);
    return exists
      ? { value }
      : { value, issue: issues.noInputFile(place(), str(value), environment.inputFiles()) };
  }
  if (input.kind === 'COMBO') {
    const options = optionsOf(input, environment);
    if (typeof value !== 'string' || !options.includes(value))
      return { value, issue: issues.notInList(place(), value, options, input.folder) };
  }
  return { value };
}

const cycleText = (graph: Graph, ids: readonly string[]): string =>
  `nodes are connected in a circle: ${ids.map((id) => `${id} (${graph.get(id)!.classType})`).join(' <- ')}`;

function unique(problems: readonly DarkroomError[]): DarkroomError[] {
  const seen = new Set<string>();
  return problems.filter((p) => !seen.has(p.message) && seen.add(p.message));
}

/** One error for all that is wrong (each by itself in its cause, an AggregateError); undefined when everything can run. */
export function combineProblems({
  problems,
}: Pick<Validation, 'problems'>): DarkroomError | undefined {
  if (problems.length < 2) return problems[0];
  return new DarkroomError(problems[0].code, {
    ...problems[0].toJSON(),
    message: problems.map((p) => p.message).join('; '),
    hint: [...new Set(problems.map((p) => p.hint).filter(Boolean))].join(' '),
    cause: new AggregateError(problems),
  });
}

/** `{error, node_errors}`: the body of the answer 400. */
export const errorResponse = (validation: Validation): JsonObject =>
  objectOf<Json>([
    ['error', validation.error as unknown as Json],
    [
      'node_errors',
      objectOf(
        [...validation.nodeErrors].map(([id, e]): [string, Json] => [id, e as unknown as Json]),
      ),
    ],
  ]);
