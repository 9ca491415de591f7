// Whether a saved picture comes out again: its prompt is run into a temporary folder, and the pixels are compared.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DarkroomOptions, openDarkroom, type Picture, type RunOptions } from './darkroom.ts';
import { versions } from './engine/versions.ts';
import { DarkroomError } from './errors.ts';
import { isJsonObject, type Json, type JsonObject } from './formats/json.ts';
import { parseJson } from './formats/parse-json.ts';
import { isPng, readPngText } from './image/codec/png.ts';
import { comparePictures, type PictureDifference } from './image/compare-pictures.ts';
import { openEmbeddedModels } from './storage/embedded-models.ts';
import { fingerprint } from './storage/fingerprint.ts';
import { type Folders, modelRoots, openFolders } from './storage/folders.ts';

export interface Verification {
  /** All pixels are equal. */
  readonly same: boolean;
  /** How far the nearest picture of the run is; undefined when none had the same size. */
  readonly difference?: PictureDifference;
  /** Sentences on what is not as it was when the picture was made: versions, model files. */
  readonly notes: readonly string[];
}

/**
 * Runs the prompt of a PNG that Darkroom or ComfyUI saved, and compares. Throws DR_WORKFLOW_FORMAT for a file without a prompt, and what
 * running throws.
 */
export async function verifyPicture(
  bytes: Uint8Array,
  name: string,
  options: Omit<DarkroomOptions, 'output' | 'temp'> & Pick<RunOptions, 'signal' | 'onEvent'> = {},
): Promise<Verification> {
  const { signal, onEvent, ...opening } = options;
  const texts = isPng(bytes) ? readPngText(bytes, name) : {};
  if (!Object.hasOwn(texts, 'prompt'))
    throw new DarkroomError('DR_WORKFLOW_FORMAT', {
      message: isPng(bytes) ? `${name} holds no prompt` : `${name} is no PNG file`,
      hint: 'Give a PNG as Darkroom or ComfyUI saved it; what changes pictures on the way often drops the prompt.',
      file: name,
    });
  const made = madeWith(texts, name);
  const folders = openFolders({
    ...opening,
    models: modelRoots(opening.models),
    embedded: openEmbeddedModels(),
  });
  const root = mkdtempSync(join(tmpdir(), 'darkroom-verify-'));
  const darkroom = await openDarkroom({
    ...(textEncodersOf(made) && { textEncoders: textEncodersOf(made) }),
    ...((made?.['precision'] === 'int8' || made?.['precision'] === 'fp32') && {
      precision: made['precision'],
    }),
    ...opening,
    output: join(root, 'output'),
    temp: join(root, 'temp'),
  });
  try {
    const node = made?.['node'];
    const prompt = parseJson(texts['prompt'], { file: `'prompt' of ${name}` });
    const targets =
      typeof node === 'string' && isJsonObject(prompt) && Object.hasOwn(prompt, node)
        ? [node]
        : undefined;
    const { images } = await darkroom.run(texts['prompt'], {
      signal,
      onEvent,
      partial: targets === undefined,
      targets,
    });
    const difference = await nearest(bytes, images);
    return { same: difference?.worst === 0, difference, notes: notesOn(made, folders) };
  } finally {
    await darkroom.close();
    rmSync(root, { recursive: true, force: true });
  }
}

function madeWith(texts: Readonly<Record<string, string>>, name: string): JsonObject | undefined {
  const made = Object.hasOwn(texts, 'darkroom')
    ? parseJson(texts['darkroom'], { file: `'darkroom' of ${name}` })
    : undefined;
  return isJsonObject(made) ? made : undefined;
}

const textEncodersOf = (made: JsonObject | undefined): 'fp16' | 'fp32' | undefined =>
  made?.['text_encoders'] === 'fp16' || made?.['text_encoders'] === 'fp32'
    ? made['text_encoders']
    : undefined;

async function nearest(
  bytes: Uint8Array,
  pictures: readonly Picture[],
): Promise<PictureDifference | undefined> {
  let best: PictureDifference | undefined;
  for (const { path } of pictures) {
    if (!path.endsWith('.png')) continue;
    const found = await comparePictures(bytes, readFileSync(path));
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

function notesOn(made: JsonObject | undefined, folders: Folders): string[] {
  if (!made)
    return [
      "the file says nothing of Darkroom: ComfyUI made it, and whether the model files are the same can't be told",
    ];
  const now = versions();
  const was = (key: string): string | undefined =>
    typeof made[key] === 'string' ? made[key] : undefined;
  const notes: string[] = [];
  const version = was('version');
  const runtime = was('onnxruntime');
  if (version !== undefined && version !== now.version)
    notes.push(`it was made with Darkroom ${version}; this is ${now.version}`);
  if (runtime !== undefined && runtime !== now.onnxruntime)
    notes.push(`it was made with ONNX Runtime ${runtime}; here is ${now.onnxruntime}`);
  if (was('provider') !== undefined && was('provider') !== 'cpu')
    notes.push(`it was made on ${was('provider')}; here it was run on the CPU`);
  for (const model of Array.isArray(made['models']) ? made['models'] : [])
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
  const { folder, name, hash, bytes } = model as Record<'folder' | 'name', string> & JsonObject;
  const called = `${folder}/${name}`;
  if (!folders.modelFiles(folder).includes(name)) return [`model file ${called} is not here`];
  if (typeof hash !== 'string')
    return [
      `${called} can't be checked: the picture does not hold its hash (it had ${String(bytes)} bytes)`,
    ];
  return fingerprint(folders.modelPath(folder, name)) === hash
    ? []
    : [`${called} is another file than the one the picture was made with`];
}
