// GLIGEN: objects with a text and a box each. Source: ComfyUI nodes.py.
import { DarkroomError } from '../../../../errors.ts';
import { fileState } from '../../../../formats/file-state.ts';
import { loadGligen } from '../../../../models/gligen/load.ts';
import { defineNode, int, modelFile, output, outputs, socket, string } from '../../../declare.ts';
import { loadOnce } from '../../../shared/file-cache.ts';
import { MAX_RESOLUTION } from '../../../shared/image-limits.ts';

const FOLDER = 'gligen';
/** Pixels of a latent cell. */
const CELL = 8;

const GLIGENLoader = defineNode({
  type: 'GLIGENLoader',
  display: 'GLIGENLoader',
  category: 'loaders',
  inputs: { gligen_name: modelFile(FOLDER) },
  outputs: [output('GLIGEN')],
  fingerprint: ({ gligen_name }, context) => fileState(context.modelPath(FOLDER, gligen_name)),
  async run({ gligen_name }, { runtime, modelPath }) {
    const file = modelPath(FOLDER, gligen_name);
    return outputs(await loadOnce(runtime, [file], () => loadGligen(file, runtime), FOLDER));
  },
});

const size = () => int({ default: 64, min: 8, max: MAX_RESOLUTION, step: 8 });
const position = () => int({ default: 0, min: 0, max: MAX_RESOLUTION, step: 8 });

const GLIGENTextBoxApply = defineNode({
  type: 'GLIGENTextBoxApply',
  display: 'GLIGENTextBoxApply',
  category: 'conditioning/gligen',
  description: 'Adds an object to a prompt: what a text describes, in a box of the image.',
  inputs: {
    conditioning_to: socket('CONDITIONING'),
    clip: socket('CLIP'),
    gligen_textbox_model: socket('GLIGEN'),
    text: string({ multiline: true, dynamicPrompts: true }),
    width: size(),
    height: size(),
    x: position(),
    y: position(),
  },
  outputs: [output('CONDITIONING')],
  async run({ conditioning_to, clip, gligen_textbox_model: model, text, ...box }, { warn }) {
    const { pooled } = await clip.encode(text, warn);
    const found = pooled?.shape[1] ?? 0;
    if (!pooled || found !== model.keyWidth)
      throw new DarkroomError('DR_INPUT_INVALID', {
        message: `this GLIGEN model needs text features of width ${model.keyWidth}, not ${found}`,
        hint: 'Connect the CLIP of an SD1.x checkpoint.',
        input: 'clip',
      });
    const cells = (pixels: number): number => Math.floor(pixels / CELL);
    const object = {
      features: pooled,
      height: cells(box.height),
      width: cells(box.width),
      y: cells(box.y),
      x: cells(box.x),
    };
    return outputs(
      conditioning_to.map((entry) => ({
        ...entry,
        gligen: { model, objects: [...(entry.gligen?.objects ?? []), object] },
      })),
    );
  },
});

export const GLIGEN_NODES = [GLIGENLoader, GLIGENTextBoxApply];
