// What the engine tells, as ComfyUI's WebSocket messages and history entry (execution.py, comfy_execution/progress.py).
import type { EngineEvent, NodeUi, Outputs } from '../engine/events.ts';
import type { DarkroomError } from '../errors.ts';
import { dumpsJson, isJsonObject, type JsonObject, objectOf, parseJson } from '../formats/json.ts';
import type { EndState, QueueEvent } from './contract.ts';
import type { HeldJob, Result } from './jobs.ts';

type Data = Readonly<Record<string, unknown>>;

export interface Telling {
  /** The job begins. */
  start(): QueueEvent[];
  event(event: EngineEvent): QueueEvent[];
  /** What is stored; then `last` is told. The outputs are those that were told, unless given. */
  end(
    state: Result['state'],
    error?: DarkroomError,
    outputs?: Outputs,
  ): { result: Result; told: QueueEvent[] };
  /** After the history and the queue's new length: old clients wait for this. */
  last(state: EndState): QueueEvent[];
}

interface Progress {
  value: number;
  max: number;
  state: 'running' | 'finished' | 'error';
  readonly displayId: string;
}

/** Turns one attempt of a job into messages. */
export function telling({ promptId, clientId, prompt }: HeldJob, now: () => number): Telling {
  const messages: [string, Data][] = [];
  const progress = new Map<string, Progress>();
  const shown = new Map<string, { ui: NodeUi; displayId: string }>();
  const executed: string[] = [];
  let running: string | undefined;

  const message = (event: string, data: Data, broadcast = false): QueueEvent => ({
    type: 'message',
    promptId,
    clientId,
    broadcast,
    event,
    text: dumpsJson({ type: event, data }),
  });
  /** Also written into the history. */
  const noted = (event: string, data: Data, broadcast = false): QueueEvent => {
    const stamped = { ...data, timestamp: now() };
    messages.push([event, stamped]);
    return message(event, stamped, broadcast);
  };
  const metaOf = (nodeId: string, displayId: string): Data => ({
    node_id: nodeId,
    prompt_id: promptId,
    display_node_id: displayId,
    parent_node_id: displayId === nodeId ? null : displayId,
    real_node_id: displayId,
  });
  const progressState = (): QueueEvent =>
    message('progress_state', {
      prompt_id: promptId,
      nodes: objectOf(
        [...progress].map(([id, { value, max, state, displayId }]): [string, Data] => [
          id,
          { value, max, state, ...metaOf(id, displayId) },
        ]),
      ),
    });
  const finishRunning = (): QueueEvent[] => {
    if (running === undefined) return [];
    const done = progress.get(running)!;
    done.state = 'finished';
    done.value = done.max;
    executed.push(running);
    running = undefined;
    return [progressState()];
  };

  const event = (event: EngineEvent): QueueEvent[] => {
    switch (event.type) {
      case 'started':
        return [noted('execution_cached', { nodes: event.cached, prompt_id: promptId })];
      case 'node-started': {
        const displayId = event.displayId ?? event.nodeId;
        const before = finishRunning();
        running = event.nodeId;
        progress.set(running, { value: 0, max: 1, state: 'running', displayId });
        return [
          ...before,
          message('executing', {
            node: event.nodeId,
            display_node: displayId,
            prompt_id: promptId,
          }),
          progressState(),
        ];
      }
      case 'progress': {
        const known = progress.get(event.nodeId);
        if (known) {
          known.value = event.step;
          known.max = event.total;
        }
        return [
          progressState(),
          message('progress', {
            value: event.step,
            max: event.total,
            prompt_id: promptId,
            node: event.nodeId,
          }),
        ];
      }
      case 'preview':
        return [
          {
            type: 'preview',
            promptId,
            clientId,
            metadata: dumpsJson({
              ...metaOf(event.nodeId, event.displayId ?? event.nodeId),
              image_type: event.mime,
            }),
            mime: event.mime,
            image: event.image,
          },
        ];
      case 'executed': {
        const displayId = event.displayId ?? event.nodeId;
        const ui = publicUi(event.ui);
        shown.set(event.nodeId, { ui, displayId });
        const told = message('executed', {
          node: event.nodeId,
          display_node: displayId,
          output: ui,
          prompt_id: promptId,
        });
        if (running === event.nodeId || progress.has(event.nodeId)) return [told];
        progress.set(event.nodeId, { value: 1, max: 1, state: 'finished', displayId });
        return [told, progressState()];
      }
      case 'blocked':
        return [
          message('execution_error', {
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
        ];
      case 'status':
        return [
          message('impact/update_status', {
            node: event.nodeId,
            progress: event.progress ?? null,
            text: event.text,
          }),
        ];
      case 'message':
        return [message(event.event, event.data)];
      case 'loading':
        return [
          message('darkroom/loading', {
            node: event.nodeId,
            file: event.file,
            part: event.part,
            ...(event.bytes !== undefined && { bytes: event.bytes }),
            prompt_id: promptId,
          }),
        ];
      case 'loaded':
        return [
          message('darkroom/loaded', {
            node: event.nodeId,
            file: event.file,
            part: event.part,
            seconds: event.seconds,
            prompt_id: promptId,
          }),
        ];
      case 'warning':
        return [
          message('darkroom/warning', {
            node: event.nodeId ?? null,
            message: event.message,
            prompt_id: promptId,
          }),
        ];
      default:
        return [];
    }
  };

  const end: Telling['end'] = (state, error, outputs) => {
    const told: QueueEvent[] = [];
    if (state === 'success') {
      told.push(...finishRunning(), noted('execution_success', { prompt_id: promptId }));
    } else {
      const at = running === undefined ? undefined : progress.get(running);
      if (at) {
        at.state = 'error';
        told.push(progressState());
      }
      const nodeId = error?.nodeId ?? at?.displayId ?? null;
      const place = {
        prompt_id: promptId,
        node_id: nodeId,
        node_type: error?.nodeType ?? typeOf(prompt, nodeId),
        executed,
      };
      if (state === 'interrupted') told.push(noted('execution_interrupted', place, true));
      else
        told.push(
          noted('execution_error', {
            ...place,
            exception_message: error?.message ?? '',
            exception_type: error?.code ?? 'DR_NODE_FAILED',
            traceback: error?.hint === undefined ? [] : [error.hint],
            current_inputs: {},
            current_outputs: executed,
          }),
        );
    }
    for (const [id, ui] of Object.entries(outputs ?? {}))
      if (!shown.has(id))
        shown.set(id, { ui: publicUi(ui), displayId: progress.get(id)?.displayId ?? id });
    const result: Result = {
      state,
      outputs: dumpsJson(objectOf([...shown].map(([id, { ui }]): [string, NodeUi] => [id, ui]))),
      meta: dumpsJson(
        objectOf(
          [...shown].map(([id, { displayId }]): [string, Data] => [id, historyMeta(id, displayId)]),
        ),
      ),
      status: dumpsJson({
        status_str: state === 'success' ? 'success' : 'error',
        completed: state === 'success',
        messages,
      }),
      error: error && dumpsJson(error.toJSON()),
    };
    return { result, told };
  };

  return {
    start: () => [noted('execution_start', { prompt_id: promptId })],
    event,
    end,
    last: (state) => [
      message('executing', { node: null, prompt_id: promptId }),
      { type: 'ended', promptId, clientId, state },
    ],
  };
}

const historyMeta = (nodeId: string, displayId: string): Data => ({
  node_id: nodeId,
  display_node: displayId,
  parent_node: displayId === nodeId ? null : displayId,
  real_node_id: displayId,
});

/** Without the paths of this machine. */
const publicUi = (ui: NodeUi): NodeUi =>
  Object.fromEntries(Object.entries(ui).map(([name, items]) => [name, items.map(publicItem)]));

function publicItem(item: unknown): unknown {
  if (typeof item !== 'object' || item === null || !('filename' in item) || !('path' in item))
    return item;
  const { path: _, ...rest } = item;
  return rest;
}

function typeOf(prompt: string, nodeId: string | null): string | null {
  if (nodeId === null) return null;
  const node = (parseJson(prompt) as JsonObject)[nodeId];
  return isJsonObject(node) && typeof node['class_type'] === 'string' ? node['class_type'] : null;
}
