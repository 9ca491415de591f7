// The blocks of Z-Image's Fun ControlNets inside the network's graph
// (comfy/ldm/lumina/controlnet.py, comfy_extras/nodes_model_patch.py ZImageControlPatch): their
// state starts from the hint, takes up the image's tokens, and after each block adds a projection
// of itself to the tokens.
import type { Value } from '../../onnx/builder.ts';
import { addToFirst, type Rotations, tokenLinear, tokensLike } from '../dit/blocks.ts';
import {
  controlInputs,
  type LayerControlConfig,
  type LayerControlNet,
} from '../dit/layer-control.ts';
import { add, type Net } from '../layers/blocks.ts';

/** The network that the published ControlNets were trained for has 30 layers. */
const TRAINED_LAYERS = 30;
const REFINERS = 2;

const BLOCKS = 'control_layers';
const REFINER = 'control_noise_refiner';

/** A layer of the network over weights of another file. */
export type ApplyLayer = (net: Net, x: Value, name: string, rotations: Rotations) => Value;

/** What controls add to the image's tokens. */
export interface LayerControls {
  /** After a refiner, whose first one had the tokens `embedded`. */
  afterRefiner(index: number, image: Value, embedded: Value): Value;
  /** After a layer; `refined`: the tokens before the first one. */
  afterLayer(index: number, image: Value, refined: Value): Value;
}

/**
 * Declares the controlInputs of each control, patches [B, M, patchSize] and a strength [1]; they
 * act one after another.
 */
export function layerControls(
  { g, int8 }: Net,
  controls: readonly LayerControlNet[],
  rotations: Rotations,
  applyLayer: ApplyLayer,
): LayerControls {
  const streams = controls.map(({ weights, config }, i) =>
    controlStream({ g, w: weights, int8 }, config, i, rotations, applyLayer),
  );
  return {
    afterRefiner: (index, image, embedded) =>
      streams.reduce((x, stream) => stream.afterRefiner(index, x, embedded), image),
    afterLayer: (index, image, refined) =>
      streams.reduce((x, stream) => stream.afterLayer(index, x, refined), image),
  };
}

function controlStream(
  net: Net,
  { patchSize, blocks, refiner }: LayerControlConfig,
  number: number,
  rotations: Rotations,
  applyLayer: ApplyLayer,
): LayerControls {
  const { g } = net;
  const names = controlInputs(number);
  const hint = g.input(names.hint, ['B', `${names.hint}N`, patchSize]);
  const strength = g.input(names.strength, [1]);
  const own = rotationsLike(net, rotations, hint);
  let state = tokenLinear(net, hint, 'control_all_x_embedder.2-1');
  if (refiner === undefined)
    for (let i = 0; i < REFINERS; i++) state = applyLayer(net, state, `${REFINER}.${i}`, own);
  /** Moves the state on by a block, and returns what the block adds to the tokens. */
  const step = (list: string, index: number, tokens: Value): Value => {
    const name = `${list}.${index}`;
    if (index === 0)
      state = add(
        net,
        tokenLinear(net, state, `${name}.before_proj`),
        tokensLike(net, tokens, hint),
      );
    state = applyLayer(net, state, name, own);
    return g.op('Mul', [tokenLinear(net, state, `${name}.after_proj`), strength]);
  };
  const stride = Math.round(TRAINED_LAYERS / blocks);
  return {
    afterRefiner(index, image, embedded) {
      if (refiner === undefined) return image;
      if (refiner === 'own') return addToFirst(net, image, step(REFINER, index, embedded));
      const residual = step(BLOCKS, index, embedded);
      // the second refiner moves the state through all other blocks
      if (index > 0) for (let i = 2; i < blocks; i++) step(BLOCKS, i, embedded);
      return addToFirst(net, image, residual);
    },
    afterLayer(index, image, refined) {
      const block = index / stride;
      if (!Number.isInteger(block) || block >= blocks) return image;
      return addToFirst(net, image, step(BLOCKS, block, refined));
    },
  };
}

/** The rotations of as many tokens as `like` has. */
function rotationsLike({ g }: Net, { cos, sin }: Rotations, like: Value): Rotations {
  const count = g.op('Shape', [like], { start: 1, end: 2 });
  const first = (table: Value): Value => g.op('Slice', [table, g.ints([0]), count, g.ints([0])]);
  return { cos: first(cos), sin: first(sin) };
}
