// The workflows that the soak runs: small pictures, the embedded network, previews, batches, jobs
// that fail. Each job saves into a folder of its own, so that its files can be counted.
type Random = () => number;

type Graph = Readonly<
  Record<
    string,
    { readonly class_type: string; readonly inputs: Readonly<Record<string, unknown>> }
  >
>;

/** A job to send. */
export interface PlannedJob {
  readonly kind: string;
  readonly prompt: Graph;
  /** The node whose files are counted, and their number; none for a job that is to fail. */
  readonly saves: { readonly node: string; readonly files: number };
  readonly width: number;
  readonly fails: boolean;
}

interface Kind {
  readonly kind: string;
  readonly weight: number;
  plan(folder: string, random: Random): Omit<PlannedJob, 'kind'>;
}

const SAVE = '9';
const integer = (random: Random, below: number): number => Math.floor(random() * below);

const plain = (width: number, count: number, random: Random): Graph => ({
  1: {
    class_type: 'EmptyImage',
    inputs: { width, height: 64, batch_size: count, color: integer(random, 2 ** 24) },
  },
  2: { class_type: 'ImageInvert', inputs: { image: ['1', 0] } },
});

const saving = (images: readonly [string, number], folder: string): Graph => ({
  [SAVE]: { class_type: 'SaveImage', inputs: { images, filename_prefix: `${folder}/img` } },
});

const expects = (files: number, width: number) => ({
  saves: { node: SAVE, files },
  width,
  fails: false,
});

/** Draws with the embedded network. */
function drawing(folder: string, random: Random, steps: number): Omit<PlannedJob, 'kind'> {
  const prompt: Graph = {
    1: {
      class_type: 'CheckpointLoaderSimple',
      inputs: { ckpt_name: 'darkroom-tiny-base.safetensors' },
    },
    2: { class_type: 'CLIPTextEncode', inputs: { text: `panda ${folder}`, clip: ['1', 1] } },
    3: { class_type: 'CLIPTextEncode', inputs: { text: '', clip: ['1', 1] } },
    4: { class_type: 'EmptyLatentImage', inputs: { width: 64, height: 64, batch_size: 1 } },
    5: {
      class_type: 'KSampler',
      inputs: {
        ...{ model: ['1', 0], positive: ['2', 0], negative: ['3', 0], latent_image: ['4', 0] },
        ...{ seed: integer(random, 2 ** 40), steps, cfg: 4, denoise: 1 },
        ...{ sampler_name: 'euler', scheduler: 'normal' },
      },
    },
    6: { class_type: 'VAEDecode', inputs: { samples: ['5', 0], vae: ['1', 2] } },
    ...saving(['6', 0], folder),
  };
  return { prompt, ...expects(1, 64) };
}

/** Inputs that exist on the server: the soak uploads them again and again. */
export const UPLOADS = ['soak-a.png', 'soak-b.png', 'soak-c.png'];
export const BROKEN_UPLOAD = 'soak-broken.png';
export const UPLOAD_WIDTH = 48;

const KINDS: readonly Kind[] = [
  {
    kind: 'picture',
    weight: 5,
    plan: (folder, random) => {
      const width = 64 + 8 * integer(random, 56);
      const prompt = { ...plain(width, 1, random), ...saving(['2', 0], folder) };
      return { prompt, ...expects(1, width) };
    },
  },
  {
    kind: 'batch',
    weight: 2,
    plan: (folder, random) => {
      const files = 2 + integer(random, 4);
      const prompt = { ...plain(128, files, random), ...saving(['2', 0], folder) };
      return { prompt, ...expects(files, 128) };
    },
  },
  {
    kind: 'preview',
    weight: 2,
    plan: (folder, random) => {
      const preview = { class_type: 'PreviewImage', inputs: { images: ['1', 0] } };
      const prompt = { ...plain(96, 1, random), 8: preview, ...saving(['2', 0], folder) };
      return { prompt, ...expects(1, 96) };
    },
  },
  {
    kind: 'upload',
    weight: 3,
    plan: (folder, random) => {
      const image = UPLOADS[integer(random, UPLOADS.length)];
      const prompt = {
        1: { class_type: 'LoadImage', inputs: { image } },
        2: { class_type: 'ImageInvert', inputs: { image: ['1', 0] } },
        ...saving(['2', 0], folder),
      };
      return { prompt, ...expects(1, UPLOAD_WIDTH) };
    },
  },
  { kind: 'drawing', weight: 4, plan: (folder, random) => drawing(folder, random, 4) },
  {
    kind: 'long drawing',
    weight: 2,
    plan: (folder, random) => drawing(folder, random, 40 + integer(random, 60)),
  },
  {
    kind: 'failing',
    weight: 1,
    plan: (folder) => {
      const image = BROKEN_UPLOAD;
      const prompt = {
        1: { class_type: 'LoadImage', inputs: { image } },
        ...saving(['1', 0], folder),
      };
      return { prompt, ...expects(0, 0), fails: true };
    },
  },
];

const TOTAL_WEIGHT = KINDS.reduce((sum, { weight }) => sum + weight, 0);

/** Plans a job that saves below `folder`. */
export function planJob(folder: string, random: Random): PlannedJob {
  let left = random() * TOTAL_WEIGHT;
  const kind = KINDS.find(({ weight }) => {
    left -= weight;
    return left < 0;
  })!;
  return { kind: kind.kind, ...kind.plan(folder, random) };
}
