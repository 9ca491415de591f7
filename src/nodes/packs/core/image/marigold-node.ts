// The node behind Marigold V2, which estimates depths, normals and albedo with Qwen-Image-Edit.
// Source: ComfyUI comfy_extras/nodes_marigold.py.
import { MARIGOLD_PICTURES } from '../../../../image/colour/marigold.ts';
import {
  combo,
  defineNode,
  type NodeDeclaration,
  output,
  outputs,
  socket,
} from '../../../declare.ts';

const MarigoldV2PostProcess = defineNode({
  type: 'MarigoldV2PostProcess',
  display: 'Marigold V2 Post-Process',
  category: 'image/geometry estimation',
  description:
    'Makes a picture of what Marigold V2 predicts: depths with near as bright, surface normals, ' +
    'or albedo in sRGB.',
  inputs: {
    image: socket('IMAGE'),
    prediction: combo(Object.keys(MARIGOLD_PICTURES) as (keyof typeof MARIGOLD_PICTURES)[]),
  },
  outputs: [output('IMAGE')],
  run: ({ image, prediction }) => outputs(MARIGOLD_PICTURES[prediction](image)),
});

export const MARIGOLD_NODES: readonly NodeDeclaration[] = [MarigoldV2PostProcess];
