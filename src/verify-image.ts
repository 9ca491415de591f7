// Verifies a saved image: runs its prompt into a temporary folder and compares the pixels.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DarkroomOptions, openDarkroom, type Picture, type RunOptions } from './darkroom.ts';
import { versions } from './engine/versions.ts';
import { DarkroomError } from './errors.ts';
import { isJsonObject, type Json, type JsonObject } from './formats/json.ts';
import { parseJson } from './formats/parse-json.ts';
import { isPng, readPngText } from './image/codec/png.ts';
import { compareImages, type ImageDifference } from './image/compare-images.ts';
import { withSlashes } from './slashes.ts';
import { fingerprint } from './storage/cache/fingerprint.ts';
import { openEmbeddedModels } from './storage/embedded-models.ts';
import { type Folders, openFolders } from './storage/folders.ts';
import { modelRoots } from './storage/model-roots.ts';

export interface Verification {
  /** All pixels are equal. */
  readonly same: boolean;
  /** The difference to the nearest image of the run; undefined when none has the same size. */
  readonly difference?: ImageDifference;
  /** Sentences about what has changed since the image was created: versions, model files. */
  readonly notes: readonly string[];
}

/**
 * Runs the prompt of a PNG file that Darkroom or ComfyUI saved and compares the result. `name` is
 * for messages. Throws DR_WORKFLOW_FORMAT for a file without a prompt, and the errors of
 * `Darkroom.run`.
 *
 * @example
 * import { readFileSync } from 'node:fs';
 *
 * const darkroom = await openDarkroom();
 * const { images } = await darkroom.run('workflow.json', { set: { steps: 2 } });
 * await darkroom.close();
 * const { same } = await verifyPicture(readFileSync(images[0].path), 'image.png');
 * console.log(same);
 */
export async function verifyPicture(
  bytes: Uint8Array,
  name: string,
  options: Omit<DarkroomOptions, 'output' | 'temp'> & Pick<RunOptions, 'signal' | 'onEvent'> = {},
): Promise<Verification> {
  const { signal, onEvent, ...darkroomOptions } = options;
  const texts = isPng(bytes) ? readPngText(bytes, name) : {};
  if (!Object.hasOwn(texts, 'prompt'))
    throw new DarkroomError('DR_WORKFLOW_FORMAT', {
      message: isPng(bytes) ? `${name} contains no prompt` : `${name} is not a PNG file`,
      hint:
        'Use a PNG file as Darkroom or ComfyUI saved it; ' +
        'programs that change images often remove the prompt.',
      file: name,
    });
  const metadata = metadataOf(texts, name);
  const folders = openFolders({
    ...darkroomOptions,
    models: modelRoots(darkroomOptions.models),
    embedded: openEmbeddedModels(),
  });
  const root = mkdtempSync(join(tmpdir(), 'darkroom-verify-'));
  const darkroom = await openDarkroom({
    ...(textEncodersOf(metadata) && { textEncoders: textEncodersOf(metadata) }),
    ...((metadata?.['precision'] === 'int8' || metadata?.['precision'] === 'fp32') && {
      precision: metadata['precision'],
    }),
    ...darkroomOptions,
    output: join(root, 'output'),
    temp: join(root, 'temp'),
  });
  try {
    const node = metadata?.['node'];
    const prompt = parseJson(texts['prompt'], { file: `'prompt' of ${name}` });
    const targets =
      typeof node === 'string' && isJsonObject(prompt) && Object.hasOwn(prompt, node)
        ? [node]
        : undefined;
    const { images } = await darkroom.run(texts['prompt'], {
      signal,
      onEvent,
      targets,
      extra: pngInfoOf(texts, metadata),
    });
    const difference = await nearest(bytes, images);
    return { same: difference?.worst === 0, difference, notes: notesOn(metadata, folders) };
  } finally {
    await darkroom.close();
    rmSync(root, { recursive: true, force: true });
  }
}

/** What names the release of ComfyUI that made the image; see namedRelease. */
function pngInfoOf(
  { workflow }: Readonly<Record<string, string>>,
  metadata: JsonObject | undefined,
): RunOptions['extra'] {
  if (metadata) return { darkroom: metadata };
  try {
    return workflow === undefined ? {} : { workflow: parseJson(workflow) };
  } catch {
    return {};
  }
}

function metadataOf(texts: Readonly<Record<string, string>>, name: string): JsonObject | undefined {
  const metadata = Object.hasOwn(texts, 'darkroom')
    ? parseJson(texts['darkroom'], { file: `'darkroom' of ${name}` })
    : undefined;
  return isJsonObject(metadata) ? metadata : undefined;
}

const textEncodersOf = (metadata: JsonObject | undefined): 'fp16' | 'fp32' | undefined =>
  metadata?.['text_encoders'] === 'fp16' || metadata?.['text_encoders'] === 'fp32'
    ? metadata['text_encoders']
    : undefined;

/** The smallest difference between an image and one of `images`. */
async function nearest(
  bytes: Uint8Array,
  images: readonly Picture[],
): Promise<ImageDifference | undefined> {
  let best: ImageDifference | undefined;
  for (const { path } of images) {
    if (!path.endsWith('.png')) continue;
    const found = await compareImages(bytes, readFileSync(path));
    if (
      found &&
      (!best ||
        found.share < best.share ||
        (found.share === best.share && found.worst < best.worst))
    )
      best = found;
    if (best?.worst === 0) break;
  }
  return best;
}

function notesOn(metadata: JsonObject | undefined, folders: Folders): string[] {
  if (!metadata)
    return [
      'the image was not created by Darkroom; ' +
        "whether the model files are the same can't be checked",
    ];
  const now = versions();
  const textOf = (key: string): string | undefined =>
    typeof metadata[key] === 'string' ? metadata[key] : undefined;
  const notes: string[] = [];
  const version = textOf('version');
  const runtime = textOf('onnxruntime');
  if (version !== undefined && version !== now.version)
    notes.push(`created with Darkroom ${version}; this is ${now.version}`);
  if (runtime !== undefined && runtime !== now.onnxruntime)
    notes.push(`created with ONNX Runtime ${runtime}; this is ${now.onnxruntime}`);
  if (textOf('provider') !== undefined && textOf('provider') !== 'cpu')
    notes.push(`created on ${textOf('provider')}; verified on the CPU`);
  for (const model of Array.isArray(metadata['models']) ? metadata['models'] : [])
    notes.push(...noteOnModel(model, folders));
  return notes;
}

function noteOnModel(model: Json, folders: Folders): string[] {
  if (
    !isJsonObject(model) ||
    typeof model['folder'] !== 'string' ||
    typeof model['name'] !== 'string'
  )
    return [];
  const { folder, hash, bytes } = model as Record<'folder' | 'name', string> & JsonObject;
  const name = withSlashes(model['name']);
  const modelName = `${folder}/${name}`;
  if (!folders.modelFiles(folder).includes(name)) return [`the model file ${modelName} is missing`];
  if (typeof hash !== 'string')
    return [
      `${modelName} can't be checked: the image does not contain its hash (${String(bytes)} bytes)`,
    ];
  return fingerprint(folders.modelPath(folder, name)) === hash
    ? []
    : [`${modelName} is not the file that the image was created with`];
}
