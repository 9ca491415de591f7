// The requests that the page sends: ComfyUI's own routes, /darkroom/… to read workflows, the
// WebSocket.
import type {
  CheckResponse,
  ClientMessages,
  ErrorResponse,
  ExamplesResponse,
  GalleryResponse,
  HistoryEntry,
  HistoryResponse,
  JobOrigin,
  PromptRequest,
  PromptResponse,
  QueueResponse,
  RemovalRequest,
  StoredImage,
} from '../src/server/api-types.ts';
import { type JsonNumber, type JsonValue, parseJson, printJson } from './exact-json.ts';
import type { Graph, RunnableWorkflow, Workflow } from './form-values.ts';

const BASE = new URL('..', import.meta.url);
const RECONNECT_MS = 1500;
const STORAGE_KEY = 'darkroom-client';
/** Kinds of binary messages (src/server/websocket/frames.ts). */
const PREVIEW_IMAGE = 1;
const PREVIEW_IMAGE_WITH_METADATA = 4;

/** The id of this tab. It survives a reload, so that a running job still belongs to the tab. */
const clientId = ((): string => {
  const stored = sessionStorage.getItem(STORAGE_KEY);
  if (stored) return stored;
  const id = [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
  sessionStorage.setItem(STORAGE_KEY, id);
  return id;
})();

export const absoluteUrl = (path: string): string => new URL(path, BASE).href;

/** The URL of a picture; `small` returns a preview for the contact sheet. */
export function pictureUrl({ filename, subfolder, type }: StoredImage, small = false): string {
  const query = new URLSearchParams({ filename, subfolder, type });
  if (small) query.set('preview', 'webp;85');
  return absoluteUrl(`view?${query}`);
}

/** A failed request: the message, and details or a hint. */
export class RequestError extends Error {
  readonly details: readonly string[];
  /** Of the response; undefined without one. */
  readonly status?: number;
  constructor(message: string, details: readonly string[] = [], status?: number) {
    super(message);
    this.details = details;
    this.status = status;
  }
}

/** Sends a request and parses the response. Throws a RequestError. */
export async function request<T>(path: string, init?: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(absoluteUrl(path), init);
  } catch {
    throw new RequestError('The server does not respond.', ['Is Darkroom still running?']);
  }
  const text = await response.text();
  const body = text.startsWith('{') || text.startsWith('[') ? parseJson<T>(text) : undefined;
  if (response.ok) return body as T;
  throw failureOf(response.status, body as ErrorResponse | undefined);
}

function failureOf(status: number, { error, node_errors = {} }: ErrorResponse = {}): RequestError {
  const problems = Object.values(node_errors).flatMap(({ errors }) =>
    errors.map(({ message, details }) => [message, details].filter(Boolean).join(': ')),
  );
  const hint = error?.hint || error?.details;
  return new RequestError(
    error?.message ?? `The server responded with status ${status}.`,
    problems.length > 0 || !hint ? problems : [hint],
    status,
  );
}

/** Sends a body as JSON. Throws a RequestError. */
export const post = <T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> =>
  request(path, {
    signal,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: printJson(body),
  });

/** Reads a workflow file or a picture that contains a workflow; nothing is run. */
export const readWorkflow = (content: Blob | string, name: string): Promise<Workflow> =>
  request(`darkroom/read?${new URLSearchParams({ name })}`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: content,
  });

/** The same for a graph of the history. */
export const readGraph = (graph: Graph): Promise<Workflow> =>
  readWorkflow(printJson(graph), 'the workflow');

/** What a workflow lacks on the server. */
export const checkWorkflow = (
  { prompt, extra }: RunnableWorkflow,
  signal: AbortSignal,
): Promise<CheckResponse> =>
  post('darkroom/check', { prompt, extra_data: { extra_pnginfo: extra } }, signal);

/** The names of the examples that can run on the server. */
export const listExamples = (): Promise<ExamplesResponse> => request('darkroom/examples');

