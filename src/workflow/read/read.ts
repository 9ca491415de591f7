// Reads a workflow in any of its forms: ComfyUI's API format (bare or as the body of POST /prompt), the editor's own format, a picture
// that carries one of them, and the `parameters` of A1111.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import {
  entriesOf,
  isJsonObject,
  type Json,
  type JsonObject,
  keysOf,
  objectOf,
  parseJson,
} from '../../formats/json.ts';
import {
  type PictureFormat,
  pictureFormat,
  readPictureTexts,
} from '../../image/codec/picture-text.ts';
import { didYouMean } from '../../near-matches.ts';
import { declarationOf, NODES } from '../../nodes/index.ts';
import { type Graph, type GraphNode, linkOf, withInputs } from '../api-graph.ts';
import { isUi } from '../ui/ui-graph.ts';
import { type ConvertOptions, convertUi } from '../ui/ui-to-api.ts';
import { a1111Graph, isA1111 } from './a1111.ts';
import { componentsBeside } from './component-files.ts';

export type WorkflowForm = 'API' | 'UI' | 'A1111';

export interface Workflow {
  readonly graph: Graph;
  /** `extra_pnginfo` that came with it: what is written into pictures beside the prompt (the UI's own workflow). */
  readonly extra: Readonly<JsonObject>;
  readonly form: WorkflowForm;
  /** The picture it was in. */
  readonly picture?: PictureFormat;
  /** What had to be guessed when it was converted. */
  readonly notes: readonly string[];
}

export interface ReadOptions extends Partial<Omit<ConvertOptions, 'components'>> {
  /** Of a picture that holds both forms, the one to take; the prompt, which is what ran, unless told. */
  readonly prefer?: 'API' | 'UI';
}

const MAX_BYTES = 64 * 1024 * 1024;

/** Reads a workflow file. Throws DR_FILE_MISSING, DR_FILE_UNREADABLE, DR_JSON_INVALID, DR_WORKFLOW_FORMAT, DR_WORKFLOW_INVALID. */
export function readWorkflowFile(file: string, options: ReadOptions = {}): Workflow {
  return readWorkflowBytes(readBytes(file), file, options, dirname(file));
}

function readBytes(file: string): Buffer {
  try {
    const { size } = statSync(file);
    if (size > MAX_BYTES) throw tooLarge(file, size);
    return readFileSync(file);
  } catch (error) {
    throw error instanceof DarkroomError ? error : unreadable(file, error as NodeJS.ErrnoException);
  }
}

/** The same for bytes that were read already (standard input); `file` names them in errors, `folder` is where component files may lie. */
export function readWorkflowBytes(
  bytes: Uint8Array,
  file: string,
  options: ReadOptions = {},
  folder?: string,
): Workflow {
  if (bytes.length > MAX_BYTES) throw tooLarge(file, bytes.length);
  const picture = pictureFormat(bytes);
  if (picture) return { ...fromPicture(bytes, picture, file, options, folder), picture };
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  if (text.replace('\ufeff', '').trim() === '')
    throw new DarkroomError('DR_JSON_INVALID', {
      message: `${file} is empty`,
      hint: `Save the workflow again: ${EXPORT}`,
      file,
    });
  if (isA1111(text)) return fromA1111(text, file, options);
  return readWorkflow(parseJson(text, { file }), file, options, folder);
}

/** A workflow from parsed JSON. */
export function readWorkflow(
  json: Json,
  file = 'the workflow',
  options: ReadOptions = {},
  folder?: string,
): Workflow {
  if (!isJsonObject(json)) throw shape(file, 'is JSON, but not an object of nodes');
  if (isUi(json)) return fromUi(json, file, options, folder);
  if (isJsonObject(json['prompt']) && !('class_type' in json['prompt'])) {
    const extra = isJsonObject(json['extra_data'])
      ? json['extra_data']['extra_pnginfo']
      : undefined;
    return api(json['prompt'], isJsonObject(extra) ? extra : {}, file, options);
  }
  return api(json, {}, file, options);
}

function api(nodes: JsonObject, extra: JsonObject, file: string, options: ReadOptions): Workflow {
  return { graph: renamed(graphOf(nodes, file), options), extra, form: 'API', notes: [] };
}

function fromUi(
  json: JsonObject,
  file: string,
  options: ReadOptions,
  folder: string | undefined,
): Workflow {
  const components = folder === undefined ? {} : componentsBeside(json, folder);
  const { graph, notes } = convertUi(json, { nodes: NODES, ...options, components });
  if (graph.size === 0)
    throw new DarkroomError('DR_WORKFLOW_INVALID', {
      message: `${file} has no nodes that run`,
      hint: 'Are all of its nodes muted or bypassed? Open it in ComfyUI and look.',
      file,
    });
  return { graph, extra: { workflow: json }, form: 'UI', notes };
}

