// Node types of packs that are not built in, so that a message can name the pack a workflow needs.

/** Types by the title of their pack. */
export const FOREIGN_TYPES: Readonly<Record<string, readonly string[]>> = {
  'ComfyUI-SDXL-EmptyLatentImage': ['SDXL Empty Latent Image'],
  'ComfyUI-TiledDiffusion': ['TiledDiffusion'],
  'ComfyUI-Workflow-Component': [
    'ComponentInput',
    'ComponentInputOptional',
    'ComponentOutput',
    'ExecutionBlocker',
    'ExecutionOneOf',
    'ExecutionSwitch',
    'ExecutionControlString',
  ],
  ComfyUI_ADV_CLIP_emb: [
    'BNK_CLIPTextEncodeAdvanced',
    'BNK_CLIPTextEncodeSDXLAdvanced',
    'BNK_AddCLIPSDXLParams',
    'BNK_AddCLIPSDXLRParams',
  ],
  ComfyUI_IPAdapter_plus: ['PrepImageForClipVision'],
  ComfyUI_TiledKSampler: ['BNK_TiledKSampler', 'BNK_TiledKSamplerAdvanced'],
  ComfyUI_UltimateSDUpscale: [
    'UltimateSDUpscale',
    'UltimateSDUpscaleNoUpscale',
    'UltimateSDUpscaleCustomSample',
  ],
  'efficiency-nodes-comfyui': [
    'Efficient Loader',
    'Eff. Loader SDXL',
    'XY Plot',
    'KSampler SDXL (Eff.)',
    'KSampler Adv. (Efficient)',
  ],
  sdxl_prompt_styler: ['SDXLPromptStyler', 'SDXLPromptStylerAdvanced'],
};

/** Packs by patterns of their types; the first pattern that matches applies. */
const PATTERNS: readonly (readonly [pattern: RegExp, pack: string])[] = [
  [/^WD14Tagger\|pysssss$/, 'ComfyUI-WD14-Tagger'],
  [/\|pysssss$/, 'ComfyUI-Custom-Scripts'],
  [/ \/\/Inspire$/, 'Inspire Pack'],
  [/\(rgthree\)$/, 'rgthree-comfy'],
  [/\(Efficient\)$/, 'efficiency-nodes-comfyui'],
  [/\(mtb\)$/, 'comfy_mtb'],
  [/\(WLSH\)$/, 'wlsh_nodes'],
  [/^CR /, 'ComfyUI_Comfyroll_CustomNodes'],
  [/^easy /, 'ComfyUI-Easy-Use'],
  [/^BNK_Cutoff/, 'ComfyUI_Cutoff'],
  [/^IPAdapter/, 'ComfyUI_IPAdapter_plus'],
  [/^VHS_/, 'ComfyUI-VideoHelperSuite'],
  [/^ADE_|^AnimateDiff/, 'ComfyUI-AnimateDiff-Evolved'],
  [/^ACN_/, 'ComfyUI-Advanced-ControlNet'],
  [/Preprocessor$/, 'comfyui_controlnet_aux'],
  [/^Nunchaku/, 'ComfyUI-nunchaku'],
  [/^tri3d-/, 'tri3d-comfyui-nodes'],
  [/^## /, 'ComfyUI-Workflow-Component (the definition of this component is not in the file)'],
  [/^workflow[>/]/, 'a group node whose definition is not in the file'],
  [
    /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
    'a subgraph whose definition is not in the file',
  ],
  [/\+$/, 'ComfyUI_essentials'],
];

const BY_NAME: ReadonlyMap<string, string> = new Map(
  Object.entries(FOREIGN_TYPES).flatMap(([pack, types]) =>
    types.map((type): [string, string] => [type, pack]),
  ),
);

/** The foreign pack that a class type belongs to; undefined if it is unknown. */
export const foreignPackOf = (type: string): string | undefined =>
  BY_NAME.get(type) ?? PATTERNS.find(([pattern]) => pattern.test(type))?.[1];
