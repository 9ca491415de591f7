// Every parser that is fuzzed. Adding one is a file in targets/ and a line here.
import type { FuzzTarget } from './target.ts';

const target = (module: Promise<{ readonly target: FuzzTarget }>): Promise<FuzzTarget> =>
  module.then(({ target: found }) => found);

export const PARSERS = {
  a1111: () => target(import('./targets/a1111.ts')),
  'command-line': () => target(import('./targets/command-line.ts')),
  csv: () => target(import('./targets/csv.ts')),
  'dynamic-prompts': () => target(import('./targets/dynamic-prompts.ts')),
  'file-names': () => target(import('./targets/file-names.ts')),
  gguf: () => target(import('./targets/gguf.ts')),
  'http-routes': () => target(import('./targets/http-routes.ts')),
  'image-decode': () => target(import('./targets/image-decode.ts')),
  'image-text': () => target(import('./targets/image-text.ts')),
  jpeg: () => target(import('./targets/jpeg.ts')),
  json: () => target(import('./targets/json.ts')),
  latent: () => target(import('./targets/latent.ts')),
  lora: () => target(import('./targets/lora.ts')),
  'model-file': () => target(import('./targets/model-file.ts')),
  onnx: () => target(import('./targets/onnx.ts')),
  overrides: () => target(import('./targets/overrides.ts')),
  pickle: () => target(import('./targets/pickle.ts')),
  'prompt-request': () => target(import('./targets/prompt-request.ts')),
  'prompt-text': () => target(import('./targets/prompt-text.ts')),
  'python-expression': () => target(import('./targets/python-expression.ts')),
  'python-format': () => target(import('./targets/python-format.ts')),
  'python-regex': () => target(import('./targets/python-regex.ts')),
  'python-values': () => target(import('./targets/python-values.ts')),
  safetensors: () => target(import('./targets/safetensors.ts')),
  secrets: () => target(import('./targets/secrets.ts')),
  'textual-inversion': () => target(import('./targets/textual-inversion.ts')),
  torch: () => target(import('./targets/torch.ts')),
  ultralytics: () => target(import('./targets/ultralytics.ts')),
  websocket: () => target(import('./targets/websocket.ts')),
  wildcards: () => target(import('./targets/wildcards.ts')),
  workflow: () => target(import('./targets/workflow.ts')),
  yaml: () => target(import('./targets/yaml.ts')),
  zip: () => target(import('./targets/zip.ts')),
  'request-guard': () => target(import('./targets/request-guard.ts')),
  'webhook-address': () => target(import('./targets/webhook-address.ts')),
  's3-answers': () => target(import('./targets/s3-answers.ts')),
} satisfies Readonly<Record<string, () => Promise<FuzzTarget>>>;

/** The name of a parser, and of its file in targets/. */
export type Parser = keyof typeof PARSERS;
