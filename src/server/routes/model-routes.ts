// /models, /experiment/models, /view_metadata: the files of the model folders.
import { closeSync, openSync, readSync } from 'node:fs';
import { isJsonObject, parseJson } from '../../formats/json.ts';
import { type Answer, empty, json } from '../http/answers.ts';
import { isFile, statOf, under } from '../http/file-responses.ts';
import type { Route } from '../http/route.ts';
import type { Parts } from '../services.ts';

/** ComfyUI's kinds, then those of the Impact Pack and Subpack. */
export const MODEL_KINDS: readonly string[] = [
  ...[
    'checkpoints',
    'configs',
    'loras',
    'vae',
    'text_encoders',
    'diffusion_models',
    'clip_vision',
    'style_models',
    'embeddings',
  ],
  ...[
    'diffusers',
    'vae_approx',
    'controlnet',
    'gligen',
    'upscale_models',
    'custom_nodes',
    'hypernetworks',
    'photomaker',
    'classifiers',
  ],
  ...['model_patches', 'audio_encoders'],
  ...[
    'mmdets',
    'mmdets_bbox',
    'mmdets_segm',
    'sams',
    'onnx',
    'ultralytics_bbox',
    'ultralytics_segm',
    'ultralytics',
  ],
];
const HIDDEN: ReadonlySet<string> = new Set(['configs', 'custom_nodes']);
const OLD_NAMES: Readonly<Record<string, string>> = {
  clip: 'text_encoders',
  unet: 'diffusion_models',
};
const MAX_HEADER = 1024 * 1024;

const known = (kind: string): boolean =>
  MODEL_KINDS.includes(kind) || Object.hasOwn(OLD_NAMES, kind);
const names = { type: 'array', items: { type: 'string' } } as const;

export const modelRoutes = ({ folders }: Parts): Route[] => [
  {
    method: 'GET',
    path: '/models',
    summary: 'The kinds of model files.',
    answers: { 200: { description: 'Names of folders.', schema: names } },
    handle: () => json(MODEL_KINDS),
  },
  {
    method: 'GET',
    path: '/models/{folder}',
    summary: 'The files of a kind.',
    answers: {
      200: { description: 'Names, relative, with `/`.', schema: names },
      404: 'An unknown kind.',
    },
    handle: ({ params }) =>
      known(params['folder']) ? json(folders.modelFiles(params['folder'])) : empty(404),
  },
  {
    method: 'GET',
    path: '/experiment/models',
    summary: 'The kinds with their folders.',
    answers: {
      200: {
        description: 'name and folders of each.',
        schema: { type: 'array', items: { type: 'object' } },
      },
    },
    handle: () =>
      json(
        MODEL_KINDS.filter((kind) => !HIDDEN.has(kind)).map((kind) => ({
          name: kind,
          folders: folders.modelFolders(kind),
        })),
      ),
  },
  {
    method: 'GET',
    path: '/experiment/models/{folder}',
    summary: 'The files of a kind with size and dates.',
    answers: {
      200: {
        description: 'name, pathIndex, modified, created, size of each.',
        schema: { type: 'array', items: { type: 'object' } },
      },
      404: 'An unknown kind.',
    },
    handle: ({ params }) =>
      known(params['folder']) ? json(listed(folders, params['folder'])) : empty(404),
  },
  {
    method: 'GET',
    path: '/experiment/models/preview/{folder}/{path_index}/{filename+}',
    summary: 'The picture beside a model file.',
    answers: { 200: 'A WebP picture.', 404: 'There is none.' },
    handle: ({ params }) =>
      preview(folders, params['folder'], params['path_index'], params['filename']),
  },
  {
    method: 'GET',
    path: '/view_metadata/{folder}',
    summary: 'What a .safetensors file says of itself.',
    query: { filename: { type: 'string' } },
    answers: {
      200: { description: 'Its `__metadata__`.', schema: { type: 'object' } },
      404: 'Any failure.',
    },
    handle: ({ params, query }) => {
      const name = query('filename') ?? '';
      if (!known(params['folder']) || !name.endsWith('.safetensors')) return empty(404);
      try {
        const metadata = metadataIn(folders.modelPath(params['folder'], name));
        return metadata === undefined ? empty(404) : json(metadata);
      } catch {
        return empty(404);
      }
    },
  },
];

function listed(folders: Parts['folders'], kind: string) {
  const places = folders.modelFolders(kind);
  return folders.modelFiles(kind).map((name) => {
    for (const [pathIndex, place] of places.entries()) {
      const path = under(place, name);
      const stats = path ? statOf(path) : undefined;
      if (stats)
        return {
          name,
          pathIndex,
          modified: stats.mtimeMs / 1000,
          created: stats.ctimeMs / 1000,
          size: stats.size,
        };
    }
    // one that comes with the package
    return { name, pathIndex: 0, modified: 0, created: 0, size: 0 };
  });
}

async function preview(
  folders: Parts['folders'],
  kind: string,
  index: string,
  name: string,
): Promise<Answer> {
  const place =
    known(kind) && /^\d{1,4}$/.test(index) ? folders.modelFolders(kind)[Number(index)] : undefined;
  const stem = name.replace(/\.[^./]*$/, '');
  for (const beside of ['png', 'jpg', 'jpeg', 'webp'].flatMap((type) => [
    `${stem}.${type}`,
    `${stem}.preview.${type}`,
  ])) {
    const path = place === undefined ? undefined : under(place, beside);
    if (!path || !isFile(path)) continue;
    try {
      return {
        status: 200,
        ...(await (await import('../view-images.ts')).previewOf(path, 'webp;80', '')),
      };
    } catch {
      return empty(404);
    }
  }
  return empty(404);
}

function metadataIn(path: string): unknown {
  const file = openSync(path, 'r');
  try {
    const length = Buffer.alloc(8);
    if (readSync(file, length, 0, 8, 0) !== 8) return undefined;
    const size = Number(length.readBigUInt64LE());
    if (size > MAX_HEADER) return undefined;
    const header = Buffer.alloc(size);
    if (readSync(file, header, 0, size, 8) !== size) return undefined;
    const value = parseJson(header.toString('utf8'));
    return isJsonObject(value) ? value['__metadata__'] : undefined;
  } finally {
    closeSync(file);
  }
}
