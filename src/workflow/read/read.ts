// Reads a workflow in any form: ComfyUI's API format (alone or as the body of POST /prompt), its UI
// format, an image file that contains one of them, and the `parameters` of A1111.
import { dirname } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../../formats/json.ts';
import { parseJson } from '../../formats/parse-json.ts';
import { readRegularFileSync } from '../../formats/regular-file.ts';
import { type ImageFormat, imageFormat, readImageTexts } from '../../image/codec/image-text.ts';
import { NODES } from '../../nodes/index.ts';
import type { Graph } from '../api-graph.ts';
import { isUi } from '../ui/ui-graph.ts';
import { type ConvertOptions, convertUi } from '../ui/ui-to-api.ts';
import { a1111Graph } from './a1111.ts';
import { isA1111 } from './a1111-parameters.ts';
import { parseApiGraph, withLaterInputs, withNewNames } from './api-format.ts';
import { componentsBeside } from './component-files.ts';
import {
  emptyFile,
  imageWithoutWorkflow,
  MAX_BYTES,
  notApiFormat,
  nothingRuns,
  tooLarge,
  unreadable,
} from './read-errors.ts';

export type WorkflowFormat = 'API' | 'UI' | 'A1111';

export interface Workflow {
  readonly graph: Graph;
  /** `extra_pnginfo` of the file, which is written into images beside the prompt. */
  readonly extra: Readonly<JsonObject>;
  readonly form: WorkflowFormat;
  /** The format of the image that contains the workflow. */
  readonly imageFormat?: ImageFormat;
  /** One sentence for each guess that the conversion had to make. */
  readonly notes: readonly string[];
}

export interface ReadOptions extends Partial<Omit<ConvertOptions, 'components'>> {
  /**
   * The form to read from an image that contains both. Default: `API`, the prompt that was run.
   */
  readonly prefer?: 'API' | 'UI';
}

/**
 * Reads a workflow file. Throws DR_FILE_MISSING, DR_FILE_UNREADABLE, DR_JSON_INVALID,
 * DR_WORKFLOW_FORMAT, DR_WORKFLOW_INVALID.
 */
export function readWorkflowFile(file: string, options: ReadOptions = {}): Workflow {
  return readWorkflowBytes(readBytes(file), file, options, dirname(file));
}

function readBytes(file: string): Buffer {
  try {
    return readRegularFileSync(file, MAX_BYTES);
  } catch (error) {
    throw unreadable(file, error as NodeJS.ErrnoException);
  }
}

/**
 * Reads the bytes of a workflow file. `file` is its name for messages; component files are read
 * from `folder`.
 */
export function readWorkflowBytes(
  bytes: Uint8Array,
  file: string,
  options: ReadOptions = {},
  folder?: string,
): Workflow {
  if (bytes.length > MAX_BYTES) throw tooLarge(file, bytes.length);
  const format = imageFormat(bytes);
  if (format) return { ...fromImage(bytes, format, file, options, folder), imageFormat: format };
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  if (text.replace('\ufeff', '').trim() === '') throw emptyFile(file);
  if (isA1111(text)) return fromA1111(text, file, options);
  return readWorkflow(parseJson(text, { file }), file, options, folder);
}

/** Reads a workflow from parsed JSON. */
export function readWorkflow(
  json: Json,
  file = 'the workflow',
  options: ReadOptions = {},
  folder?: string,
): Workflow {
  if (!isJsonObject(json)) throw notApiFormat(file, 'is JSON, but not an object of nodes');
  if (isUi(json)) return fromUi(json, file, options, folder);
  const { prompt } = json;
  if (!isJsonObject(prompt) || 'class_type' in prompt) return fromApi(json, {}, file, options);
  const extra = isJsonObject(json['extra_data']) ? json['extra_data']['extra_pnginfo'] : undefined;
  return fromApi(prompt, isJsonObject(extra) ? extra : {}, file, options);
}

function fromApi(
  nodes: JsonObject,
  extra: JsonObject,
  file: string,
  options: ReadOptions,
): Workflow {
  const graph = withNewNames(parseApiGraph(nodes, file), options.nodes ?? NODES);
  return { graph, extra, form: 'API', notes: [] };
}

function fromUi(
  json: JsonObject,
  file: string,
  options: ReadOptions,
  folder: string | undefined,
): Workflow {
  const components = folder === undefined ? {} : componentsBeside(json, folder);
  const { graph, notes } = convertUi(json, { nodes: NODES, ...options, components });
  if (graph.size === 0) throw nothingRuns(file);
  return { graph, extra: { workflow: json }, form: 'UI', notes };
}

function fromA1111(text: string, file: string, options: ReadOptions): Workflow {
  const { graph, notes } = a1111Graph(text, file, options.nodes ?? NODES);
  return { graph, extra: { parameters: text }, form: 'A1111', notes };
}

/**
 * The workflow in an image's metadata. The prompt is what was run, so it is preferred, unless it
 * contains components, which only the UI form defines.
 */
function fromImage(
  bytes: Uint8Array,
  format: ImageFormat,
  file: string,
  options: ReadOptions,
  folder: string | undefined,
): Workflow {
  const texts = readImageTexts(bytes, file);
  const prompt = jsonText(texts, 'prompt', file);
  const workflow = jsonText(texts, 'workflow', file);
  const ui = workflow && isUi(workflow) ? workflow : undefined;
  const api = prompt && !isUi(prompt) ? prompt : undefined;
  const prefersUi = options.prefer === 'UI' || (api !== undefined && hasComponents(api));
  if (ui && (prefersUi || !api)) return fromUi(ui, file, options, folder);
  if (api) {
    const read = fromApi(api, workflow ? { workflow } : {}, file, options);
    if (!ui) return read;
    const convert = (): Graph | undefined => graphOrNone(() => fromUi(ui, file, options, folder));
    return { ...read, graph: withLaterInputs(read.graph, convert, options.nodes ?? NODES) };
  }
  const only = prompt ?? workflow;
  if (only) return readWorkflow(only, file, options, folder);
  if (Object.hasOwn(texts, 'parameters')) return fromA1111(texts['parameters'], file, options);
  throw imageWithoutWorkflow(file, format);
}

/** A text of an image's metadata as a JSON object. */
function jsonText(
  texts: Readonly<Record<string, string>>,
  key: string,
  file: string,
): JsonObject | undefined {
  if (!Object.hasOwn(texts, key)) return undefined;
  const value = parseJson(texts[key], { file: `'${key}' of ${file}` });
  return isJsonObject(value) ? value : undefined;
}

const hasComponents = (api: JsonObject): boolean =>
  Object.values(api).some((node) => {
    const type = isJsonObject(node) ? node['class_type'] : undefined;
    return typeof type === 'string' && type.startsWith('## ');
  });

function graphOrNone(read: () => Workflow): Graph | undefined {
  try {
    return read().graph;
  } catch (error) {
    if (error instanceof DarkroomError) return undefined;
    throw error;
  }
}
