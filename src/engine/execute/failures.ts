// Errors of a running graph. Whatever a node throws becomes a DarkroomError at the node of the
// prompt that it belongs to.
import { DarkroomError } from '../../errors.ts';
import { describeNode, type Graph } from '../../workflow/api-graph.ts';
import type { PythonError } from '../../workflow/validate/python-values.ts';
import type { DynamicGraph } from './dynamic-prompt.ts';

const OUT_OF_MEMORY =
  /allocation failed|Invalid (typed )?array (buffer )?length|bad_alloc|failed to allocate/i;

/** V8's message for a text of more than 2^29 characters. */
const TOO_LONG = 'Invalid string length';

/**
 * Anything thrown while a node ran, with the id and class type of the node of the prompt. `pack`:
 * the title of its pack, if that is not built in.
 */
export function failureOf(
  error: unknown,
  id: string,
  graph: Graph,
  dynamic: DynamicGraph,
  signal: AbortSignal,
  pack?: string,
): DarkroomError {
  const nodeId = dynamic.realOf(id);
  const nodeType = graph.get(nodeId)!.classType;
  if (error instanceof DarkroomError) {
    error.nodeId ??= nodeId;
    error.nodeType ??= nodeType;
    return error;
  }
  if (signal.aborted)
    return new DarkroomError('DR_INTERRUPTED', { message: 'interrupted', nodeId, nodeType });
  const cause = error instanceof Error ? error : new Error(String(error));
  const outer = describeNode(nodeId, graph.get(nodeId));
  const name = id === nodeId ? outer : `${dynamic.node(id)!.classType} in ${outer}`;
  if (OUT_OF_MEMORY.test(cause.message))
    return new DarkroomError('DR_OUT_OF_MEMORY', {
      message: `${name} ran out of memory: ${cause.message}`,
      hint: 'Use a smaller image or batch, or the tiled VAE nodes.',
      nodeId,
      nodeType,
      cause,
    });
  if (cause instanceof RangeError && cause.message === TOO_LONG)
    return new DarkroomError('DR_NODE_FAILED', {
      message: `${name} made a text that is longer than any text can be`,
      hint: 'Shorten the texts that go into the node.',
      nodeId,
      nodeType,
      cause,
    });
  return new DarkroomError('DR_NODE_FAILED', {
    message: `${name} failed: ${cause.message}`,
    hint: pack
      ? `This is a fault of the pack ${pack}; please report it to its author.`
      : 'This is a fault of Darkroom; please report it with the workflow.',
    nodeId,
    nodeType,
    cause,
  });
}

/**
 * Nodes that wait for each other. Validation refuses circles in a prompt, so a node that expanded
 * to some of them is the cause, and the error names it.
 */
export function circleFailure(
  circle: readonly string[],
  graph: Graph,
  dynamic: DynamicGraph,
): DarkroomError {
  const id = circle.find((member) => !dynamic.isOriginal(member)) ?? circle[0];
  const nodeId = dynamic.realOf(dynamic.displayOf(id));
  return new DarkroomError('DR_NODE_FAILED', {
    message: `nodes wait for each other in a circle: ${circle.join(', ')}`,
    hint: 'A node expanded to a graph that can never end; please report it with the workflow.',
    nodeId,
    nodeType: graph.get(nodeId)?.classType,
  });
}

/** A link to a node that does not exist, or an unknown class type, in what a node expanded to. */
export const missingNode = (id: string, classType?: string): DarkroomError =>
  new DarkroomError('DR_NODE_FAILED', {
    message:
      classType === undefined
        ? `there is no node '${id}'`
        : `node '${id}' has the unknown type '${classType}'`,
    hint: 'Check what the inputs are connected to.',
  });

/** A lazy input that a node requested though nothing is connected to it. */
export const unconnectedInput = (input: string): DarkroomError =>
  new DarkroomError('DR_INPUT_INVALID', {
    message: `needs the input '${input}', but nothing is connected to it`,
    hint: 'Connect the input, or choose another one.',
    input,
  });

/** A value of the prompt that can't be converted to the type of its input. */
export const badValue = (input: string, error: PythonError): DarkroomError =>
  new DarkroomError('DR_INPUT_INVALID', {
    message: `'${input}' can't be used: ${error.message}`,
    hint: 'Correct the value.',
    input,
  });
