// The families of model files by their names. `darkroom check` reads the files themselves; this is
// for workflows whose files are not there.
import type { Graph } from '../../src/workflow/api-graph.ts';
import type { NodeTable } from '../../src/workflow/node-table.ts';

/** Families with small models; of FLUX.1 also by the channels of the model's input. */
export type SmallFamily =
  | 'sd1'
  | 'sdxl'
  | 'sdxl-refiner'
  | 'flux'
  | 'flux-schnell'
  | 'flux-fill'
  | 'flux-control'
  | 'flux2'
  | 'flux2-dev'
  | 'longcat-image'
  | 'chroma'
  | 'sd3'
  | 'sd35'
  | 'lumina2'
  | 'z-image'
  | 'qwen-image'
  | 'qwen-image-layered'
  | 'qwen-image-21'
  | 'krea2'
  | 'anima'
  | 'auraflow'
  | 'hidream';

export interface Family {
  readonly title: string;
  /** Of its files in lower case, without folders. */
  readonly names: RegExp;
  /** The small models that stand for it, the first that fits. A family without any is not run. */
  readonly small?: readonly (readonly [names: RegExp, id: SmallFamily])[];
}

/** SD1, SD2 and SDXL, of which most names say nothing. */
export const CLASSIC = 'SD1, SD2, SDXL';
/** Workflows without models. */
export const NO_MODELS = 'no model';
const VIDEO = 'video, audio and 3D';

const ANY = /^/;
/** A word between separators. */
const word = (words: string): RegExp => new RegExp(`(^|[._-])(${words})([._-]|\\d|$)`);

/** The first that fits decides: special names come before names that they contain. */
export const FAMILIES: readonly Family[] = [
  { title: 'FLUX 3', names: /flux[._-]?3/ },
  {
    title: 'FLUX.2',
    names: /flux[._-]?2|klein/,
    small: [
      [/dev/, 'flux2-dev'],
      [ANY, 'flux2'],
    ],
  },
  { title: 'Krea 2', names: /krea[._-]?2/, small: [[ANY, 'krea2']] },
  {
    title: VIDEO,
    names:
      /hunyuan[_-]?(video|3d)|stable[_-](video|audio|zero123)|zero123|ace[_-]?step|(^|[_-])(wan\d?|svd|ltxv?|mochi|umt5|humo)([\d._-]|$)/,
  },
  { title: 'AuraFlow', names: /aura[_-]?flow/, small: [[ANY, 'auraflow']] },
  { title: 'HunyuanDiT, HunyuanImage', names: /hunyuan/ },
  { title: 'Stable Cascade', names: /stable[_-]cascade|effnet_encoder/ },
  { title: 'Chroma Radiance', names: /radiance/ },
  { title: 'Cosmos', names: word('cosmos') },
  { title: 'PixArt', names: word('pixart') },
  // O1 draws pixels
  { title: 'HiDream-O1', names: /hidream[_-]?o1/ },
  { title: 'HiDream', names: word('hidream'), small: [[ANY, 'hidream']] },
  { title: 'OmniGen 2', names: word('omnigen') },
  { title: 'Anima', names: word('anima'), small: [[ANY, 'anima']] },
  { title: 'NewBie', names: word('newbie') },
  { title: 'Ovis-Image', names: word('ovis') },
  { title: 'Lens', names: word('lens') },
  { title: 'LongCat-Image', names: word('longcat'), small: [[ANY, 'longcat-image']] },
  { title: 'Kandinsky 5', names: word('kandinsky') },
  { title: 'Boogu', names: word('boogu') },
  { title: 'MOSS-Image', names: /moss[_-]image/ },
  { title: 'Mage-Flow', names: /mage[_-]flow/ },
  { title: 'ERNIE-Image', names: /ernie[_-]image/ },
  { title: 'Ming-Image', names: /ming[_-]image/ },
  { title: 'Ideogram 4', names: word('ideogram') },
  { title: 'SeedVR2', names: word('seedvr') },
  { title: 'PixelDiT, PiD', names: word('pixeldit|pid') },
  { title: 'JoyAI', names: word('joyai') },
  { title: 'Fibo 2', names: word('fibo') },
  { title: 'MiniMax', names: word('minimax') },
  { title: 'Capybara', names: word('capybara') },
  { title: 'ChronoEdit', names: /chrono[_-]?edit/ },
  {
    title: 'Qwen-Image 2.1',
    names: /qwen[_-]?image[_-]?2[._]1/,
    small: [[ANY, 'qwen-image-21']],
  },
  {
    title: 'Qwen-Image-Layered',
    names: /qwen[_-]?image[_-]?layered/,
    small: [[ANY, 'qwen-image-layered']],
  },
  { title: 'Qwen-Image', names: /firered|qwen(?![_-]?3)/, small: [[ANY, 'qwen-image']] },
  { title: 'Chroma', names: /chroma/, small: [[ANY, 'chroma']] },
  { title: 'Z-Image', names: /z[_-]?image/, small: [[ANY, 'z-image']] },
  { title: 'Lumina 2', names: /lumina|neta[_-]?yume/, small: [[ANY, 'lumina2']] },
  {
    title: 'SD3, SD3.5',
    names: /(sd|stable[_-]?diffusion)[_-]?3([._]?5|[^\d]|$)/,
    small: [
      [/3[._]?5/, 'sd35'],
      [ANY, 'sd3'],
    ],
  },
  {
    title: 'FLUX.1',
    names: /flux/,
    small: [
      [/fill/, 'flux-fill'],
      [/schnell/, 'flux-schnell'],
      [/canny|depth/, 'flux-control'],
      [ANY, 'flux'],
    ],
  },
];

