// A tensor that a file lacks.
import { expect, it } from 'vitest';
import { fixtureModel } from '../../../test/support/golden.ts';
import { weightsOf } from './tensors.ts';

it('names the missing tensor, and the families whose architectures are supported', () => {
  const weights = weightsOf(fixtureModel('tiny_sd1'), new Map(), 'net.');
  expect(() => weights.shape('conv.weight')).toThrow(
    expect.objectContaining({
      code: 'DR_MODEL_UNSUPPORTED',
      message: 'tiny_sd1.safetensors has no tensor net.conv.weight',
      hint:
        'The file is damaged, or of an unsupported architecture (supported: SD1.x, SD2.x, SDXL, ' +
        'SDXL refiner, Stable Diffusion 3, FLUX.1, FLUX.1 schnell, FLUX.2, LongCat-Image, ' +
        'Chroma, Lumina 2, Z-Image, Qwen-Image, Qwen-Image 2.1, AuraFlow, Krea 2, Anima and ' +
        'HiDream-I1).',
    }),
  );
});
