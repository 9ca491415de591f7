// A small image of a latent, computed without a network: its channels as colours
// (comfy.latent_formats latent_rgb_factors). The Impact Pack's previews have no offsets; ComfyUI's
// previews during sampling have them.
import type { ByteImage } from '../../image/image-bytes.ts';
import { ownValue } from '../../own-value.ts';
import { framesOf } from '../../tensor/frames.ts';
import { sliceBatch, type Tensor } from '../../tensor/tensor.ts';
import { f32 } from '../float32.ts';
import type { LatentFormat, Model } from '../sampling-types.ts';
import {
  FLUX,
  FLUX2,
  QWEN21,
  SD,
  SD_LATENT,
  SD_X4,
  SD3,
  SDXL,
  SDXL_PLAYGROUND,
  toModelLatent,
  WAN21,
} from './latent-format.ts';

interface Colours {
  readonly format: LatentFormat;
  /** The side of the square of pixels whose colours a cell's channels are, 1 by default. */
  readonly side?: number;
  /** Red, green, blue per channel of a pixel. */
  readonly factors: readonly (readonly [number, number, number])[];
  /** Red, green, blue of an empty latent; 0 by default. */
  readonly bias?: readonly [number, number, number];
}

/** By the names of the Impact Pack's preview methods. */
export const LATENT_COLOURS: Readonly<Record<string, Colours>> = {
  'Latent2RGB-SD15': {
    format: SD,
    factors: [
      [0.3512, 0.2297, 0.3227],
      [0.325, 0.4974, 0.235],
      [-0.2829, 0.1762, 0.2721],
      [-0.212, -0.2616, -0.7177],
    ],
  },
  'Latent2RGB-SDXL': {
    format: SDXL,
    factors: [
      [0.3651, 0.4232, 0.4341],
      [-0.2533, -0.0042, 0.1068],
      [0.1076, 0.1111, -0.0362],
      [-0.3165, -0.2492, -0.2188],
    ],
  },
  'Latent2RGB-SD-X4': {
    format: SD_X4,
    factors: [
      [-0.234, -0.3863, -0.3257],
      [0.0994, 0.0885, -0.0908],
      [-0.2833, -0.2349, -0.3741],
      [0.2523, -0.0055, -0.1651],
    ],
  },
  'Latent2RGB-Playground-2.5': {
    format: SDXL_PLAYGROUND,
    factors: [
      [0.392, 0.4054, 0.4549],
      [-0.2634, -0.0196, 0.0653],
      [0.0568, 0.1687, -0.0755],
      [-0.3112, -0.2359, -0.2076],
    ],
  },
  'Latent2RGB-SC-B': {
    format: { ...SD_LATENT, scale: 1 / 0.43 },
    factors: [
      [0.1121, 0.2006, 0.1023],
      [-0.2093, -0.0222, -0.0195],
      [-0.3087, -0.1535, 0.0366],
      [0.029, -0.1574, -0.4078],
    ],
  },
  'Latent2RGB-SD3': {
    format: SD3,
    factors: [
      [-0.0922, -0.0175, 0.0749],
      [0.0311, 0.0633, 0.0954],
      [0.1994, 0.0927, 0.0458],
      [0.0856, 0.0339, 0.0902],
      [0.0587, 0.0272, -0.0496],
      [-0.0006, 0.1104, 0.0309],
      [0.0978, 0.0306, 0.0427],
      [-0.0042, 0.1038, 0.1358],
      [-0.0194, 0.002, 0.0669],
      [-0.0488, 0.013, -0.0268],
      [0.0922, 0.0988, 0.0951],
      [-0.0278, 0.0524, -0.0542],
      [0.0332, 0.0456, 0.0895],
      [-0.0069, -0.003, -0.081],
      [-0.0596, -0.0465, -0.0293],
      [-0.1448, -0.1463, -0.1189],
    ],
  },
  'Latent2RGB-FLUX.1': {
    format: FLUX,
    factors: [
      [-0.0346, 0.0244, 0.0681],
      [0.0034, 0.021, 0.0687],
      [0.0275, -0.0668, -0.0433],
      [-0.0174, 0.016, 0.0617],
      [0.0859, 0.0721, 0.0329],
      [0.0004, 0.0383, 0.0115],
      [0.0405, 0.0861, 0.0915],
      [-0.0236, -0.0185, -0.0259],
      [-0.0245, 0.025, 0.118],
      [0.1008, 0.0755, -0.0421],
      [-0.0515, 0.0201, 0.0011],
      [0.0428, -0.0012, -0.0036],
      [0.0817, 0.0765, 0.0749],
      [-0.1264, -0.0522, -0.1103],
      [-0.028, -0.0881, -0.0499],
      [-0.1262, -0.0982, -0.0778],
    ],
  },
};

