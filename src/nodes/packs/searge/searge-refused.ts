// Types of SeargeSDXL that are not built in, and why.
import type { RefusedTypes } from '../../pack.ts';

export const SEARGE_REFUSED: readonly RefusedTypes[] = [
  {
    reason: 'it belongs to the "magic box" of version 4, one node that contains a whole program',
    hint:
      'Use the nodes up to version 3 (workflows Reborn v3.3 and v3.4), or build the stages from ' +
      'KSamplerAdvanced.',
    types: [
      'SeargeAdvancedParameters',
      'SeargeConditioningParameters',
      'SeargeConditionMixing',
      'SeargeControlnetAdapterV2',
      'SeargeControlnetModels',
      'SeargeCustomAfterUpscaling',
      'SeargeCustomAfterVaeDecode',
      'SeargeCustomPromptMode',
      'SeargeDebugPrinter',
      'SeargeFreeU',
      'SeargeGenerationParameters',
      'SeargeHighResolution',
      'SeargeImage2ImageAndInpainting',
      'SeargeImageAdapterV2',
      'SeargeImageSaving',
      'SeargeLoras',
      'SeargeMagicBox',
      'SeargeModelSelector',
      'SeargeOperatingMode',
      'SeargePipelineStart',
      'SeargePipelineTerminator',
      'SeargePreviewImage',
      'SeargePromptAdapterV2',
      'SeargePromptStyles',
      'SeargeSeparator',
      'SeargeTextInputV2',
      'SeargeUpscaleModels',
    ],
  },
  {
    reason:
      "it replaces the UNet's computation by one that blurs the prediction of the positive prompt",
    hint: 'Use SeargeSDXLSampler2.',
    types: ['SeargeSDXLSamplerV3'],
  },
];
