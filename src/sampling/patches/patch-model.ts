// Adds patches to a model. Each function returns a new model and leaves the old one unchanged.
import { DarkroomError } from '../../errors.ts';
import type { RefusedPatch } from '../../models/denoiser.ts';
import type { UNetPatch } from '../../models/unet/unet-patch.ts';
import type { Model, ModelPatches } from '../sampling-types.ts';

/** The patches that are lists, applied one after another. */
type PatchLists = Required<Pick<ModelPatches, 'predict' | 'preCfg' | 'postCfg'>>;

export type PredictPatch = PatchLists['predict'][number];
export type PreCfgPatch = PatchLists['preCfg'][number];
export type PostCfgPatch = PatchLists['postCfg'][number];
export type CfgFunction = NonNullable<ModelPatches['cfgFunction']>;

/** Sets patches; they replace the model's patches of the same kinds. */
export const setPatches = (model: Model, patches: ModelPatches): Model => ({
  ...model,
  patches: { ...model.patches, ...patches },
});

/** Replaces classifier-free guidance. */
export const setCfgFunction = (model: Model, cfgFunction: CfgFunction): Model =>
  setPatches(model, { cfgFunction });

/** Wraps the guided prediction of each run, outside the wrappers that the model has. */
export const wrapPredict = (model: Model, patch: PredictPatch): Model =>
  setPatches(model, { predict: [...(model.patches?.predict ?? []), patch] });

/** Appends a change of both sides' predictions before they are combined. */
export const addPreCfg = (model: Model, patch: PreCfgPatch): Model =>
  setPatches(model, { preCfg: [...(model.patches?.preCfg ?? []), patch] });

/** Appends a change of the guided prediction. */
export const addPostCfg = (model: Model, patch: PostCfgPatch): Model =>
  setPatches(model, { postCfg: [...(model.patches?.postCfg ?? []), patch] });

/** Appends a patch of the network. Throws DR_INPUT_INVALID for a network that refuses it. */
export function addUNetPatch(model: Model, patch: UNetPatch): Model {
  checkPatch(model, patch.kind);
  return { ...model, denoiser: model.denoiser.variant({ patches: [patch] }) };
}

/** What networks can refuse, by the node that adds it. */
const NODES: Readonly<Record<RefusedPatch, string>> = {
  freeU: 'FreeU',
  deepShrink: 'PatchModelAddDownscale',
  hyperTile: 'HyperTile',
  tokenMerging: 'TomePatchModel',
  attentionGuidance: 'NAGuidance',
  hypernetwork: 'HypernetworkLoader',
  recordedAttention: 'SelfAttentionGuidance',
};

/** Throws DR_INPUT_INVALID if ComfyUI fails with a patch on the model's network. */
export function checkPatch({ denoiser }: Model, patch: RefusedPatch): void {
  if (!denoiser.refusedPatches?.includes(patch)) return;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: `${NODES[patch]} is for UNets, and this model is a transformer; ComfyUI fails too`,
    hint: `Remove ${NODES[patch]}, or use a model of SD1.x, SD2.x or SDXL.`,
    input: 'model',
  });
}
