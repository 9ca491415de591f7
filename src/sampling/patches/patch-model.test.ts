import { expect, it } from 'vitest';
import { runNode } from '../../../test/support/run-node.ts';
import type { Denoiser } from '../../models/denoiser.ts';
import type { Model } from '../sampling-types.ts';

/** What FLUX.1 refuses; Z-Image, Lumina 2 and SD3 refuse the first and the last. */
const FLUX = ['freeU', 'hyperTile', 'tokenMerging', 'hypernetwork', 'recordedAttention'] as const;
const modelWith = (refusedPatches: Denoiser['refusedPatches']): Model => {
  const denoiser = { refusedPatches, variant: () => denoiser } as unknown as Denoiser;
  return { denoiser } as Model;
};

// ComfyUI: KeyError: 'model_channels'; TypeError: … got an unexpected keyword argument 'pe'
it.each([
  ['FreeU', { b1: 1, b2: 1, s1: 1, s2: 1 }],
  ['FreeU_V2', { b1: 1, b2: 1, s1: 1, s2: 1 }],
  ['HyperTile', { tile_size: 256, swap_size: 2, max_depth: 0, scale_depth: false }],
  ['TomePatchModel', { ratio: 0.3 }],
  ['HypernetworkLoader', { hypernetwork_name: 'a', strength: 1 }],
])('%s is refused on networks that ComfyUI fails with it on', async (type, inputs) => {
  await expect(runNode(type, { model: modelWith(FLUX), ...inputs })).rejects.toMatchObject({
    code: 'DR_INPUT_INVALID',
    message: `${type.replace('_V2', '')} is for UNets, and this model is a transformer; ComfyUI fails too`,
  });
});

it('SelfAttentionGuidance is refused where the network records no attention', async () => {
  const [{ patches }] = await runNode<[Model]>('SelfAttentionGuidance', {
    model: modelWith(FLUX),
    scale: 0.5,
    blur_sigma: 2,
  });
  const step = { x: { shape: [1, 16, 8, 8] } } as never;
  await expect(patches!.postCfg![0]({} as never, step)).rejects.toThrow(/is for UNets/);
});

it.each([
  ['PatchModelAddDownscale', { start_percent: 0, end_percent: 1 }],
  ['NAGuidance', { nag_scale: 5, nag_alpha: 0.5, nag_tau: 1.5 }],
])('%s has no effect on transformers, and is no error', async (type, inputs) => {
  const model = { ...modelWith(FLUX), sampling: { percentToSigma: (p: number) => 1 - p } };
  await expect(runNode(type, { model, ...inputs })).resolves.toHaveLength(1);
});