/** Wan 2.1's, which no preview method of the Impact Pack has. */
const WAN_COLOURS: Colours = {
  format: WAN21,
  factors: [
    [-0.1299, -0.1692, 0.2932],
    [0.0671, 0.0406, 0.0442],
    [0.3568, 0.2548, 0.1747],
    [0.0372, 0.2344, 0.142],
    [0.0313, 0.0189, -0.0328],
    [0.0296, -0.0956, -0.0665],
    [-0.3477, -0.4059, -0.2925],
    [0.0166, 0.1902, 0.1975],
    [-0.0412, 0.0267, -0.1364],
    [-0.1293, 0.074, 0.1636],
    [0.068, 0.3019, 0.1128],
    [0.0032, 0.0581, 0.0639],
    [-0.1251, 0.0927, 0.1699],
    [0.006, -0.0633, 0.0005],
    [0.3477, 0.2275, 0.295],
    [0.1984, 0.0913, 0.1861],
  ],
  bias: [-0.1835, -0.0868, -0.336],
};

/** Qwen-Image 2.1's, which no preview method of the Impact Pack has. */
const QWEN21_COLOURS: Colours = {
  format: QWEN21,
  factors: [
    [-0.0158, -0.0115, -0.0174],
    [0.003, 0.012, 0.0027],
    [0.0637, 0.047, -0.0127],
    [0.036, 0.0661, -0.003],
    [0.0159, 0.0181, 0.0082],
    [0.0132, 0.0326, 0.0169],
    [0.0191, 0.0261, 0.0136],
    [-0.0146, -0.0276, -0.0361],
    [0.0187, -0.0024, -0.0072],
    [-0.1059, -0.009, 0.035],
    [-0.0195, -0.0226, -0.0138],
    [-0.0295, 0.0024, -0.0215],
    [0.0191, -0.0393, -0.0001],
    [-0.0144, -0.0166, -0.0272],
    [0.0389, 0.043, 0.0445],
    [-0.0153, -0.0336, 0.0031],
    [0.0339, 0.0122, 0.022],
    [-0.0136, -0.0078, -0.012],
    [-0.034, -0.0282, -0.0245],
    [-0.0133, -0.0176, -0.0133],
    [0.0109, -0.0087, 0.0096],
    [-0.001, 0.0044, 0.0016],
    [0.0301, 0.0053, 0.0361],
    [-0.0281, -0.0205, -0.0032],
    [-0.0725, 0.0002, 0.016],
    [-0.0036, 0.0158, 0.0807],
    [0.0087, 0.004, -0.0053],
    [-0.026, 0.0183, -0.0077],
    [-0.0039, -0.0035, -0.0107],
    [-0.0026, 0.0172, 0.0237],
    [0.0088, 0.0078, 0.0078],
    [-0.0087, -0.031, -0.0122],
    [-0.0027, 0.0018, 0.0094],
    [-0.0064, 0.0292, -0.0256],
    [0.0594, 0.1049, 0.118],
    [0.0103, -0.0103, -0.0026],
    [-0.0091, 0.0025, -0.0015],
    [0.0178, 0.0243, 0.0292],
    [-0.0063, -0.0012, 0.0202],
    [0.0452, 0.0246, 0.0143],
    [0.0149, 0.027, 0.0052],
    [0.1484, 0.0801, 0.0804],
    [-0.012, 0.004, 0.001],
    [0.0181, 0.0051, -0.0021],
    [0.0132, 0.005, 0.0019],
    [0.0291, 0.002, 0.0092],
    [0.0066, -0.041, -0.1314],
    [-0.1153, -0.0629, -0.0802],
    [0.0258, 0.0378, 0.0298],
    [0.0375, 0.1139, 0.0468],
    [-0.0142, -0.0126, -0.0276],
    [0.0339, 0.0153, 0.0138],
    [0.0346, 0.0211, 0.0267],
    [0.0369, -0.0431, -0.0993],
    [-0.0052, -0.0092, 0.0056],
    [-0.0279, 0.041, -0.0357],
    [0.0036, 0.0017, -0.0083],
    [-0.0441, -0.0367, -0.0454],
    [-0.0001, -0.0092, -0.0001],
    [-0.0222, -0.0183, -0.0051],
    [0.0039, 0.0053, -0.0184],
    [-0.0094, -0.0075, -0.0143],
    [-0.0066, -0.0088, -0.0063],
    [0.022, 0.0074, 0.01],
  ],
  bias: [-0.1228, -0.1869, -0.3083],
};

