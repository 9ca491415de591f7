// Turns the events of the engine into ComfyUI's WebSocket messages and history entry (execution.py,
// comfy_execution/progress.py).
import type { EngineEvent, NodeUi, Outputs } from '../../engine/events.ts';
import type { DarkroomError } from '../../errors.ts';
import { dumpsJson } from '../../formats/dumps-json.ts';
import { isJsonObject, type JsonObject, objectOf } from '../../formats/json.ts';
import { parseJson } from '../../formats/parse-json.ts';
import type { EndState, QueueEvent } from '../contract.ts';
import type { HeldJob, JobResult } from '../jobs/job-types.ts';
import { limitTexts, MAX_JOB, MAX_MESSAGE, type TextBudget } from './message-limits.ts';
import { createNodeProgress, type NodeProgress, nodeMeta } from './node-progress.ts';
import {
  createProgressMessages,
  NO_PROGRESS_MESSAGES,
  type ProgressMessages,
} from './progress-messages.ts';

type Data = Readonly<Record<string, unknown>>;
type EventOf<T extends EngineEvent['type']> = Extract<EngineEvent, { readonly type: T }>;
type MessageEvent = Extract<QueueEvent, { readonly type: 'message' }>;
type Handlers = { readonly [T in EngineEvent['type']]?: (event: EventOf<T>) => QueueEvent[] };

/** The messages of one attempt of a job, in the order in which the methods are called. */
export interface ClientMessages {
  /** The job starts. */
  start(): QueueEvent[];
  /** The messages for an event of the engine; none for `done` and `error`. */
  event(event: EngineEvent): QueueEvent[];
  /** The messages that were held back and are due now; to be called at intervals. */
  due(): QueueEvent[];
  /**
   * The job has ended: what to store, and the messages to send then. The outputs are those of the
   * `executed` events and `outputs`.
   */
  end(
    state: JobResult['state'],
    error?: DarkroomError,
    outputs?: Outputs,
  ): { readonly result: JobResult; readonly messages: QueueEvent[] };
  /** To be sent after the history and the queue's new length: old clients wait for it. */
  last(state: EndState): QueueEvent[];
}

/** The state of one attempt. */
interface AttemptState {
  readonly job: HeldJob;
  readonly now: () => number;
  /** The messages that become part of the history. */
  readonly recorded: [string, Data][];
  /** What nodes showed, by node id. */
  readonly shown: Map<string, { readonly ui: NodeUi; readonly displayId: string }>;
  /** What the outputs of further nodes may take. */
  readonly budget: TextBudget;
  readonly progress: NodeProgress;
  readonly progressMessages: ProgressMessages;
}

/** `now` returns the time in milliseconds since 1970. */
export function createClientMessages(job: HeldJob, now: () => number): ClientMessages {
  const { promptId, clientId } = job;
  const progress = createNodeProgress(promptId);
  const progressMessage = (): MessageEvent =>
    textMessage(job, 'progress_state', progress.stateText());
  const progressMessages =
    clientId === undefined
      ? NO_PROGRESS_MESSAGES
      : createProgressMessages(progress, progressMessage, now);
  const state: AttemptState = {
    job,
    now,
    recorded: [],
    shown: new Map(),
    budget: { remaining: MAX_JOB },
    progress,
    progressMessages,
  };
  const handlers: Handlers = { ...plainHandlers(job, now), ...progressHandlers(state) };
  return {
    start: () => [recordMessage(state, 'execution_start', { prompt_id: promptId })],
    event: (event) => {
      const handle = handlers[event.type] as ((event: EngineEvent) => QueueEvent[]) | undefined;
      return handle?.(event) ?? [];
    },
    due: progressMessages.due,
    end: (endState, error, outputs = {}) => {
      const messages =
        endState === 'success' ? successMessages(state) : failureMessages(state, endState, error);
      for (const [id, ui] of Object.entries(outputs))
        if (!state.shown.has(id))
          state.shown.set(id, { ui: storedUi(state, ui), displayId: progress.displayOf(id) });
      return { result: resultOf(state, endState, error), messages };
    },
    last: (endState) => [
      messageOf(job, 'executing', { node: null, prompt_id: promptId }),
      { type: 'ended', promptId, clientId, state: endState },
    ],
  };
}

