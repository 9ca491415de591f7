// Reads a workflow: the API format of ComfyUI (Workflow > Export (API)), bare or as the body of POST /prompt.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { DarkroomError } from '../errors.ts';
import { entriesOf, isJsonObject, type Json, type JsonObject, parseJson } from '../formats/json.ts';
import { didYouMean } from '../near.ts';
import type { Graph, GraphNode } from './graph.ts';

export interface Workflow {
  readonly graph: Graph;
  /** `extra_pnginfo` that came with it: what is written into pictures beside the prompt (the UI's own workflow). */
  readonly extra: Readonly<JsonObject>;
}

const MAX_BYTES = 64 * 1024 * 1024;

/** Reads a workflow file. Throws DR_FILE_MISSING, DR_FILE_UNREADABLE, DR_JSON_INVALID, DR_WORKFLOW_FORMAT, DR_WORKFLOW_INVALID. */
export function readWorkflowFile(file: string): Workflow {
  let bytes: Buffer;
  try {
    const { size } = statSync(file);
    if (size > MAX_BYTES)
      throw new DarkroomError('DR_FILE_UNREADABLE', {
        message: `${file} has ${Math.round(size / 1024 / 1024)} MiB; a workflow file has at most ${MAX_BYTES / 1024 / 1024}`,
        hint: 'Is this a workflow at all? Give the .json file that ComfyUI exports.',
        file,
      });
    bytes = readFileSync(file);
  } catch (error) {
    throw error instanceof DarkroomError ? error : unreadable(file, error as NodeJS.ErrnoException);
  }
  return readWorkflowBytes(bytes, file);
}

/** The same for bytes that were read already (standard input); `file` names them in errors. */
export function readWorkflowBytes(bytes: Uint8Array, file: string): Workflow {
  const kind = PICTURES.find(([magic]) => magic.every((byte, i) => byte === undefined || bytes[i] === byte));
  if (kind)
    throw new DarkroomError('DR_WORKFLOW_FORMAT', {
      message: `${file} is a ${kind[1]} picture, not a workflow file`,
      hint: `Open the picture in ComfyUI and export the workflow: ${EXPORT}`,
      file,
    });
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  if (text.replace('\ufeff', '').trim() === '')
    throw new DarkroomError('DR_JSON_INVALID', { message: `${file} is empty`, hint: `Export the workflow again: ${EXPORT}`, file });
  return readWorkflow(parseJson(text, { file }), file);
}

/** A workflow from parsed JSON. */
export function readWorkflow(json: Json, file = 'the workflow'): Workflow {
  if (!isJsonObject(json)) throw shape(file, 'is JSON, but not an object of nodes');
  if (Array.isArray(json['nodes']))
    throw new DarkroomError('DR_WORKFLOW_FORMAT', {
      message: `${file} is in ComfyUI's UI format (it describes the canvas); only the API format can be run`,
      hint: `Open it in ComfyUI and export it: ${EXPORT}`,
      file,
    });
  if (isJsonObject(json['prompt']) && !('class_type' in json['prompt'])) {
    const extra = isJsonObject(json['extra_data']) ? json['extra_data']['extra_pnginfo'] : undefined;
    return { graph: graphOf(json['prompt'], file), extra: isJsonObject(extra) ? extra : {} };
  }
  return { graph: graphOf(json, file), extra: {} };
}

const EXPORT = 'menu Workflow > Export (API); in older versions switch on "Dev mode options" in the settings, then "Save (API Format)".';

const PICTURES: readonly (readonly [readonly (number | undefined)[], string])[] = [
  [[0x89, 0x50, 0x4e, 0x47], 'PNG'],
  [[0xff, 0xd8, 0xff], 'JPEG'],
  [[0x52, 0x49, 0x46, 0x46, undefined, undefined, undefined, undefined, 0x57, 0x45, 0x42, 0x50], 'WebP'],
];

function graphOf(nodes: JsonObject, file: string): Graph {
  const graph = new Map<string, GraphNode>();
  for (const [id, node] of entriesOf(nodes)) {
    if (!isJsonObject(node)) throw shape(file, `has '${id}', which is not a node`, id);
    const inputs = node['inputs'];
    if (!isJsonObject(inputs)) throw shape(file, `has node '${id}' without 'inputs'`, id);
    const meta = node['_meta'];
    const title = isJsonObject(meta) && typeof meta['title'] === 'string' ? meta['title'] : undefined;
    const classType = typeof node['class_type'] === 'string' ? node['class_type'] : '';
    graph.set(id, { classType, inputs, title, source: node });
  }
  if (graph.size === 0) throw shape(file, 'has no nodes');
  return graph;
}

const shape = (file: string, what: string, nodeId?: string): DarkroomError =>
  new DarkroomError('DR_WORKFLOW_INVALID', {
    message: `${file} ${what}`,
    hint: `An API workflow looks like {"1": {"class_type": "…", "inputs": {…}}, …}. Export it from ComfyUI: ${EXPORT}`,
    file,
    nodeId,
  });

function unreadable(file: string, error: NodeJS.ErrnoException): DarkroomError {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR')
    return new DarkroomError('DR_FILE_MISSING', { message: `there is no file ${file}`, hint: neighbours(file) || 'Check the path.', file });
  if (error.code === 'EISDIR')
    return new DarkroomError('DR_FILE_UNREADABLE', { message: `${file} is a folder`, hint: 'Give the workflow file itself.', file });
  return new DarkroomError('DR_FILE_UNREADABLE', {
    message: `${file} can't be read: ${error.message}`,
    hint: 'Check the permissions of the file.',
    file,
    cause: error,
  });
}

function neighbours(file: string): string {
  try {
    return didYouMean(basename(file), readdirSync(dirname(file)));
  } catch {
    return '';
  }
}
