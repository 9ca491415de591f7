// The stand-in for an autoencoder in test/golden/control_dit.
import type { Autoencoder } from '../../src/models/vae/autoencoder.ts';
import { allocate } from '../../src/tensor/allocate.ts';
import { tensor } from '../../src/tensor/tensor.ts';

/** BlockMeans: 16 channels, means of a colour over 8 x 8 pixels times their number / 8. */
export const blockMeans = {
  factor: 8,
  async encode({ shape: [count, height, width, colours], data }) {
    const [h, w] = [height / 8, width / 8];
    const out = allocate(count * 16 * h * w);
    for (let i = 0; i < out.length; i++) {
      const [column, row] = [i % w, Math.floor(i / w) % h];
      const plane = Math.floor(i / (h * w));
      const [channel, n] = [plane % 16, Math.floor(plane / 16)];
      let sum = 0;
      for (let y = row * 8; y < row * 8 + 8; y++)
        for (let x = column * 8; x < column * 8 + 8; x++)
          sum += data[((n * height + y) * width + x) * colours + (channel % 3)];
      out[i] = ((sum / 64) * (channel + 1)) / 8;
    }
    return tensor([count, 16, h, w], out);
  },
} as Pick<Autoencoder, 'factor' | 'encode'> as Autoencoder;
