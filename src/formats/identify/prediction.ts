// What a diffusion model predicts (eps, v, EDM or flow), determined from its file.
import type { Tensor } from '../../tensor/tensor.ts';

/**
 * The prediction as far as the names of the tensors show it. `measured`: the names in SD2 files do
 * not; the prediction is v when the standard deviation of `tensor` is above `above`, else eps.
 */
export type PredictionHint =
  | { readonly kind: 'eps' }
  /** The family of a flow model determines its levels. */
  | { readonly kind: 'flow' }
  | { readonly kind: 'v'; readonly zsnr: boolean }
  | { readonly kind: 'edm' }
  | { readonly kind: 'v-edm'; readonly sigmaMax: string; readonly sigmaMin?: string }
  | { readonly kind: 'measured'; readonly tensor: string; readonly above: number };

/** What the network predicts, with the values of the file. */
export type Prediction =
  | Exclude<PredictionHint, { readonly kind: 'measured' | 'v-edm' }>
  | { readonly kind: 'v-edm'; readonly sigmaMax: number; readonly sigmaMin?: number };

/** Determines the prediction by reading the tensors that a hint names, as ComfyUI does. */
export async function resolvePrediction(
  hint: PredictionHint,
  read: (name: string) => Promise<Tensor>,
): Promise<Prediction> {
  if (hint.kind === 'v-edm') {
    const number = async (name: string): Promise<number> => (await read(name)).data[0];
    const { sigmaMax, sigmaMin } = hint;
    return {
      kind: 'v-edm',
      sigmaMax: await number(sigmaMax),
      ...(sigmaMin && { sigmaMin: await number(sigmaMin) }),
    };
  }
  if (hint.kind !== 'measured') return hint;
  const { data } = await read(hint.tensor);
  const mean = data.reduce((sum, v) => sum + v, 0) / data.length;
  const variance = data.reduce((sum, v) => sum + (v - mean) ** 2, 0) / data.length;
  return Math.sqrt(variance) > hint.above ? { kind: 'v', zsnr: false } : { kind: 'eps' };
}
