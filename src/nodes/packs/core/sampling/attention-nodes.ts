// Nodes that scale the weights of attention layers.
// Source: ComfyUI comfy_extras/nodes_attention_multiply.py.
import { type FactorOf, multiplyClip, multiplyUNet } from '../../../../models/weights/scale.ts';
import {
  defineNode,
  float,
  type NodeDeclaration,
  output,
  outputs,
  socket,
} from '../../../declare.ts';

const common = { category: '_for_testing/attention_experiments', experimental: true } as const;
const factor = () => float({ default: 1, min: 0, max: 10, step: 0.01 });
const projections = { q: factor(), k: factor(), v: factor(), out: factor() } as const;

/** The factors of layers by the end of their names, without `.weight` and `.bias`. */
const factorByLayer = (factors: Readonly<Record<string, number>>): FactorOf => {
  const endings = Object.entries(factors);
  return (name) =>
    endings.find(
      ([ending]) => name.endsWith(`${ending}.weight`) || name.endsWith(`${ending}.bias`),
    )?.[1];
};

const multiplyAttention = (type: string, layer: 'attn1' | 'attn2') =>
  defineNode({
    ...common,
    type,
    display: type,
    inputs: { model: socket('MODEL'), ...projections },
    outputs: [output('MODEL')],
    run({ model, q, k, v, out }) {
      const factors = {
        [`${layer}.to_q`]: q,
        [`${layer}.to_k`]: k,
        [`${layer}.to_v`]: v,
        [`${layer}.to_out.0`]: out,
      };
      return outputs({ ...model, denoiser: multiplyUNet(model.denoiser, factorByLayer(factors)) });
    },
  });

const UNetTemporalAttentionMultiply = defineNode({
  ...common,
  type: 'UNetTemporalAttentionMultiply',
  display: 'UNetTemporalAttentionMultiply',
  description: 'Image models have no temporal layers: only the structural factors have an effect.',
  inputs: {
    model: socket('MODEL'),
    self_structural: factor(),
    self_temporal: factor(),
    cross_structural: factor(),
    cross_temporal: factor(),
  },
  outputs: [output('MODEL')],
  run: ({ model, self_structural, cross_structural }) =>
    outputs({
      ...model,
      denoiser: multiplyUNet(
        model.denoiser,
        factorByLayer({ 'attn1.to_out.0': self_structural, 'attn2.to_out.0': cross_structural }),
      ),
    }),
});

const CLIPAttentionMultiply = defineNode({
  ...common,
  type: 'CLIPAttentionMultiply',
  display: 'CLIPAttentionMultiply',
  inputs: { clip: socket('CLIP'), ...projections },
  outputs: [output('CLIP')],
  run({ clip, q, k, v, out }) {
    const factors = {
      'self_attn.q_proj': q,
      'self_attn.k_proj': k,
      'self_attn.v_proj': v,
      'self_attn.out_proj': out,
    };
    return outputs(multiplyClip(clip, factorByLayer(factors)));
  },
});

export const ATTENTION_NODES: readonly NodeDeclaration[] = [
  multiplyAttention('UNetSelfAttentionMultiply', 'attn1'),
  multiplyAttention('UNetCrossAttentionMultiply', 'attn2'),
  UNetTemporalAttentionMultiply,
  CLIPAttentionMultiply,
];
