// The examples of the package as templates of ComfyUI's editor: what its browser of templates shows
// of them. The form is that of index.json in the package comfyui-workflow-templates.

interface Template {
  /** That of the file in examples/. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  /** Those that users download; such templates have no picture. Absent: those of the package. */
  readonly models?: readonly string[];
}

/** The checkpoints that come with the package. */
const OWN_MODELS = ['Darkroom Tiny'];
const Z_IMAGE = ['Z-Image'];
const FLUX = ['FLUX.1'];

const TEXT = 'Text to Image';
const IMAGE = 'Image to Image';

export const TEMPLATES: readonly Template[] = [
  {
    name: 'text-to-image',
    title: 'Text to Image',
    description: 'A picture from a prompt.',
    tags: [TEXT],
  },
  {
    name: 'base-and-refiner',
    title: 'Base and Refiner',
    description: 'The base model draws the first steps, the refiner the last ones.',
    tags: [TEXT, 'Refiner'],
  },
  {
    name: 'two-stage-text-to-image',
    title: 'Two Stages, Text to Image',
    description: 'Base and refiner in one sampler (Searge SDXL), from a prompt.',
    tags: [TEXT, 'Refiner'],
  },
  {
    name: 'image-to-image',
    title: 'Image to Image',
    description: 'A sketch becomes a picture.',
    tags: [IMAGE],
  },
  {
    name: 'two-stage-image-to-image',
    title: 'Two Stages, Image to Image',
    description: 'An upscale model, base and refiner in one sampler (Searge SDXL), from a sketch.',
    tags: [IMAGE, 'Refiner'],
  },
  {
    name: 'inpaint',
    title: 'Inpainting',
    description: 'Draws the masked part of a picture and leaves the rest as it is.',
    tags: [IMAGE, 'Inpaint'],
  },
  {
    name: 'three-regions',
    title: 'Three Regions',
    description: 'Three prompts, each in its own part of the picture (Impact Pack).',
    tags: [TEXT, 'Regions'],
  },
  {
    name: 'tile-upscale',
    title: 'Upscaling in Tiles',
    description:
      'A picture at four times its size; tiles are drawn again one by one (Impact Pack).',
    tags: [TEXT, 'Upscale'],
  },
  {
    name: 'unsample-and-change',
    title: 'Unsample and Change',
    description: 'Goes back from a picture to its noise, and draws it again with another prompt.',
    tags: [IMAGE, 'Edit'],
  },
  {
    name: 'z-image',
    title: 'Z-Image Turbo',
    description: 'A picture from a prompt in eight steps.',
    tags: [TEXT],
    models: Z_IMAGE,
  },
  {
    name: 'flux-schnell',
    title: 'FLUX.1 schnell',
    description: 'A picture from a prompt in four steps.',
    tags: [TEXT],
    models: FLUX,
  },
  {
    name: 'regional-z-image',
    title: 'Regions on Z-Image',
    description: 'Two prompts in their own parts of the picture (Impact Pack).',
    tags: [TEXT, 'Regions'],
    models: Z_IMAGE,
  },
  {
    name: 'tile-upscale-z-image',
    title: 'Upscaling in Tiles with Z-Image',
    description: 'Doubles the size of a picture; tiles are drawn again one by one (Impact Pack).',
    tags: [TEXT, 'Upscale'],
    models: Z_IMAGE,
  },
  {
    name: 'unsample-flux',
    title: 'Unsample and Change with FLUX.1',
    description: 'Goes back from a picture towards noise, and draws it with another prompt.',
    tags: [IMAGE, 'Edit'],
    models: FLUX,
  },
];

/** The index of the templates with these names, in the order of the table. */
export const templateIndex = (names: readonly string[]): readonly object[] => [
  {
    moduleName: 'default',
    title: 'Darkroom',
    type: 'image',
    isEssential: true,
    templates: TEMPLATES.filter(({ name }) => names.includes(name)).map((template) => ({
      ...template,
      mediaType: 'image',
      mediaSubtype: 'png',
      models: template.models ?? OWN_MODELS,
    })),
  },
];