/** The handlers of events that change the progress of nodes or what is shown. */
function progressHandlers(state: AttemptState): Handlers {
  const { job, shown, progress, progressMessages } = state;
  const { promptId } = job;
  const send = (event: string, data: Data): QueueEvent => messageOf(job, event, data);
  return {
    started: ({ cached }) => [
      recordMessage(state, 'execution_cached', { nodes: cached, prompt_id: promptId }),
    ],
    'node-started': ({ nodeId, displayId = nodeId }) => {
      const before = finishRunning(state);
      progress.start(nodeId, displayId);
      const data = { node: nodeId, display_node: displayId, prompt_id: promptId };
      return [...before, send('executing', data), ...progressMessages.changed()];
    },
    progress: ({ nodeId, step, total }) => {
      progress.update(nodeId, step, total);
      const data = { value: step, max: total, prompt_id: promptId, node: nodeId };
      return [...progressMessages.changed(), send('progress', data)];
    },
    executed: ({ nodeId, displayId = nodeId, ui }) => {
      const output = storedUi(state, ui);
      shown.set(nodeId, { ui: output, displayId });
      const data = { node: nodeId, display_node: displayId, output, prompt_id: promptId };
      const message = send('executed', data);
      // a cached node is shown without having been started
      const isCached = progress.addFinished(nodeId, displayId);
      return isCached ? [message, ...progressMessages.changed()] : [message];
    },
  };
}

const finishRunning = ({ progress, progressMessages }: AttemptState): QueueEvent[] =>
  progress.finishRunning() ? progressMessages.changed() : [];

/** A message that is also part of the history. */
function recordMessage(
  { job, now, recorded }: AttemptState,
  event: string,
  data: Data,
  broadcast = false,
): QueueEvent {
  const stamped = limitTexts({ ...data, timestamp: now() });
  recorded.push([event, stamped]);
  return messageOf(job, event, stamped, broadcast);
}

const successMessages = (state: AttemptState): QueueEvent[] => [
  ...finishRunning(state),
  ...state.progressMessages.rest(),
  recordMessage(state, 'execution_success', { prompt_id: state.job.promptId }),
];

function failureMessages(
  state: AttemptState,
  endState: 'error' | 'interrupted',
  error?: DarkroomError,
): QueueEvent[] {
  const { job, progress, progressMessages } = state;
  const failed = progress.failRunning();
  const before = [...(failed ? progressMessages.changed() : []), ...progressMessages.rest()];
  const nodeId = error?.nodeId ?? failed?.displayId ?? null;
  const executed = progress.executed();
  const node = {
    prompt_id: job.promptId,
    node_id: nodeId,
    node_type: error?.nodeType ?? classTypeOf(job.prompt, nodeId),
    executed,
  };
  if (endState === 'interrupted')
    return [...before, recordMessage(state, 'execution_interrupted', node, true)];
  const details = {
    exception_message: error?.message ?? '',
    exception_type: error?.code ?? 'DR_NODE_FAILED',
    traceback: error?.hint === undefined ? [] : [error.hint],
    current_inputs: {},
    current_outputs: executed,
  };
  return [...before, recordMessage(state, 'execution_error', { ...node, ...details })];
}

