// Everything that keeps a workflow from running, in one pass: where some node types are missing, the rest is checked all the same.
import type { DarkroomError } from '../../errors.ts';
import { near } from '../../near-matches.ts';
import { type NodeDeclaration, output, socket } from '../../nodes/declare.ts';
import { packOf, REFUSED } from '../../nodes/index.ts';
import { type Graph, linksByInput } from '../api-graph.ts';
import { optionsOf } from '../input-spec.ts';
import { type NodeTable, type Validation, validate, type WorkflowEnvironment } from './validate.ts';

export interface MissingNode {
  readonly type: string;
  /** As far as it can be told from the type. */
  readonly pack?: string;
  /** Why it is not built in, where that was decided. */
  readonly reason?: string;
  readonly nodeIds: readonly string[];
}

export interface MissingModel {
  readonly file: string;
  /** The model folder it belongs in. */
  readonly folder: string;
  /** Files of that folder with a similar name. */
  readonly near: readonly string[];
  readonly nodeIds: readonly string[];
}

export interface FoundProblems {
  /** ComfyUI's own answer: it says nothing of values while types are missing. */
  readonly validation: Validation;
  readonly nodes: readonly MissingNode[];
  readonly models: readonly MissingModel[];
  /** Every finding: missing types first, then model files and inputs. */
  readonly problems: readonly DarkroomError[];
}

/** Checks a graph. Never throws for what is in it. */
export function findProblems(
  graph: Graph,
  nodes: NodeTable,
  environment: WorkflowEnvironment,
): FoundProblems {
  const validation = validate(graph, nodes, environment);
  const strangers = new Map<string, string[]>();
  for (const [id, { classType }] of graph)
    if (classType !== '' && !nodes.has(classType)) {
      const ids = strangers.get(classType);
      if (ids) ids.push(id);
      else strangers.set(classType, [id]);
    }
  const rest =
    strangers.size === 0
      ? validation
      : validate(...withPlaceholders(graph, nodes, strangers), environment);
  // without outputs the missing types are all there is to say
  const others =
    rest === validation || rest.error?.type === 'prompt_no_outputs' ? [] : rest.problems;
  const problems = [...validation.problems, ...others];

  const models = new Map<
    string,
    { file: string; folder: string; near: readonly string[]; nodeIds: string[] }
  >();
  for (const problem of problems) {
    if (problem.code !== 'DR_MODEL_MISSING' || problem.nodeId === undefined) continue;
    const input = nodes.get(problem.nodeType ?? '')?.inputs[problem.input ?? ''];
    if (input?.kind !== 'COMBO' || input.folder === undefined || problem.file === undefined)
      continue;
    const key = `${input.folder}/${problem.file}`;
    const known = models.get(key);
    if (known) known.nodeIds.push(problem.nodeId);
    else
      models.set(key, {
        file: problem.file,
        folder: input.folder,
        near: near(problem.file, optionsOf(input, environment)),
        nodeIds: [problem.nodeId],
      });
  }
  return {
    validation,
    nodes: [...strangers].map(([type, nodeIds]) => {
      const refused = REFUSED.get(type);
      return { type, pack: refused?.pack ?? packOf(type), reason: refused?.reason, nodeIds };
    }),
    models: [...models.values()],
    problems,
  };
}

/**
 * The graph and the nodes with stand-ins for the missing types, which take and give anything. Those that no other node uses count as
 * outputs: so what leads to them is checked.
 */
function withPlaceholders(
  graph: Graph,
  nodes: NodeTable,
  strangers: ReadonlyMap<string, readonly string[]>,
): [Graph, NodeTable] {
  const used = new Set(
    [...graph.values()].flatMap((node) => linksByInput(node).map(([, link]) => link.id)),
  );
  const all = new Map([
    ...nodes,
    [MIDDLE, placeholder(MIDDLE, false)],
    [END, placeholder(END, true)],
  ]);
  const changed = new Map(graph);
  for (const id of [...strangers.values()].flat())
    changed.set(id, { ...graph.get(id)!, classType: used.has(id) ? MIDDLE : END });
  return [changed, all];
}

const MIDDLE = 'a missing node';
const END = 'a missing output';

const placeholder = (type: string, outputNode: boolean): NodeDeclaration => ({
  type,
  display: type,
  category: '',
  inputs: {},
  more: { pattern: /^/, input: socket('*') },
  outputs: [],
  moreOutputs: output('*'),
  outputNode,
  run: () => {
    throw new Error('internal: a placeholder runs');
  },
});
