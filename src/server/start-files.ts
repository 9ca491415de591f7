// Finds the text encoders and the VAE of a model that has none in its file: those of this machine
// that fit, else the names under which they are published.
import { basename } from 'node:path';
import { DarkroomError } from '../errors.ts';
import type { ModelFile } from '../formats/identify/identified-model.ts';
import { identify } from '../formats/identify/identify.ts';
import { describeModelFile, type ModelDescription } from '../formats/model-file.ts';
import { locationOf } from '../models/inspect/model-listing.ts';
import type { Folders } from '../storage/folders.ts';
import {
  type EncoderFile,
  type NodeTemplate,
  START_PRESETS,
  type StartPreset,
} from './start-presets.ts';

const ENCODERS = 'text_encoders';
/** Encoders that only the loaders of ComfyUI-GGUF read; these read all others too. */
const GGUF_ENCODERS = 'clip_gguf';
const VAES = 'vae';
/** So many files of a folder are inspected: a large one does not delay the page. */
const MOST_FILES = 40;

interface Found {
  readonly name: string;
  readonly isGguf?: boolean;
}

/** The node that loads the text encoders of a preset. */
export async function findEncoders(
  folders: Folders,
  { encoders: { class_type, inputs, files } }: StartPreset,
): Promise<NodeTemplate> {
  const found = [];
  for (const file of files) found.push(await findEncoder(folders, file));
  const names = found.map(({ name }, i) => [
    files.length === 1 ? 'clip_name' : `clip_name${i + 1}`,
    name,
  ]);
  return {
    class_type: found.some(({ isGguf }) => isGguf) ? `${class_type}GGUF` : class_type,
    inputs: { ...Object.fromEntries(names), ...inputs },
  };
}

async function findEncoder(folders: Folders, { kind, usual }: EncoderFile): Promise<Found> {
  for (const folder of [ENCODERS, GGUF_ENCODERS])
    for (const name of namesIn(folders, folder, usual)) {
      const model = (await identifyIn(folders, folder, name))?.model;
      if (model?.kind === 'text-encoder' && model.clip.kind === kind)
        return { name, isGguf: folder === GGUF_ENCODERS };
    }
  return { name: usual };
}

/** The name of the VAE of a preset. */
export async function findVae(folders: Folders, { vae }: StartPreset): Promise<string> {
  const fitting: string[] = [];
  for (const name of namesIn(folders, VAES, vae.usual)) {
    const found = await identifyIn(folders, VAES, name);
    if (found?.model.kind !== 'vae' || channelsOf(found) !== vae.latentChannels) continue;
    if ((found.model.vae.kind === 'wan') !== (vae.isVideo === true)) continue;
    if (basename(name) === vae.usual || vae.name.test(name)) return name;
    fitting.push(name);
  }
  const isOthers = (name: string): boolean =>
    Object.values(START_PRESETS).some((other) => other.vae.name.test(name));
  return fitting.find((name) => !isOthers(name)) ?? vae.usual;
}

/** The files of a folder, the usual one first. */
function namesIn(folders: Folders, folder: string, usual: string): readonly string[] {
  const names = folders.modelFiles(folder).filter((name) => locationOf(folders, { folder, name }));
  const isUsual = (name: string): boolean => basename(name) === usual;
  const sorted = [...names.filter(isUsual), ...names.filter((name) => !isUsual(name))];
  return sorted.slice(0, MOST_FILES);
}

interface Identified extends Pick<ModelDescription, 'tensors'> {
  readonly model: ModelFile;
}

/** The channels of the latents that the decoder of a VAE takes. */
function channelsOf({ model, tensors }: Identified): number | undefined {
  if (model.kind !== 'vae') return undefined;
  const first = ['decoder.conv_in', 'decoder.conv1'].map((layer) =>
    tensors.get(`${model.vae.prefix}${layer}.weight`),
  );
  return first.find((tensor) => tensor !== undefined)?.shape[1];
}

/** undefined for a file that can't be read. */
export async function identifyIn(
  folders: Folders,
  folder: string,
  name: string,
): Promise<Identified | undefined> {
  try {
    const { tensors } = await describeModelFile(folders.modelPath(folder, name));
    return { model: identify(tensors as Parameters<typeof identify>[0]), tensors };
  } catch (error) {
    if (error instanceof DarkroomError) return undefined;
    throw error;
  }
}
