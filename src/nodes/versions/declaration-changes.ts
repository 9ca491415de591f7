// What ComfyUI changed about the declarations of its nodes after 0.3.64, up to 0.33.0: everything
// that decides which workflows it accepts. From /object_info of all releases in between.
import type { DeclarationChange } from './declaration-change.ts';

export const DECLARATION_CHANGES: readonly DeclarationChange[] = [
  { node: 'LoraLoaderBypass', since: '0.11.0', what: { kind: 'node' } },
  { node: 'LoraLoaderBypassModelOnly', since: '0.11.0', what: { kind: 'node' } },
  { node: 'ModelAttentionBackend', since: '0.32.0', what: { kind: 'node' } },
  { node: 'MultiGPU_WorkUnits', since: '0.23.0', what: { kind: 'node' } },
  { node: 'SelectModelDevice', since: '0.23.0', what: { kind: 'node' } },
  { node: 'SelectCLIPDevice', since: '0.23.0', what: { kind: 'node' } },
  { node: 'SelectVAEDevice', since: '0.23.0', what: { kind: 'node' } },
  { node: 'ConditioningMultiply', since: '0.27.0', what: { kind: 'node' } },
  { node: 'ManualSigmas', since: '0.7.0', what: { kind: 'node' } },
  { node: 'SamplerLCM', since: '0.21.1', what: { kind: 'node' } },
  { node: 'TemporalScoreRescaling', since: '0.3.66', what: { kind: 'node' } },
  { node: 'AdjustBrightness', since: '0.3.76', what: { kind: 'node' } },
  { node: 'AdjustContrast', since: '0.3.76', what: { kind: 'node' } },
  { node: 'NormalizeImages', since: '0.3.76', what: { kind: 'node' } },
  { node: 'CenterCropImages', since: '0.3.76', what: { kind: 'node' } },
  { node: 'LatentCutToBatch', since: '0.6.0', what: { kind: 'node' } },
  { node: 'SeedNode', since: '0.27.0', what: { kind: 'node' } },
  { node: 'ResolutionSelector', since: '0.16.0', what: { kind: 'node' } },
  { node: 'ResizeImagesByShorterEdge', since: '0.3.76', what: { kind: 'node' } },
  { node: 'ResizeImagesByLongerEdge', since: '0.3.76', what: { kind: 'node' } },
  { node: 'MergeImageLists', since: '0.3.76', what: { kind: 'node' } },
  { node: 'PreviewAny', since: '0.19.1', what: { kind: 'output', output: 'STRING' } },
  { node: 'SaveImage', since: '0.26.0', what: { kind: 'output', output: 'images' } },
  { node: 'PreviewImage', since: '0.26.0', what: { kind: 'output', output: 'images' } },
  { node: 'MaskPreview', since: '0.28.0', what: { kind: 'output', output: 'mask' } },
  { node: 'SaveLatent', since: '0.26.0', what: { kind: 'output', output: 'samples' } },
  { node: 'SaveAnimatedWEBP', since: '0.26.0', what: { kind: 'output', output: 'images' } },
  { node: 'SaveAnimatedPNG', since: '0.26.0', what: { kind: 'output', output: 'images' } },
  {
    node: 'ImageScaleToTotalPixels',
    since: '0.6.0',
    what: { kind: 'input', input: 'resolution_steps' },
  },
  { node: 'CFGNorm', since: '0.23.0', what: { kind: 'input', input: 'pre_cfg' } },
  {
    node: 'LatentFromBatch',
    since: '0.22.0',
    what: {
      kind: 'range',
      input: 'batch_index',
      was: { min: 0, max: 63 },
      now: { min: -16384, max: 16384 },
    },
  },
  {
    node: 'ImageFromBatch',
    since: '0.22.0',
    what: {
      kind: 'range',
      input: 'batch_index',
      was: { min: 0, max: 4095 },
      now: { min: -16384, max: 16384 },
    },
  },
  {
    node: 'SamplerER_SDE',
    since: '0.32.0',
    what: { kind: 'range', input: 'eta', was: { min: 0, max: 100 }, now: { min: 0, max: 10 } },
  },
  {
    node: 'CLIPLoader',
    since: '0.3.72',
    what: { kind: 'options', input: 'type', options: ['flux2'] },
  },
  {
    node: 'CLIPLoader',
    since: '0.4.0',
    what: { kind: 'options', input: 'type', options: ['ovis'] },
  },
  {
    node: 'CLIPLoader',
    since: '0.16.0',
    what: { kind: 'options', input: 'type', options: ['longcat_image'] },
  },
  {
    node: 'CLIPLoader',
    since: '0.21.0',
    what: { kind: 'options', input: 'type', options: ['cogvideox'] },
  },
  {
    node: 'CLIPLoader',
    since: '0.23.0',
    what: { kind: 'options', input: 'type', options: ['lens', 'pixeldit'] },
  },
  {
    node: 'CLIPLoader',
    since: '0.24.0',
    what: { kind: 'options', input: 'type', options: ['ideogram4'] },
  },
  {
    node: 'CLIPLoader',
    since: '0.26.0',
    what: { kind: 'options', input: 'type', options: ['boogu', 'krea2'] },
  },
  {
    node: 'CLIPLoader',
    since: '0.29.0',
    what: { kind: 'options', input: 'type', options: ['joyimage', 'mage'] },
  },
  {
    node: 'CLIPLoader',
    since: '0.30.0',
    what: { kind: 'options', input: 'type', options: ['minimax'] },
  },
  {
    node: 'DualCLIPLoader',
    since: '0.3.71',
    what: { kind: 'options', input: 'type', options: ['hunyuan_video_15'] },
  },
  {
    node: 'DualCLIPLoader',
    since: '0.4.0',
    what: { kind: 'options', input: 'type', options: ['kandinsky5', 'kandinsky5_image'] },
  },
  {
    node: 'DualCLIPLoader',
    since: '0.6.0',
    what: { kind: 'options', input: 'type', options: ['newbie'] },
  },
  {
    node: 'DualCLIPLoader',
    since: '0.8.0',
    what: { kind: 'options', input: 'type', options: ['ltxv'] },
  },
  {
    node: 'DualCLIPLoader',
    since: '0.12.0',
    what: { kind: 'options', input: 'type', options: ['ace'] },
  },
  {
    since: '0.5.0',
    what: {
      kind: 'options',
      input: 'sampler_name',
      options: ['exp_heun_2_x0', 'exp_heun_2_x0_sde'],
      builtIn: false,
    },
  },
  {
    node: 'ModelSamplingDiscrete',
    since: '0.15.1',
    what: { kind: 'options', input: 'sampling', options: ['img_to_img_flow'], builtIn: false },
  },
  {
    node: 'PrimitiveInt',
    since: '0.21.0',
    what: { kind: 'widget', input: 'value', now: { control_after_generate: 'fixed' } },
  },
  {
    node: 'PrimitiveFloat',
    since: '0.8.0',
    what: { kind: 'widget', input: 'value', now: { step: 0.1 } },
  },
  {
    node: 'ImageColorToMask',
    since: '0.4.0',
    what: { kind: 'widget', input: 'color', now: { display: 'number' } },
  },
];