/**
 * Small text encoders by the names of files, the first that fits; undefined for those that are not
 * run.
 */
const ENCODERS: readonly (readonly [names: RegExp, file: string | undefined])[] = [
  [/pile[_-]?t5|t5[_-]?xl(?!l)/, 'pile_t5xl'],
  [/umt5|t5[_-]?base/, undefined],
  [/t5/, 't5xxl'],
  [/clip[_-]?l|vit[_-]?l/, 'clip_l'],
  [/clip[_-]?g|bigg/, 'clip_g'],
  [/qwen[_-]?2[._]5[_-]?vl[_-]?7b/, 'qwen25_7b'],
  [/qwen[_-]?3[_-]?vl[_-]?8b/, 'qwen3vl_8b'],
  // rewrites prompts where a switch is on, which templates have off: never opened
  [/qwen_image_2[.]1_pe_/, 'qwen3vl_8b'],
  [/qwen[_-]?3[_-]?vl[_-]?4b/, 'qwen3vl_4b'],
  [/qwen[_-]?3[_-]?0?[._]?6b/, 'qwen3_06b'],
  // klein 9B has Qwen3 8B where klein 4B has Qwen3 4B
  [/qwen[_-]?3[_-]?[48]b/, 'qwen3_4b'],
  [/gemma[_-]?2[_-]?2b(?!.*elm)/, 'gemma2_2b'],
  [/mistral[_-]?3[_-]small/, 'mistral3_24b'],
  [/llama[_-]?3[._]?1?[_-]?8b/, 'llama3_8b'],
  [/qwen|gemma|llama|mistral|gpt[_-]?oss|byt5|jina|ernie|ovis/, undefined],
];
const encoderOf = (file: string) => ENCODERS.find(([names]) => names.test(baseOf(file)));

/** The small text encoder that stands for a file. */
export const smallEncoder = (file: string): string | undefined => encoderOf(file)?.[1];

/** Folders of files that are loaded whole. LoRAs and ControlNets follow their models. */
const WHOLE: ReadonlySet<string> = new Set(['checkpoints', 'diffusion_models', 'unet_gguf']);
/** Folders of files that several families share. */
const BESIDE: ReadonlySet<string> = new Set([
  'text_encoders',
  'clip_vision',
  'vae',
  'upscale_models',
]);

export const baseOf = (file: string): string => file.toLowerCase().split(/[\\/]/).at(-1)!;

/** What the name of a file says. */
export const familyOf = (file: string): Family | undefined =>
  FAMILIES.find(({ names }) => names.test(baseOf(file)));

/** The small family for a file; undefined where its name says none that is run. */
export const smallFamilyOf = (file: string): SmallFamily | undefined =>
  familyOf(file)?.small?.find(([names]) => names.test(baseOf(file)))?.[1];

export interface NamedFile {
  /** Undefined where the node's type is missing. */
  readonly folder?: string;
  readonly file: string;
}

const MODEL_FILE = /\.(safetensors|sft|ckpt|gguf|pth?|bin)$/i;

/** The model files that a workflow names. */
export const modelFiles = (graph: Graph, nodes: NodeTable): NamedFile[] =>
  [...graph.values()].flatMap(({ classType, inputs }) =>
    Object.entries(inputs).flatMap(([name, file]): NamedFile[] => {
      if (typeof file !== 'string') return [];
      const input = nodes.get(classType)?.inputs[name];
      if (input?.kind === 'COMBO' && input.folder) return [{ folder: input.folder, file }];
      return nodes.has(classType) || !MODEL_FILE.test(file) ? [] : [{ file }];
    }),
  );

/** One sentence for each file of a workflow that is named like one of a family that is not run. */
export function foreignModels(graph: Graph, nodes: NodeTable): string[] {
  const sentences = modelFiles(graph, nodes).flatMap(({ folder, file }) => {
    if (folder === 'text_encoders') {
      const encoder = encoderOf(file);
      return encoder && !encoder[1] ? [`${file}: this text encoder is not run`] : [];
    }
    const family = folder !== undefined && WHOLE.has(folder) ? familyOf(file) : undefined;
    return family && !family.small ? [`${file}: ${family.title} is not run`] : [];
  });
  return [...new Set(sentences)];
}

/** The files that say the family of a workflow, the surest first. */
function tellingFiles(graph: Graph, nodes: NodeTable): string[] {
  const files = modelFiles(graph, nodes).filter(({ folder = '' }) => !BESIDE.has(folder));
  const isWhole = ({ folder = '' }: NamedFile): boolean => WHOLE.has(folder);
  return [...files.filter(isWhole), ...files.filter((file) => !isWhole(file))].map(
    ({ file }) => file,
  );
}

/** The title of the family that a workflow's models belong to. */
export function familyTitle(graph: Graph, nodes: NodeTable): string {
  const files = tellingFiles(graph, nodes);
  return (
    files.map(familyOf).find((family) => family !== undefined)?.title ??
    (files.length > 0 ? CLASSIC : NO_MODELS)
  );
}

/** The small family that stands for a workflow's models; undefined where no name says one. */
export const smallFamily = (graph: Graph, nodes: NodeTable): SmallFamily | undefined =>
  tellingFiles(graph, nodes)
    .map(smallFamilyOf)
    .find((id) => id !== undefined);