/** The workflow in a picture's texts. The prompt is what ran, and so it wins, unless it names components, which only the UI form defines. */
function fromPicture(
  bytes: Uint8Array,
  kind: PictureFormat,
  file: string,
  options: ReadOptions,
  folder: string | undefined,
): Workflow {
  const texts = readPictureTexts(bytes, file);
  const json = (key: string): JsonObject | undefined => {
    const value = Object.hasOwn(texts, key)
      ? parseJson(texts[key], { file: `'${key}' of ${file}` })
      : undefined;
    return isJsonObject(value) ? value : undefined;
  };
  const prompt = json('prompt');
  const workflow = json('workflow');
  const ui = workflow && isUi(workflow) ? workflow : undefined;
  const named = prompt && !isUi(prompt) ? prompt : undefined;
  const wantsUi =
    options.prefer === 'UI' ||
    Object.values(named ?? {}).some((n) => isJsonObject(n) && isComponent(n['class_type']));
  if (ui && (wantsUi || !named)) return fromUi(ui, file, options, folder);
  if (named) {
    const found = api(named, workflow ? { workflow } : {}, file, options);
    return ui ? completed(found, () => fromUi(ui, file, options, folder), options) : found;
  }
  const bare = prompt ?? workflow;
  if (bare) return readWorkflow(bare, file, options, folder);
  if (Object.hasOwn(texts, 'parameters')) return fromA1111(texts['parameters'], file, options);
  throw new DarkroomError('DR_WORKFLOW_FORMAT', {
    message: `${file} is a ${kind} picture without a workflow in it`,
    hint: 'Give the picture as ComfyUI saved it: sending it through a chat or an image editor removes the workflow.',
    file,
  });
}

/** Inputs that a node has since got, and the prompt of an older version lacks, as today's editor would fill them in from the UI form. */
function completed(found: Workflow, ui: () => Workflow, { nodes = NODES }: ReadOptions): Workflow {
  const lacking = (node: GraphNode): string[] =>
    Object.entries(nodes.get(node.classType)?.inputs ?? {})
      .filter(
        ([name, input]) =>
          !input.optional &&
          input.kind !== 'SOCKET' &&
          !input.forceInput &&
          !Object.hasOwn(node.inputs, name),
      )
      .map(([name]) => name);
  if (![...found.graph.values()].some((node) => lacking(node).length > 0)) return found;
  let other: Graph;
  try {
    other = ui().graph;
  } catch (error) {
    if (error instanceof DarkroomError) return found;
    throw error;
  }
  const changes = new Map<string, JsonObject>();
  for (const [id, node] of found.graph) {
    const twin = other.get(id);
    const names =
      twin?.classType === node.classType
        ? lacking(node).filter(
            (name) => twin.inputs[name] !== undefined && !linkOf(twin.inputs[name]),
          )
        : [];
    if (names.length > 0)
      changes.set(id, objectOf(names.map((name) => [name, twin!.inputs[name]] as const)));
  }
  return { ...found, graph: withInputs(found.graph, changes) };
}

const isComponent = (type: Json | undefined): boolean =>
  typeof type === 'string' && type.startsWith('## ');

function fromA1111(text: string, file: string, options: ReadOptions): Workflow {
  const { graph, notes } = a1111Graph(text, file, options.nodes ?? NODES);
  return { graph, extra: { parameters: text }, form: 'A1111', notes };
}

/** Renamed types and inputs under their names of today. */
function renamed(graph: Graph, { nodes = NODES }: ReadOptions): Graph {
  return new Map(
    [...graph].map(([id, node]): [string, GraphNode] => {
      const known = declarationOf(node.classType, nodes);
      if (!known) return [id, node];
      const classType = known.declaration.type;
      if (
        classType === node.classType &&
        !keysOf(node.inputs).some((name) => Object.hasOwn(known.inputs, name))
      )
        return [id, node];
      const inputs = objectOf(
        entriesOf(node.inputs as JsonObject).map(
          ([name, value]) => [newName(known.inputs, name), value] as const,
        ),
      );
      return [
        id,
        { ...node, classType, inputs, source: { ...node.source, class_type: classType, inputs } },
      ];
    }),
  );
}

const newName = (names: Readonly<Record<string, string>>, name: string): string =>
  Object.hasOwn(names, name) ? names[name] : name;

const EXPORT = 'menu Workflow > Save, or Workflow > Export (API).';

const tooLarge = (file: string, size: number): DarkroomError =>
  new DarkroomError('DR_FILE_UNREADABLE', {
    message: `${file} has ${Math.round(size / 1024 / 1024)} MiB; a workflow file has at most ${MAX_BYTES / 1024 / 1024}`,
    hint: 'Is this a workflow at all? Give the .json file that ComfyUI exports, or a picture it saved.',
    file,
  });

function graphOf(nodes: JsonObject, file: string): Graph {
  const graph = new Map<string, GraphNode>();
  for (const [id, node] of entriesOf(nodes)) {
    if (!isJsonObject(node)) throw shape(file, `has '${id}', which is not a node`, id);
    const inputs = node['inputs'];
    if (!isJsonObject(inputs)) throw shape(file, `has node '${id}' without 'inputs'`, id);
    const meta = node['_meta'];
    const title =
      isJsonObject(meta) && typeof meta['title'] === 'string' ? meta['title'] : undefined;
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
    return new DarkroomError('DR_FILE_MISSING', {
      message: `there is no file ${file}`,
      hint: neighbours(file) || 'Check the path.',
      file,
    });
  if (error.code === 'EISDIR')
    return new DarkroomError('DR_FILE_UNREADABLE', {
      message: `${file} is a folder`,
      hint: 'Give the workflow file itself.',
      file,
    });
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
