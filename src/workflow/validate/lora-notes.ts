// What the LoRAs of a workflow will not change, from the headers of their files and of the model's.
import { loadCheckpoint, loadDiffusionModel } from '../../models/checkpoint/load.ts';
import { makeClip } from '../../models/clip/clip.ts';
import { applyLora } from '../../models/lora/apply.ts';
import { openLora } from '../../models/lora/file.ts';
import { createModelRuntime, type ModelRuntime } from '../../models/model-runtime.ts';
import { loraReport } from '../../nodes/shared/lora-report.ts';
import { withSlashes } from '../../slashes.ts';
import type { Folders } from '../../storage/folders.ts';
import { type Graph, type GraphNode, linksByInput } from '../api-graph.ts';
import type { NodeTable } from '../node-table.ts';

/** The folders of models that LoRAs are applied to, with their loaders. */
const LOADERS = {
  checkpoints: loadCheckpoint,
  diffusion_models: async (file: string, runtime: ModelRuntime) => ({
    ...(await loadDiffusionModel(file, runtime)),
    encoders: [],
  }),
};
type ModelFolder = keyof typeof LOADERS;

interface ModelName {
  readonly folder: ModelFolder;
  readonly name: string;
}

/** A graph with what its names stand for. */
interface Place {
  readonly graph: Graph;
  readonly nodes: NodeTable;
  readonly folders: Pick<Folders, 'modelFiles' | 'modelPath'>;
}

/**
 * Returns one line for each LoRA that its model cannot use as a whole. Files that are missing or
 * cannot be read, and LoRAs with no model or several, are skipped: a run reports them.
 */
export async function loraNotes(place: Place): Promise<string[]> {
  const runtime = createModelRuntime({ threads: 1 });
  const notes = new Set<string>();
  try {
    for (const [id, node] of place.graph)
      for (const name of namesOf(node, 'loras', place)) {
        const models = modelsBefore(id, place);
        if (models.length !== 1) continue;
        const hasClip = isClipLinked(node, place.nodes);
        const note = await noteOn(name, models[0], hasClip, place, runtime).catch(() => undefined);
        if (note !== undefined) notes.add(note);
      }
  } finally {
    await runtime.close();
  }
  return [...notes];
}

async function noteOn(
  name: string,
  model: ModelName,
  hasClip: boolean,
  { folders }: Place,
  runtime: ModelRuntime,
): Promise<string | undefined> {
  const file = folders.modelPath(model.folder, model.name);
  const { family, unet, encoders } = await LOADERS[model.folder](file, runtime);
  const clip = hasClip && encoders.length > 0 ? makeClip({ family, encoders }) : undefined;
  const lora = await openLora(folders.modelPath('loras', name));
  const result = applyLora({ unet, clip }, lora, { unet: 1, clip: 1 });
  return loraReport({ name, lora, family, hasClip: clip !== undefined }, result);
}

/** The files of a model folder that the inputs of a node name; those that exist. */
function namesOf({ classType, inputs }: GraphNode, folder: string, at: Place): string[] {
  const files = at.folders.modelFiles(folder);
  return Object.entries(at.nodes.get(classType)?.inputs ?? {}).flatMap(([input, declaration]) => {
    const value = inputs[input];
    if (declaration.kind !== 'COMBO' || declaration.folder !== folder || typeof value !== 'string')
      return [];
    return [value, withSlashes(value)].find((name) => files.includes(name)) ?? [];
  });
}

/** The models that a node depends on. */
function modelsBefore(id: string, at: Place): ModelName[] {
  const seen = new Set<string>();
  const found = new Map<string, ModelName>();
  const stack = [id];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const node = at.graph.get(next);
    if (!node || seen.has(next)) continue;
    seen.add(next);
    for (const folder of Object.keys(LOADERS) as ModelFolder[])
      for (const name of namesOf(node, folder, at))
        found.set(`${folder}/${name}`, { folder, name });
    stack.push(...linksByInput(node).map(([, link]) => link.id));
  }
  return [...found.values()];
}

const isClipLinked = (node: GraphNode, nodes: NodeTable): boolean =>
  linksByInput(node).some(([input]) => {
    const declaration = nodes.get(node.classType)?.inputs[input];
    return declaration?.kind === 'SOCKET' && declaration.type === 'CLIP';
  });
