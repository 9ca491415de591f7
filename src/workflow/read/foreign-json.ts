// Names JSON that is no workflow by what it is, for messages.
import { isJsonObject, type Json, type JsonObject } from '../../formats/json.ts';

export interface ForeignJson {
  /** Continues a sentence that begins with the name of the file. */
  readonly what: string;
  readonly hint: string;
}

interface Kind extends ForeignJson {
  readonly matches: (json: JsonObject) => boolean;
}

const EXPORT =
  'Export the workflow from ComfyUI: menu Workflow > Save, or Workflow > Export (API).';
const SAVE_PROMPT =
  "Use an entry of ComfyUI's /history, which has the workflow, or the image that was saved.";

/** Objects are matched by their keys. */
const has =
  (...keys: readonly string[]) =>
  (json: JsonObject): boolean =>
    keys.every((key) => Object.hasOwn(json, key));
const hasAny =
  (...keys: readonly string[]) =>
  (json: JsonObject): boolean =>
    keys.some((key) => Object.hasOwn(json, key));
const someValue =
  (test: (value: JsonObject) => boolean) =>
  (json: JsonObject): boolean =>
    Object.values(json).some((value) => isJsonObject(value) && test(value));

const KINDS: readonly Kind[] = [
  {
    matches: someValue(has('input', 'output')),
    what: "is a list of node types (ComfyUI's /object_info), not a workflow",
    hint: EXPORT,
  },
  {
    matches: someValue(has('display_name', 'inputs')),
    what: "is a translation of ComfyUI's nodes, not a workflow",
    hint: EXPORT,
  },
  {
    matches: has('prompt_id', 'number'),
    what: "is ComfyUI's response to a queued prompt, which does not contain the workflow",
    hint: SAVE_PROMPT,
  },
  {
    matches: (json) => has('outputs')(json) || someValue(has('outputs', 'status'))(json),
    what: 'lists the outputs of a prompt and does not contain its workflow',
    hint: SAVE_PROMPT,
  },
  {
    matches: hasAny('queue_running', 'queue_pending'),
    what: "is ComfyUI's queue, with no prompt in it",
    hint: EXPORT,
  },
  {
    matches: hasAny('deployment_id', 'workflow_id', 'workflow_version_id', 'workflowId'),
    what: 'is a request that names a workflow stored by a service and does not contain it',
    hint: 'Download the workflow from that service, and open that file.',
  },
  {
    matches: (json) =>
      typeof json['prompt'] === 'string' &&
      hasAny('steps', 'cfg_scale', 'negative_prompt', 'sampler_name', 'sampler_index')(json),
    what: "is a request or a list of settings in A1111's form, not a workflow",
    hint: 'Use an image that A1111 saved with its parameters, or a workflow of ComfyUI.',
  },
  {
    matches: hasAny('sui_image_params', 'invokeai_metadata', 'generation_mode', 'app_version'),
    what: 'is the metadata of an image from another program than ComfyUI',
    hint: EXPORT,
  },
  {
    matches: hasAny('git_custom_nodes', 'cnr_custom_nodes'),
    what: 'is a snapshot of ComfyUI-Manager, not a workflow',
    hint: EXPORT,
  },
  {
    matches: (json) => Object.keys(json).some((key) => key.startsWith('Comfy.')),
    what: "is a file with ComfyUI's settings, not a workflow",
    hint: EXPORT,
  },
  {
    matches: hasAny('_class_name', '_diffusers_version', 'model_type', 'architectures'),
    what: 'is the configuration of a model, not a workflow',
    hint: EXPORT,
  },
  {
    matches: hasAny('error', 'detail', 'errors'),
    what: 'is an error message of a server, not a workflow',
    hint: 'Download the file again; the link may need a login.',
  },
];

/** Describes the editor's list of node templates, whose nodes have links of another form. */
export const nodeTemplates = (json: Json): ForeignJson | undefined =>
  Array.isArray(json) && json.some((item) => isJsonObject(item) && has('name', 'data')(item))
    ? { what: 'is a list of node templates, not a workflow', hint: EXPORT }
    : undefined;

/** Describes JSON without a workflow; undefined when it is not recognised. */
export const foreignJson = (json: Json): ForeignJson | undefined =>
  isJsonObject(json) ? KINDS.find(({ matches }) => matches(json)) : nodeTemplates(json);

interface TextKind extends ForeignJson {
  readonly pattern: RegExp;
}

const DOWNLOAD = 'Download the file itself: the link leads to a page about it, or needs a login.';

const TEXT_KINDS: readonly TextKind[] = [
  {
    pattern: /^\s*(<!--[\s\S]{0,1000}?-->\s*)?<(!doctype html|html|head|body|script)/i,
    what: 'is a web page (HTML), not a workflow',
    hint: DOWNLOAD,
  },
  {
    pattern: /^\s*<(\?xml|svg|error)/i,
    what: 'is an XML document, not a workflow',
    hint: DOWNLOAD,
  },
  {
    pattern: /^version https:\/\/git-lfs/,
    what: 'is a Git LFS pointer, not the workflow that it points to',
    hint: 'Fetch the workflow with `git lfs pull`, or download the file itself.',
  },
  {
    pattern: /^\s*(\d{3}: )?(not found|forbidden|unauthorized|bad request|access denied)\b/i,
    what: 'is an error message of a server, not a workflow',
    hint: DOWNLOAD,
  },
  {
    pattern: /^[\s\S]{0,1000}\0/,
    what: 'is a binary file, not a workflow',
    hint: 'Use a .json file, or an image (PNG, WebP, JPEG) that ComfyUI saved.',
  },
];

/** Describes a text that is not JSON; undefined when it is not recognised. */
export const foreignText = (text: string): ForeignJson | undefined =>
  TEXT_KINDS.find(({ pattern }) => pattern.test(text.slice(0, 2000)));
