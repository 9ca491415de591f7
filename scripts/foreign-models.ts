// Names of model files that belong to families that Darkroom does not run. `darkroom check` reads
// the files themselves; this is for workflows whose files are not there.

import type { Graph } from '../src/workflow/api-graph.ts';
import type { NodeTable } from '../src/workflow/node-table.ts';

const FAMILIES: readonly (readonly [RegExp, string])[] = [
  [/flux/, 'FLUX'],
  [/aura[_-]?flow/, 'AuraFlow'],
  [/hunyuan/, 'Hunyuan'],
  [/sd3|stable[_-]diffusion[_-]3/, 'SD3'],
  [/stable[_-]cascade|effnet_encoder/, 'Stable Cascade'],
  [/(^|[_-])svd|stable[_-]video/, 'SVD'],
  [/zero123/, 'Stable Zero123'],
  [/stable[_-]audio/, 'Stable Audio'],
  [/(^|[_-])(wan\d|ltx|cosmos|mochi|lumina|pixart|hidream|qwen|chroma|omnigen|z_image)/, 'other'],
  [/(^|[_-])u?m?t5/, 'T5'],
];
/** Folders of files that are loaded whole. LoRAs and ControlNets follow their models. */
const FOLDERS: ReadonlySet<string> = new Set(['checkpoints', 'diffusion_models', 'text_encoders']);

/** One sentence for each file of a workflow that is named like one of such a family. */
export function foreignModels(graph: Graph, nodes: NodeTable): string[] {
  const found = new Set<string>();
  for (const { classType, inputs } of graph.values())
    for (const [name, input] of Object.entries(nodes.get(classType)?.inputs ?? {})) {
      const file = inputs[name];
      const isModel = input.kind === 'COMBO' && FOLDERS.has(input.folder ?? '');
      if (!isModel || typeof file !== 'string') continue;
      const base = file.toLowerCase().split(/[\\/]/).at(-1)!;
      const family = FAMILIES.find(([pattern]) => pattern.test(base))?.[1];
      if (family !== undefined)
        found.add(
          `${file} is of a family that is not run${family === 'other' ? '' : ` (${family})`}`,
        );
    }
  return [...found];
}
