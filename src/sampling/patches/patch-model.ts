// Adds patches to a model. Each function returns a new model and leaves the old one unchanged.
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

/** Appends a patch of the network. */
export const addUNetPatch = (model: Model, patch: UNetPatch): Model => ({
  ...model,
  denoiser: model.denoiser.variant({ patches: [patch] }),
});
