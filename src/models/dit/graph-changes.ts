// What the changes of a variant make of a transformer's graph, and the inputs that they add.
import { concatAxis } from '../../tensor/axes.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { DenoiserInputs, DenoiserVariant } from '../denoiser.ts';
import { patchesOf } from '../unet/unet-patch.ts';
import { withMoreChanges } from '../weights/changes.ts';
import type { Architecture, DitGraphOptions } from './architecture.ts';
import { jointGuideInputs } from './attention-guidance.ts';

/** The changes that transformers know; others have no effect, as in ComfyUI. */
export type DitChange = Pick<
  DenoiserVariant,
  'changes' | 'skippedBlocks' | 'patches' | 'layerControls' | 'styleTokens' | 'keyCache'
>;

/** Adds one more change. */
export const withMore = (own: DitChange, more: DenoiserVariant): DitChange => ({
  changes: withMoreChanges(own.changes ?? [], more.changes ?? []),
  skippedBlocks: more.skippedBlocks ?? own.skippedBlocks,
  patches: [...(own.patches ?? []), ...(more.patches ?? [])],
  layerControls: [...(own.layerControls ?? []), ...(more.layerControls ?? [])],
  styleTokens: [...(more.styleTokens ?? []), ...(own.styleTokens ?? [])],
  keyCache: more.keyCache ?? own.keyCache,
});

const CACHE_BITS = { default: undefined, int8: 8, int4: 4 } as const;

export interface GraphChanges {
  readonly options: Pick<DitGraphOptions, 'guidances' | 'layerControls' | 'hasStyleTokens'>;
  /** Tells graphs with different changes apart. */
  readonly name: string;
  /** An evaluation's inputs with what the changes add for the architecture. */
  complete(inputs: DenoiserInputs): DenoiserInputs;
  /** The inputs that the graph has besides those of the architecture. */
  inputs(inputs: DenoiserInputs): Promise<Record<string, Tensor>>;
}

/** Leaves out what the architecture does not have. */
export function graphChanges<Config>(
  architecture: Architecture<Config>,
  change: DitChange,
): GraphChanges {
  const { patches = [], layerControls: controls = [], styleTokens: tokens = [] } = change;
  const keyCache = CACHE_BITS[change.keyCache ?? 'default'];
  const guidances = architecture.guidesAttention ? patchesOf(patches, 'attentionGuidance') : [];
  const layerControls = architecture.layerControls ? controls : [];
  const hasStyleTokens = architecture.styleTokenWidth !== undefined && tokens.length > 0;
  const styleTokens = hasStyleTokens ? concatAxis(tokens, 1) : undefined;
  const nets = layerControls.map(({ net }) => net);
  return {
    options: { guidances: guidances.length, layerControls: nets, hasStyleTokens },
    name: [
      guidances.length > 0 && `guided ${guidances.length}`,
      ...nets.map(({ weights }) => `with ${weights.file}`),
      hasStyleTokens && 'styled',
    ]
      .filter(Boolean)
      .join(' '),
    complete: (inputs) => ({
      ...inputs,
      ...(styleTokens && { styleTokens }),
      ...(keyCache && { keyCache }),
    }),
    inputs: async (inputs) => ({
      ...jointGuideInputs(guidances, inputs),
      ...(await architecture.layerControls?.inputs(layerControls, inputs)),
    }),
  };
}
