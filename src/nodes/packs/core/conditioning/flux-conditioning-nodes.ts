// Nodes that set the distilled guidance and the reference images of a conditioning.
// Source: ComfyUI comfy_extras/nodes_flux.py, nodes_edit_model.py.
import { upscaleImage } from '../../../../image/resize/common-upscale.ts';
import { kontextSize } from '../../../../image/resize/kontext-size.ts';
import type { ReferenceMethod } from '../../../../models/denoiser.ts';
import {
  addReferenceLatent,
  setConditioningValues,
} from '../../../../sampling/conditioning/operations.ts';
import {
  combo,
  defineNode,
  float,
  type NodeDeclaration,
  output,
  outputs,
  socket,
} from '../../../declare.ts';

const fluxNode = { category: 'advanced/conditioning/flux' } as const;
const conditioningNode = { ...fluxNode, outputs: [output('CONDITIONING')] } as const;

const FluxGuidance = defineNode({
  ...conditioningNode,
  type: 'FluxGuidance',
  display: 'FluxGuidance',
  inputs: {
    conditioning: socket('CONDITIONING'),
    guidance: float({
      default: 3.5,
      min: 0,
      max: 100,
      step: 0.1,
      tooltip: 'How closely the picture follows the prompt, as the network has learnt it.',
    }),
  },
  run: ({ conditioning, guidance }) => outputs(setConditioningValues(conditioning, { guidance })),
});

const FluxDisableGuidance = defineNode({
  ...conditioningNode,
  type: 'FluxDisableGuidance',
  display: 'FluxDisableGuidance',
  description: 'Leaves out the distilled guidance of FLUX.1 and similar models.',
  inputs: { conditioning: socket('CONDITIONING') },
  run: ({ conditioning }) => outputs(setConditioningValues(conditioning, { guidance: null })),
});

const FluxKontextImageScale = defineNode({
  ...fluxNode,
  type: 'FluxKontextImageScale',
  display: 'FluxKontextImageScale',
  description:
    'Resizes a picture to the size with the nearest aspect of those that FLUX.1 Kontext knows.',
  inputs: { image: socket('IMAGE') },
  outputs: [output('IMAGE')],
  run({ image }) {
    const [, height, width] = image.shape;
    return outputs(upscaleImage(image, kontextSize({ width, height }), 'lanczos', 'center'));
  },
});

/** The choices of FluxKontextMultiReferenceLatentMethod. */
const REFERENCE_METHODS = {
  offset: 'offset',
  index: 'index',
  'uxo/uno': 'uxo',
  index_timestep_zero: 'index_timestep_zero',
} as const satisfies Record<string, ReferenceMethod>;

const FluxKontextMultiReferenceLatentMethod = defineNode({
  ...conditioningNode,
  type: 'FluxKontextMultiReferenceLatentMethod',
  display: 'FluxKontextMultiReferenceLatentMethod',
  description: 'Sets where the network sees several reference images beside the picture.',
  experimental: true,
  inputs: {
    conditioning: socket('CONDITIONING'),
    reference_latents_method: combo(
      Object.keys(REFERENCE_METHODS) as (keyof typeof REFERENCE_METHODS)[],
    ),
  },
  run: ({ conditioning, reference_latents_method: method }) =>
    outputs(
      setConditioningValues(conditioning, { reference_latents_method: REFERENCE_METHODS[method] }),
    ),
});

const ReferenceLatent = defineNode({
  type: 'ReferenceLatent',
  display: 'ReferenceLatent',
  category: 'advanced/conditioning/edit_models',
  description:
    'Gives an edit model a reference image. Several nodes one after another give several images.',
  inputs: {
    conditioning: socket('CONDITIONING'),
    latent: socket('LATENT', { optional: true }),
  },
  outputs: [output('CONDITIONING')],
  run: ({ conditioning, latent }) =>
    outputs(latent ? addReferenceLatent(conditioning, latent.samples) : conditioning),
});

export const FLUX_CONDITIONING_NODES: readonly NodeDeclaration[] = [
  FluxGuidance,
  FluxDisableGuidance,
  FluxKontextImageScale,
  FluxKontextMultiReferenceLatentMethod,
  ReferenceLatent,
];