/** The same examples with titles and pictures. */
export const listGallery = (): Promise<GalleryResponse> => request('darkroom/gallery');

/** The URL of an example's picture. */
export const galleryPictureUrl = (name: string): string =>
  absoluteUrl(`darkroom/gallery/${encodeURIComponent(name)}`);

export const readExample = (name: string): Promise<Workflow> =>
  request(`darkroom/examples/${encodeURIComponent(name)}`);

/** Text to image on a model, such as `{ checkpoint: NAME }`; by default on one that is suitable. */
export const readStart = (model: Readonly<Record<string, string>> = {}): Promise<Workflow> =>
  request(`darkroom/start?${new URLSearchParams(model)}`);

/** Queues a workflow as a job of this tab. */
export const queueWorkflow = (
  { prompt, extra }: RunnableWorkflow,
  origin: JobOrigin,
): Promise<PromptResponse> =>
  post('prompt', {
    prompt,
    client_id: clientId,
    extra_data: { extra_pnginfo: extra, darkroom: origin },
  } satisfies PromptRequest<JsonValue>);

export const listQueue = (): Promise<QueueResponse<JsonValue, JsonNumber>> => request('queue');

/** The last `count` entries of the history, the oldest first. */
export const listHistory = (count: number): Promise<HistoryResponse<JsonValue, JsonNumber>> =>
  request(`history?max_items=${count}`);

/** The entry of a job; undefined while it has not ended, and for a job that was removed. */
export const listHistoryEntry = async (
  id: string,
): Promise<HistoryEntry<JsonValue, JsonNumber> | undefined> => {
  const entries = await request<HistoryResponse<JsonValue, JsonNumber>>(
    `history/${encodeURIComponent(id)}`,
  );
  return entries[id];
};

export const deleteHistoryEntry = (id: string): Promise<void> =>
  post('history', { delete: [id] } satisfies RemovalRequest);

/** Removes all entries; the files stay. */
export const clearHistory = (): Promise<void> =>
  post('history', { clear: true } satisfies RemovalRequest);

/** Removes all waiting jobs. */
export const clearQueue = (): Promise<void> =>
  post('queue', { clear: true } satisfies RemovalRequest);

/** Removes a waiting job, or stops a running one. */
export async function cancelJob(id: string): Promise<void> {
  await post('queue', { delete: [id] } satisfies RemovalRequest);
  await post('interrupt', { prompt_id: id });
}

export interface Subscriber {
  readonly messages: {
    readonly [Type in keyof ClientMessages]?: (data: ClientMessages[Type]) => void;
  };
  preview(picture: Blob): void;
  connection(open: boolean): void;
}

/** Calls the subscriber for as long as the page is open; reconnects when the connection is lost. */
export function subscribe(subscriber: Subscriber): void {
  const url = new URL(`ws?clientId=${clientId}`, BASE);
  url.protocol = url.protocol.replace('http', 'ws');
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => {
    const data = { supports_preview_metadata: true };
    socket.send(JSON.stringify({ type: 'feature_flags', data }));
    subscriber.connection(true);
  };
  socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
    if (typeof data === 'string') deliver(data, subscriber);
    else {
      const preview = previewIn(data);
      if (preview) subscriber.preview(preview);
    }
  };
  socket.onclose = () => {
    subscriber.connection(false);
    setTimeout(() => subscribe(subscriber), RECONNECT_MS);
  };
}

function deliver(text: string, { messages }: Subscriber): void {
  const { type, data } = parseJson<{ readonly type: string; readonly data: never }>(text);
  (messages as Record<string, ((data: never) => void) | undefined>)[type]?.(data);
}

function previewIn(data: ArrayBuffer): Blob | undefined {
  const view = new DataView(data);
  const kind = view.getUint32(0);
  if (kind === PREVIEW_IMAGE_WITH_METADATA) return new Blob([data.slice(8 + view.getUint32(4))]);
  return kind === PREVIEW_IMAGE ? new Blob([data.slice(8)]) : undefined;
}
