// Reads a workflow in any form: ComfyUI's API and UI formats, other JSON or an image file that
// contains one of them, and the `parameters` of A1111.
import { dirname } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { decodeText } from '../../formats/decode-text.ts';
import {
  entriesOf,
  isJsonObject,
  type Json,
  type JsonObject,
  keysOf,
  objectOf,
} from '../../formats/json.ts';
import { parseJson } from '../../formats/parse-json.ts';
import { readRegularFileSync } from '../../formats/regular-file.ts';
import { type ImageFormat, imageFormat, readImageTexts } from '../../image/codec/image-text.ts';
import { NODES } from '../../nodes/index.ts';
import type { Graph } from '../api-graph.ts';
import { type ConvertOptions, convertUi } from '../ui/ui-to-api.ts';
import { a1111Graph } from './a1111.ts';
import type { ModelFiles } from './a1111-names.ts';
import { isA1111 } from './a1111-parameters.ts';
import { parseApiGraph, splitNodes, withLaterInputs, withNewNames } from './api-format.ts';
import { componentsBeside } from './component-files.ts';
import { type FoundWorkflows, findWorkflows } from './find-workflow.ts';
import { foreignJson, foreignText, nodeTemplates } from './foreign-json.ts';
import { laterInputNotes, withAllInputs, withoutLaterInputs } from './later-inputs.ts';
import {
  emptyFile,
  imageWithoutWorkflow,
  MAX_BYTES,
  notApiFormat,
  nothingRuns,
  notWorkflow,
  quotedList,
  severalWorkflows,
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

export interface ReadOptions extends Partial<Omit<ConvertOptions, 'components' | 'sent'>> {
  /**
   * The form to read from an image that contains both. Default: `API`, the prompt that was run.
   */
  readonly prefer?: 'API' | 'UI';
  /** Lists the model files that A1111's names are looked up in. */
  readonly modelFiles?: ModelFiles;
  /** Refuses what is not a node in an API graph, as ComfyUI does, instead of ignoring it. */
  readonly strict?: boolean;
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
  const { text } = decodeText(bytes);
  if (text.trim() === '') throw emptyFile(file);
  if (isA1111(text)) return fromA1111(text, file, options);
  const foreign = foreignText(text);
  if (foreign) throw notWorkflow(file, foreign);
  return readWorkflow(parseJson(text, { file }), file, options, folder);
}

/** Reads a workflow from parsed JSON, also where other JSON contains it. */
export function readWorkflow(
  json: Json,
  file = 'the workflow',
  options: ReadOptions = {},
  folder?: string,
): Workflow {
  const found = findWorkflows(json);
  const isFound = found.api.length + found.ui.length > 0;
  const foreign = isFound ? nodeTemplates(json) : foreignJson(json);
  if (foreign) throw notWorkflow(file, foreign);
  if (isFound) return fromFound(found, file, options, folder);
  if (!isJsonObject(json)) throw notApiFormat(file, 'is JSON, but not an object of nodes');
  if (!mayBeNodes(json))
    throw notApiFormat(file, `has no workflow in it; its keys are ${quotedList(keysOf(json))}`);
  return fromApi(json, {}, file, options);
}

/** Whether JSON without any class type has keys or values of nodes, or is empty. */
const mayBeNodes = (json: JsonObject): boolean =>
  entriesOf(json).every(
    ([key, value]) => /^\d+$/.test(key) || (isJsonObject(value) && isJsonObject(value['inputs'])),
  );

/**
 * Reads what was found. The prompt is what was run, so it is preferred, unless it contains
 * components, which only the UI form defines. If one form is broken, the other is read.
 */
function fromFound(
  { api: graphs, ui: workflows, pngInfo }: FoundWorkflows,
  file: string,
  options: ReadOptions,
  folder: string | undefined,
): Workflow {
  if (graphs.length > 1 || (graphs.length === 0 && workflows.length > 1))
    throw severalWorkflows(
      file,
      (graphs.length > 1 ? graphs : workflows).map(({ path }) => path),
    );
  const api = graphs.at(0)?.json;
  const ui = workflows.length === 1 ? workflows[0].json : undefined;
  const readUi = (): Workflow => fromUi(ui!, file, options, folder, api);
  if (!api) return readUi();
  const extra = pngInfo ?? (ui ? { workflow: ui } : {});
  const readApi = (): Workflow => {
    const read = fromApi(api, extra, file, options);
    if (!ui) return read;
    const convert = (): Graph | undefined => readOrNone(readUi)?.graph;
    return { ...read, graph: withLaterInputs(read.graph, convert, options.nodes ?? NODES) };
  };
  if (!ui) return readApi();
  return options.prefer === 'UI' || hasComponents(api)
    ? firstReadable(readUi, readApi)
    : firstReadable(readApi, readUi);
}

/** The result of the first function, or that of the second with a note on the first's error. */
function firstReadable(first: () => Workflow, second: () => Workflow): Workflow {
  try {
    return first();
  } catch (error) {
    if (!(error instanceof DarkroomError)) throw error;
    const read = readOrNone(second);
    if (!read) throw error;
    const note = `the workflow was read from its ${read.form} form, as ${error.message}`;
    return { ...read, notes: [note, ...read.notes] };
  }
}

/** Fields of the body of POST /prompt that say nothing about the nodes. */
const REQUEST_FIELDS: ReadonlySet<string> = new Set([
  'client_id',
  'extra_data',
  'front',
  'number',
  'prompt_id',
]);

function fromApi(
  json: JsonObject,
  extra: JsonObject,
  file: string,
  options: ReadOptions,
): Workflow {
  const [nodes, others] = options.strict ? [json, []] : splitNodes(json);
  const table = options.nodes ?? NODES;
  const graph = withNewNames(parseApiGraph(nodes, file), table);
  const unused = others.filter((key) => !REQUEST_FIELDS.has(key));
  const notes =
    unused.length > 0
      ? [`besides its nodes, ${file} has ${quotedList(unused)}; these are not used`]
      : [];
  return { graph, extra, form: 'API', notes: [...notes, ...laterInputNotes(graph, table)] };
}

function fromUi(
  json: JsonObject,
  file: string,
  options: ReadOptions,
  folder: string | undefined,
  sent: JsonObject | undefined,
): Workflow {
  const components = folder === undefined ? {} : componentsBeside(json, folder);
  const table = options.nodes ?? NODES;
  const converted = convertUi(json, { ...options, nodes: withAllInputs(table), components, sent });
  if (converted.graph.size === 0) throw nothingRuns(file);
  return {
    graph: withoutLaterInputs(converted.graph, table),
    extra: { workflow: json },
    form: 'UI',
    notes: [...converted.notes, ...laterInputNotes(converted.graph, table)],
  };
}

function fromA1111(text: string, file: string, options: ReadOptions): Workflow {
  const { graph, notes } = a1111Graph(text, file, options.nodes ?? NODES, options.modelFiles);
  return { graph, extra: { parameters: text }, form: 'A1111', notes };
}

/** The workflow in an image's metadata; what can't be read of it is noted. */
function fromImage(
  bytes: Uint8Array,
  format: ImageFormat,
  file: string,
  options: ReadOptions,
  folder: string | undefined,
): Workflow {
  const problems: string[] = [];
  const texts = readImageTexts(bytes, file, (problem) => problems.push(problem));
  const errors: DarkroomError[] = [];
  const parsed = ['prompt', 'workflow'].map((key): [string, Json] => {
    try {
      return [key, Object.hasOwn(texts, key) ? jsonText(texts[key], key, file) : null];
    } catch (error) {
      if (!(error instanceof DarkroomError)) throw error;
      errors.push(error);
      return [key, null];
    }
  });
  const found = findWorkflows(objectOf(parsed));
  const read = (): Workflow => {
    if (found.api.length + found.ui.length > 0) return fromFound(found, file, options, folder);
    if (Object.hasOwn(texts, 'parameters')) return fromA1111(texts['parameters'], file, options);
    throw errors.at(0) ?? imageWithoutWorkflow(file, format);
  };
  const workflow = read();
  const made = releaseOf(texts['darkroom'], file);
  const ignored = errors.map(({ message }) => `${message}; it is not used`);
  return {
    ...workflow,
    extra: made ? { ...workflow.extra, darkroom: made } : workflow.extra,
    notes: [...problems, ...ignored, ...workflow.notes],
  };
}

/** The release of ComfyUI that Darkroom's own text in an image names, or none in old images. */
function releaseOf(text: string | undefined, file: string): JsonObject | undefined {
  const made = text === undefined ? null : readOrNone(() => jsonText(text, 'darkroom', file));
  if (!isJsonObject(made)) return undefined;
  const { comfyui } = made;
  return objectOf(comfyui === undefined ? [] : [['comfyui', comfyui]]);
}

/** A text of an image's metadata as JSON. Throws DR_JSON_INVALID. */
const jsonText = (text: string, key: string, file: string): Json =>
  parseJson(text, { file: `'${key}' of ${file}` });

const hasComponents = (api: JsonObject): boolean =>
  Object.values(api).some((node) => {
    const type = isJsonObject(node) ? node['class_type'] : undefined;
    return typeof type === 'string' && type.startsWith('## ');
  });

/** What a function reads; undefined if it throws a DarkroomError. */
function readOrNone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof DarkroomError) return undefined;
    throw error;
  }
}
