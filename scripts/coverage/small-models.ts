// Which of the small models stands for a file of a workflow, by what its name says.
import { baseOf, familyOf, type SmallFamily, smallEncoder, smallFamilyOf } from './families.ts';
import { firstFile, smallFile, smallVae } from './small-files.ts';

/** Families whose files others take in folders where they have none of their own. */
const LIKE: Partial<Record<SmallFamily, SmallFamily>> = {
  'flux-schnell': 'flux',
  'flux-fill': 'flux',
  'flux-control': 'flux',
  'flux2-dev': 'flux2',
  sd3: 'sd35',
  'sdxl-refiner': 'sdxl',
  sd1: 'sdxl',
};

/** Networks beside models of families that are run. */
const NOT_RUN = /^qwen.*fun/;

const isClassic = (family: SmallFamily): boolean => /^sd(1|xl)/.test(family);

/**
 * The small file in a folder that stands for `name` in a workflow of the family; undefined where
 * there is none of that kind. `name` goes before the family.
 */
export function smallModel(
  folder: string,
  name: string,
  workflow: SmallFamily,
): string | undefined {
  const own = familyOf(name);
  if (own && !own.small) return undefined;
  const family = smallFamilyOf(name) ?? classicFamily(name, workflow);
  const ofFamily = (): string | undefined =>
    smallFile(folder, family) ?? (LIKE[family] && smallFile(folder, LIKE[family]));
  switch (folder) {
    case 'text_encoders': {
      const encoder = smallEncoder(name);
      const suffix = /\.gguf$/i.test(name) ? '.gguf' : '';
      return encoder === undefined ? undefined : smallFile(folder, `${encoder}${suffix}`);
    }
    case 'vae':
      return smallVae(family) ?? smallFile(folder, 'vae');
    case 'clip_vision':
      return smallVision(baseOf(name));
    case 'unet_gguf':
      return smallFile('diffusion_models', `${family}.gguf`);
    case 'ultralytics':
      return smallFile(folder, name.startsWith('segm/') ? 'segm/yolo.pt' : 'bbox/yolo.pt');
    case 'checkpoints':
    case 'diffusion_models':
    case 'loras':
    case 'style_models':
      return ofFamily();
    case 'controlnet':
    case 'model_patches':
      if (/^uso/.test(baseOf(name))) return smallFile(folder, 'uso');
      if (NOT_RUN.test(baseOf(name))) return undefined;
      return (
        (/inpaint/i.test(name) ? smallFile(folder, `${family}-inpainting`) : undefined) ??
        ofFamily()
      );
    case 'embeddings':
      return smallFile(folder, /conditioning/i.test(name) ? 'conditioning' : 'tinyti');
    default:
      return firstFile(folder);
  }
}

function smallVision(name: string): string | undefined {
  if (/sig_?c?lip/.test(name)) return smallFile('clip_vision', 'siglip');
  return /vision_g|bigg/.test(name) ? smallFile('clip_vision', 'clip_g') : undefined;
}

/** What a name says in a workflow that also has models of other families. */
function classicFamily(name: string, workflow: SmallFamily): SmallFamily {
  if (/refiner/i.test(name)) return 'sdxl-refiner';
  if (isClassic(workflow)) return workflow;
  if (/xl/i.test(name.replace(/xxl|xlabs/gi, ''))) return 'sdxl';
  return /v?1[._-]?5|sd15/i.test(name) ? 'sd1' : workflow;
}
