// Upscale models by the name of their file.
import { fileState } from '../../formats/file-state.ts';
import { loadUpscaler, type UpscaleModel } from '../../models/upscaler/load.ts';
import type { NodeContext } from '../context.ts';
import { loadOnce } from './file-cache.ts';

const upscalerPath = (name: string, context: NodeContext): string =>
  context.modelPath('upscale_models', name);

/** Changes when the file is replaced. Throws DR_MODEL_MISSING. */
export const namedUpscalerState = (name: string, context: NodeContext): Promise<string> =>
  fileState(upscalerPath(name, context));

/** A model of the folder `upscale_models`. Throws DR_MODEL_MISSING. */
export async function loadNamedUpscaler(name: string, context: NodeContext): Promise<UpscaleModel> {
  const file = upscalerPath(name, context);
  return loadOnce(context.runtime, [file], () => loadUpscaler(file, context.runtime));
}