/** What is stored of the attempt: outputs, their nodes and the recorded messages. */
function resultOf(
  { shown, recorded }: AttemptState,
  state: JobResult['state'],
  error?: DarkroomError,
): JobResult {
  const outputs = [...shown].map(([id, { ui }]): [string, NodeUi] => [id, ui]);
  const meta = [...shown].map(([id, { displayId }]): [string, Data] => [
    id,
    historyMeta(id, displayId),
  ]);
  return {
    state,
    outputs: dumpsJson(objectOf(outputs)),
    meta: dumpsJson(objectOf(meta)),
    status: dumpsJson({
      status_str: state === 'success' ? 'success' : 'error',
      completed: state === 'success',
      messages: recorded,
    }),
    error: error && dumpsJson(limitTexts(error.toJSON())),
  };
}

const messageOf = (job: HeldJob, event: string, data: Data, broadcast = false): MessageEvent =>
  textMessage(job, event, dumpsJson(limitTexts(data)), broadcast);

/** A message whose data are JSON text. */
const textMessage = (
  { promptId, clientId }: HeldJob,
  event: string,
  data: string,
  broadcast = false,
): MessageEvent => ({
  type: 'message',
  promptId,
  clientId,
  broadcast,
  event,
  text: `{"type": ${dumpsJson(event)}, "data": ${data}}`,
});

/** The handlers of events that become one message each and change nothing else. */
function plainHandlers(job: HeldJob, now: () => number): Handlers {
  const { promptId, clientId } = job;
  const send = (event: string, data: Data): QueueEvent[] => [messageOf(job, event, data)];
  return {
    preview: ({ nodeId, displayId = nodeId, mime, image, isResult }) => {
      const metadata = dumpsJson({ ...nodeMeta(promptId, nodeId, displayId), image_type: mime });
      return [{ type: 'preview', promptId, clientId, metadata, mime, image, isResult }];
    },
    blocked: (event) =>
      send('execution_error', {
        prompt_id: promptId,
        node_id: event.nodeId,
        node_type: event.nodeType,
        executed: event.executed,
        exception_message: `Execution Blocked: ${event.message}`,
        exception_type: 'ExecutionBlocked',
        traceback: [],
        current_inputs: [],
        current_outputs: [],
        timestamp: now(),
      }),
    status: ({ nodeId, progress = null, text }) =>
      send('impact/update_status', { node: nodeId, progress, text }),
    message: ({ event, data }) => send(event, data),
    loading: ({ nodeId, file, part, bytes }) =>
      send('darkroom/loading', {
        node: nodeId,
        file,
        part,
        ...(bytes !== undefined && { bytes }),
        prompt_id: promptId,
      }),
    loaded: ({ nodeId, file, part, seconds }) =>
      send('darkroom/loaded', { node: nodeId, file, part, seconds, prompt_id: promptId }),
    warning: ({ nodeId = null, message }) =>
      send('darkroom/warning', { node: nodeId, message, prompt_id: promptId }),
  };
}

const historyMeta = (nodeId: string, displayId: string): Data => ({
  node_id: nodeId,
  display_node: displayId,
  parent_node: displayId === nodeId ? null : displayId,
  real_node_id: displayId,
});

/** What is sent and stored of what a node shows. */
function storedUi({ budget }: AttemptState, ui: NodeUi): NodeUi {
  const ofNode = { remaining: Math.min(MAX_MESSAGE, budget.remaining) };
  const { remaining } = ofNode;
  const stored = limitTexts(publicUi(ui), ofNode);
  budget.remaining -= remaining - ofNode.remaining;
  return stored;
}

/** What a node shows, without the paths of this machine. */
const publicUi = (ui: NodeUi): NodeUi =>
  Object.fromEntries(Object.entries(ui).map(([name, items]) => [name, items.map(publicItem)]));

function publicItem(item: unknown): unknown {
  if (typeof item !== 'object' || item === null || !('filename' in item) || !('path' in item))
    return item;
  const { path: _, ...rest } = item;
  return rest;
}

function classTypeOf(prompt: string, nodeId: string | null): string | null {
  if (nodeId === null) return null;
  const node = (parseJson(prompt) as JsonObject)[nodeId];
  return isJsonObject(node) && typeof node['class_type'] === 'string' ? node['class_type'] : null;
}