/** FLUX.2's, which no preview method of the Impact Pack has. */
const FLUX2_COLOURS: Colours = {
  format: FLUX2,
  side: 2,
  factors: [
    [0.0058, 0.0113, 0.0073],
    [0.0495, 0.0443, 0.0836],
    [-0.0099, 0.0096, 0.0644],
    [0.2144, 0.3009, 0.3652],
    [0.0166, -0.0039, -0.0054],
    [0.0157, 0.0103, -0.016],
    [-0.0398, 0.0902, -0.0235],
    [-0.0052, 0.0095, 0.0109],
    [-0.3527, -0.2712, -0.1666],
    [-0.0301, -0.0356, -0.018],
    [-0.0107, 0.0078, 0.0013],
    [0.0746, 0.009, -0.0941],
    [0.0156, 0.0169, 0.007],
    [-0.0034, -0.004, -0.0114],
    [0.0032, 0.0181, 0.008],
    [-0.0939, -0.0008, 0.0186],
    [0.0018, 0.0043, 0.0104],
    [0.0284, 0.0056, -0.0127],
    [-0.0024, -0.0022, -0.003],
    [0.1207, -0.0026, 0.0065],
    [0.0128, 0.0101, 0.0142],
    [0.0137, -0.0072, -0.0007],
    [0.0095, 0.0092, -0.0059],
    [0, -0.0077, -0.0049],
    [-0.0465, -0.0204, -0.0312],
    [0.0095, 0.0012, -0.0066],
    [0.029, -0.0034, 0.0025],
    [0.022, 0.0169, -0.0048],
    [-0.0332, -0.0457, -0.0468],
    [-0.0085, 0.0389, 0.0609],
    [-0.0076, 0.0003, -0.0043],
    [-0.0111, -0.046, -0.0614],
  ],
  bias: [-0.0329, -0.0718, -0.0851],
};

/**
 * Converts the first item of [B,C,H,W], or its first frame, to W x H pixels, or to side * W x
 * side * H; `scaled` if it is in model units already.
 */
export function previewLatent(
  latent: Tensor,
  { format, factors, bias = [0, 0, 0], side = 1 }: Colours,
  scaled = false,
): ByteImage {
  const [first] = framesOf(sliceBatch(latent, 0, 1));
  const { data } = scaled ? first : toModelLatent(format, first);
  const [, , rows, columns] = first.shape;
  const [plane, width, height] = [rows * columns, columns * side, rows * side];
  const bytes = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    const cell = Math.floor(y / side) * columns + Math.floor(x / side);
    const inCell = (y % side) * side + (x % side);
    for (let colour = 0; colour < 3; colour++) {
      let sum = f32(bias[colour]);
      for (const [c, factor] of factors.entries()) {
        const value = data[(c * side ** 2 + inCell) * plane + cell];
        sum = f32(sum + f32(value * f32(factor[colour])));
      }
      bytes[i * 3 + colour] = f32(Math.min(Math.max(f32(sum + 1) / 2, 0), 1) * 255);
    }
  }
  return { width, height, channels: 3, bytes };
}

const SAMPLING_COLOURS: readonly Colours[] = [
  LATENT_COLOURS['Latent2RGB-SD15'],
  { ...LATENT_COLOURS['Latent2RGB-SDXL'], bias: [0.1084, -0.0175, -0.0011] },
  LATENT_COLOURS['Latent2RGB-Playground-2.5'],
  LATENT_COLOURS['Latent2RGB-SD-X4'],
  { ...LATENT_COLOURS['Latent2RGB-SD3'], bias: [0.2394, 0.2135, 0.1925] },
  { ...LATENT_COLOURS['Latent2RGB-FLUX.1'], bias: [-0.0329, -0.0718, -0.0851] },
  WAN_COLOURS,
  FLUX2_COLOURS,
  QWEN21_COLOURS,
];

/** Fitted to latents and pictures of the embedded checkpoints, whose autoencoder is their own. */
const EMBEDDED: Colours = {
  format: SDXL,
  factors: [
    [0.4134, 0.0876, -0.1515],
    [-0.162, -0.339, 0.06],
    [-0.3269, -0.2405, -0.5269],
    [-0.3306, 0.2328, 0.0508],
  ],
  bias: [0.4759, 0.2744, 0.0782],
};

/** Checkpoints with latents of their own, by the titles in their files (`modelspec.title`). */
const COLOURS_BY_TITLE: Readonly<Record<string, Colours>> = {
  'Darkroom Tiny Base': EMBEDDED,
  'Darkroom Tiny Refiner': EMBEDDED,
};

/**
 * Converts a denoised latent in the units of a model to an image; undefined for formats without
 * colours.
 */
export function samplingPreview(
  { latentFormat: format, title }: Pick<Model, 'latentFormat' | 'title'>,
  denoised: Tensor,
): ByteImage | undefined {
  const colours =
    ownValue(COLOURS_BY_TITLE, title ?? '') ??
    SAMPLING_COLOURS.find((c) => c.format === format) ??
    SAMPLING_COLOURS.find((c) => c.format.scale === format.scale);
  return colours && denoised.shape[1] === colours.format.channels
    ? previewLatent(denoised, colours, true)
    : undefined;
}
