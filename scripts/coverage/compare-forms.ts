// Compares the two forms of a workflow in an image: the prompt that the editor sent, and our
// conversion of the editor's own file.
import { dumpsJson } from '../../src/formats/dumps-json.ts';
import { isPyFloat, type Json, numberOf } from '../../src/formats/json.ts';
import { inputOf } from '../../src/nodes/declare.ts';
import { replacedOption } from '../../src/nodes/former-options.ts';
import { PACKS } from '../../src/nodes/index.ts';
import type { Input } from '../../src/nodes/input-types.ts';
import { type Graph, type GraphNode, linkOf } from '../../src/workflow/api-graph.ts';
import { convertWidgetValue } from '../../src/workflow/input-spec.ts';
import type { NodeTable } from '../../src/workflow/node-table.ts';
import type { FileEvidence, Values } from './edited-since.ts';

/** Known differences that do not change the image. */
export type Expected =
  /** The sent prompt has values of buttons (`upload`), or of inputs that the node no longer has. */
  | 'editor only'
  /**
   * Ours has inputs added to the node since then, at their defaults, or omitted by an old editor.
   */
  | 'newer input'
  /**
   * The file was saved with another version of the node; we matched its values to today's inputs,
   * the editor of the time did not.
   */
  | 'matched'
  /** The workflow was changed after the prompt was sent, in the editor or by a pack. */
  | 'edited';

export interface Difference {
  readonly nodeId: string;
  readonly text: string;
  readonly expected?: Expected;
}

const plain = (value: Json | undefined): Json =>
  value === undefined
    ? null
    : typeof value === 'bigint' || isPyFloat(value)
      ? (numberOf(value) ?? null)
      : value;
const same = (a: Json | undefined, b: Json | undefined): boolean =>
  dumpsJson(plain(a)) === dumpsJson(plain(b));

/** Types that run in ComfyUI, and are not built in here. */
const OTHER_TYPES: ReadonlySet<string> = new Set(
  PACKS.flatMap(({ refused = [], otherTypes = [] }) => [
    ...refused.flatMap(({ types }) => types),
    ...otherTypes,
  ]),
);

/** Whether both run as the same value: 0.93 is 0 for an INT. */
function runsAlike(a: Json | undefined, b: Json | undefined, input: Input): boolean {
  if (a === undefined || b === undefined || linkOf(a) || linkOf(b)) return false;
  if (input.kind === 'COMBO' && same(replacedOption(a, input), b)) return true;
  try {
    return same(convertWidgetValue(a, input), convertWidgetValue(b, input));
  } catch {
    return false;
  }
}

/**
 * Returns all differences between the sent prompt and ours. For unknown node types only links are
 * compared, since their widgets have no names.
 */
export function compareForms(
  sent: Graph,
  converted: Graph,
  nodes: NodeTable,
  notes: readonly string[] = [],
  file?: FileEvidence,
): Difference[] {
  const found: Difference[] = [];
  const ours = withSentIds(sent, converted);
  /** Whether a node is one that runs, and not one of the editor alone that is unknown here. */
  const runs = (id: string): boolean => {
    const { classType = '' } = ours.get(id) ?? {};
    return sent.has(id) || nodes.has(classType) || OTHER_TYPES.has(classType);
  };
  for (const [nodeId, node] of sent) {
    const other = ours.get(nodeId);
    const add = (text: string, expected?: Expected): number =>
      found.push({ nodeId, text: `${node.classType}${text}`, expected });
    if (!other) {
      add(' is missing', file?.isGone(nodeId, node.classType) ? 'edited' : undefined);
      continue;
    }
    if (other.classType !== node.classType) {
      add(` is ${other.classType}`);
      continue;
    }
    const isMatched = notes.some((note) =>
      note.includes(`(node ${nodeId}) was saved by another version`),
    );
    for (const { name, input, values } of differentInputs(node, other, nodes)) {
      const source = linkOf(values.ours);
      const isEdited = (): boolean =>
        (!source || runs(source.id)) && file?.says(nodeId, name, input, values) === true;
      add(
        `.${name}: ${dumpsJson(values.sent ?? null)} sent, ${dumpsJson(values.ours ?? null)} here`,
        outdated(values, input) ?? (isMatched ? 'matched' : isEdited() ? 'edited' : undefined),
      );
    }
  }
  for (const [nodeId, { classType }] of ours)
    if (!sent.has(nodeId))
      found.push({
        nodeId,
        text: `${classType} is not in what was sent`,
        expected: runs(nodeId) && file?.isActive(nodeId, classType) ? 'edited' : undefined,
      });
  return found;
}

interface DifferentInput {
  readonly name: string;
  /** Undefined where the node, or the input, is unknown. */
  readonly input: Input | undefined;
  readonly values: Values;
}

function differentInputs(node: GraphNode, other: GraphNode, nodes: NodeTable): DifferentInput[] {
  const declaration = nodes.get(node.classType);
  const names = new Set([...Object.keys(node.inputs), ...Object.keys(other.inputs)]);
  return [...names].flatMap((name): DifferentInput[] => {
    const [sent, ours] = [node.inputs[name], other.inputs[name]];
    if (same(sent, ours) || (!declaration && !linkOf(sent) && !linkOf(ours))) return [];
    const input = declaration && inputOf(declaration, name);
    return input && runsAlike(sent, ours, input) ? [] : [{ name, input, values: { sent, ours } }];
  });
}

/** The kind of difference that other versions of the editor or of the node explain. */
function outdated({ sent, ours }: Values, input: Input | undefined): Expected | undefined {
  if (sent === undefined && input && !linkOf(ours)) return 'newer input';
  return !input && ours === undefined && !linkOf(sent) ? 'editor only' : undefined;
}

/**
 * A group node created in the same editor session kept its nodes' ids until the file was loaded
 * again; ours are those after loading.
 */
function withSentIds(sent: Graph, ours: Graph): Graph {
  const names = new Map<string, string>();
  for (const [id, { classType }] of ours) {
    if (sent.has(id) || !id.includes(':')) continue;
    const twins = [...sent].filter(
      ([other, node]) => node.classType === classType && !ours.has(other),
    );
    const rivals = [...ours].filter(
      ([other, node]) => node.classType === classType && !sent.has(other),
    );
    if (twins.length === 1 && rivals.length === 1) names.set(id, twins[0][0]);
  }
  const renamed = (value: Json): Json => {
    const link = linkOf(value);
    return link && names.has(link.id) ? [names.get(link.id)!, link.slot] : value;
  };
  return new Map(
    [...ours].map(([id, node]) => [
      names.get(id) ?? id,
      {
        ...node,
        inputs: Object.fromEntries(
          Object.entries(node.inputs).map(([name, value]) => [name, renamed(value)]),
        ),
      },
    ]),
  );
}
