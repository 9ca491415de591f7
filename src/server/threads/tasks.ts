// What the server does in threads: everything that reads workflows, images or prompts that came
// with a request. Inputs and outputs are copied between threads, so they are plain data; JSON
// values, which have classes for Python's numbers, leave a thread as text.
import { DarkroomError } from '../../errors.ts';
import { dumpsJson } from '../../formats/dumps-json.ts';
import { isJsonObject, type Json, type JsonObject, numberOf } from '../../formats/json.ts';
import { parseJson } from '../../formats/parse-json.ts';
import { openImage, readFrames } from '../../image/codec/decode-frames.ts';
import type { Frame } from '../../image/codec/frames.ts';
import { readImageTexts } from '../../image/codec/image-text.ts';
import type { Folders } from '../../storage/folders.ts';
import { stringsIn } from '../../storage/storage.ts';
import { populateWildcards } from '../../text/wildcards.ts';
import type { CheckResponse, ErrorResponse, WorkflowResponse } from '../api-types.ts';
import { empty, json, type RouteResponse } from '../http/responses.ts';
import { objectBody } from '../http/route.ts';
import { printNodes } from '../object-info.ts';
import { type AcceptedPrompt, checkPrompt, namedVersion } from '../prompt-request.ts';
import { messageText } from '../websocket/websocket-client.ts';
import { EXAMPLE_TASKS } from './example-tasks.ts';
import { MODEL_TASKS } from './model-tasks.ts';
import type { InputNames, TaskContext } from './task-context.ts';
import { workflowResponse } from './workflow-response.ts';

interface Body {
  readonly bytes: Uint8Array;
}

/** A prompt that a server accepts, as plain data. */
export interface CheckedPrompt extends Pick<AcceptedPrompt, 'job'> {
  /** JSON text. */
  readonly nodeErrors: string;
  /** WebSocket messages for the client: JSON texts. */
  readonly messages: readonly string[];
}

/** Each task may throw a Refusal or a DarkroomError. */
export const TASKS = {
  ...MODEL_TASKS,
  ...EXAMPLE_TASKS,

  /** Opens the context and does nothing else. */
  warm: (_: TaskContext, _input: undefined): void => undefined,

  /** The entries of /object_info for the nodes of packs, as JSON text by type. */
  packNodes: (
    { nodeSet, folders }: TaskContext,
    _input: InputNames,
  ): Readonly<Record<string, string>> => printNodes(nodeSet.loaded().nodes.values(), folders),

  /** The strings in the `prompt` of a body of POST /prompt, each once. */
  promptStrings: (_: TaskContext, body: Body): string[] => [
    ...new Set(stringsIn(objectBody(body)['prompt'])),
  ],

  /** Reads the body of POST /prompt; a RouteResponse refuses it. */
  checkPrompt: (
    { nodesOf, folders, comfyui }: TaskContext,
    { idempotencyKey, ...bytes }: Body & InputNames & { readonly idempotencyKey?: string },
  ): CheckedPrompt | { readonly refused: RouteResponse } => {
    const body = objectBody(bytes);
    const version = namedVersion(body);
    const prompt =
      typeof version === 'object'
        ? version
        : checkPrompt(body, { nodes: nodesOf(version), folders, comfyui }, idempotencyKey);
    if ('refused' in prompt) return { refused: json(prompt.refused, 400) };
    const { job, nodeErrors, messages } = prompt;
    return {
      job,
      nodeErrors: dumpsJson(nodeErrors),
      messages: messages.map(({ event, data }) => messageText(event, data)),
    };
  },

  /** `outputs` and `status` of an entry of the history, as JSON texts. */
  historyParts: (_: TaskContext, entry: { readonly json: string }) => {
    const value = parseJson(entry.json);
    const { outputs = {}, status = null } = isJsonObject(value) ? value : ({} as JsonObject);
    return { outputs: dumpsJson(outputs), status: dumpsJson(status) };
  },

  /** Reads a workflow file of any format. */
  readWorkflow: (
    context: TaskContext,
    { bytes, name }: Body & InputNames & { readonly name: string },
  ): Promise<RouteResponse> =>
    readable(() => json<WorkflowResponse>(workflowResponse(context, bytes, name))),

  /** Finds what the prompt in a body of POST /prompt lacks here; opens headers of model files. */
  checkWorkflow: (
    { nodesOf, folders }: TaskContext,
    bytes: Body & InputNames,
  ): Promise<RouteResponse> =>
    readable(async () => {
      const body = objectBody(bytes);
      const version = namedVersion(body);
      if (typeof version === 'object') return json(version.refused, 400);
      const { checkReport } = await import('../check-report.ts');
      return json<CheckResponse>(await checkReport(body, nodesOf(version), folders));
    }),

  /** Replaces the wildcards in the `text` of a body. */
  populateWildcards: ({ folders }: TaskContext, body: Body): RouteResponse => {
    const { text, seed } = objectBody(body);
    if (typeof text !== 'string') return empty(400);
    try {
      return json({ text: populateWildcards(text, wildcardSeed(seed), folders.wildcards()) });
    } catch {
      return empty(400);
    }
  },

  /** The names of all lists of wildcards. */
  wildcardNames: ({ folders }: TaskContext, _input: undefined): RouteResponse =>
    json({ data: wildcardNames(folders) }),

  /** The same, with the fields by which the Impact Pack 8.28 reports what it has loaded. */
  loadedWildcardNames: ({ folders }: TaskContext, _input: undefined): RouteResponse => {
    const data = wildcardNames(folders);
    return json({ data, on_demand_mode: false, total_available: data.length });
  },

  /** The texts in an image; none when they cannot be read. */
  imageTexts: (_: TaskContext, { bytes }: Body): Record<string, string> => {
    try {
      return readImageTexts(bytes, 'the image');
    } catch {
      return {};
    }
  },

  /** The size of an image, and its first frame when all have at most `maxPixels` together. */
  firstFrame: async (
    _: TaskContext,
    { bytes, name, maxPixels }: Body & { readonly name: string; readonly maxPixels: number },
  ): Promise<{ readonly width: number; readonly height: number; readonly frame?: Frame }> => {
    const opened = await openImage(bytes, name);
    const { width, height, pages } = opened;
    if (width * height * pages > maxPixels) return { width, height };
    const [frame] = (await readFrames(opened, name, () => undefined)).frames;
    return { width: frame.width, height: frame.height, frame };
  },
} satisfies Record<string, (context: TaskContext, input: never) => unknown>;

/** A response about a workflow; 422 with the error of one that can't be read. */
async function readable(
  respond: () => RouteResponse | Promise<RouteResponse>,
): Promise<RouteResponse> {
  try {
    return await respond();
  } catch (error) {
    if (!(error instanceof DarkroomError)) throw error;
    const { code, message, hint = '' } = error;
    return json<ErrorResponse>({ error: { code, message, hint } }, 422);
  }
}

/** As they are written in prompts. */
const wildcardNames = (folders: Folders): string[] =>
  [...folders.wildcards().keys()].map((name) => `__${name}__`);

type Tasks = typeof TASKS;
export type TaskName = keyof Tasks;
export type TaskInput<N extends TaskName> = Parameters<Tasks[N]>[1];
export type TaskOutput<N extends TaskName> = Awaited<ReturnType<Tasks[N]>>;

/** The seed of a request; a random one of 32 bits by default. */
const wildcardSeed = (seed: Json | undefined): bigint =>
  typeof seed === 'bigint'
    ? seed
    : BigInt(Math.trunc(numberOf(seed) ?? Math.random() * 2 ** 32) || 0);
