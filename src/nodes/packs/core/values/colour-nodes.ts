// The node for colours. Source: ComfyUI 0.33.0 comfy_extras/nodes_color.py.
import { DarkroomError } from '../../../../errors.ts';
import { hexColour } from '../../../../image/colour/hex-colour.ts';
import { defineNode, type NodeDeclaration, output, outputs, widget } from '../../../declare.ts';

const ColorToRGBInt = defineNode({
  type: 'ColorToRGBInt',
  display: 'Color Picker',
  category: 'utilities',
  description: 'A colour as a number, as #rrggbb, and its opacity.',
  inputs: { color: widget('COLOR', { default: '#ffffff', socketless: true }) },
  outputs: [output('INT', 'rgb_int'), output('COLOR', 'hex'), output('FLOAT', 'alpha')],
  run({ color }) {
    const digits = /^#[0-9a-f]{6}([0-9a-f]{2})?$/i.exec(color);
    const rgb = digits && hexColour(color.slice(0, 7));
    if (!rgb)
      throw new DarkroomError('DR_INPUT_INVALID', {
        message: `'${color}' is not a colour`,
        hint: 'Write it as #RRGGBB or #RRGGBBAA.',
        input: 'color',
      });
    const [r, g, b] = rgb;
    const alpha = digits[1] === undefined ? 1 : Number.parseInt(digits[1], 16) / 255;
    return outputs(r * 65536 + g * 256 + b, color.slice(0, 7), alpha);
  },
});

export const COLOUR_NODES: readonly NodeDeclaration[] = [ColorToRGBInt];
