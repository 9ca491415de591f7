// GLIGEN's gated self-attention, between a transformer's attention to itself and to the prompt: the
// image's tokens attend to each other and to the objects. Source: ComfyUI comfy/gligen.py
// (GatedSelfAttentionDense).
import type { Value } from '../../onnx/builder.ts';
import { add, attention, layerNorm, linear, type Net } from '../layers/blocks.ts';
import { feedForward } from '../unet/feed-forward.ts';
import { weightsOf } from '../weights/tensors.ts';
import type { Gligen } from './load.ts';

/** Returns a transformer's tokens [B*N, C] with the objects fused into them. */
type FuseObjects = (x: Value, transformer: number, batch: Value) => Value;

/** `objects`: the tokens [30, K] of the objects. */
export function gatedAttention({ g }: Net, gligen: Gligen, objects: Value): FuseObjects {
  const net: Net = { g, w: weightsOf(gligen.file, gligen.tensors, '') };
  return (x, transformer, batch) => {
    const { name, width: channels, heads } = gligen.layers[transformer];
    const toBatch = (tokens: Value): Value =>
      g.op('Reshape', [tokens, g.op('Concat', [batch, g.ints([-1, channels])], { axis: 0 })]);
    const flat = (tokens: Value): Value => g.op('Reshape', [tokens, g.ints([-1, channels])]);
    const gate = (value: Value, alpha: string): Value =>
      g.op('Mul', [value, g.op('Tanh', [net.w.value(g, `${name}.${alpha}`)])]);

    const own = g.op('Unsqueeze', [linear(net, objects, `${name}.linear`), g.ints([0])]);
    const count = g.op('Shape', [own], { start: 1, end: 3 });
    const expanded = g.op('Expand', [own, g.op('Concat', [batch, count], { axis: 0 })]);
    const images = toBatch(x);
    const all = flat(g.op('Concat', [images, expanded], { axis: 1 }));
    const normed = layerNorm(net, all, `${name}.norm1`);
    const [q, k, v] = ['to_q', 'to_k', 'to_v'].map((layer) =>
      linear(net, normed, `${name}.attn.${layer}`),
    );
    const attended = toBatch(attention(net, q, k, v, { batch, channels, heads }));
    const ends = g.op('Shape', [images], { start: 1, end: 2 });
    const ofImage = flat(g.op('Slice', [attended, g.ints([0]), ends, g.ints([1])]));
    const h = add(net, x, gate(linear(net, ofImage, `${name}.attn.to_out.0`), 'alpha_attn'));
    const forward = feedForward(net, layerNorm(net, h, `${name}.norm2`), `${name}.ff.net`);
    return add(net, h, gate(forward, 'alpha_dense'));
  };
}
