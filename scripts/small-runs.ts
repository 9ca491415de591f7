// Runs a real workflow with small models of the right kind and small images, to see whether all of
// it works.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { type Darkroom, openDarkroom } from '../src/darkroom.ts';
import { DarkroomError } from '../src/errors.ts';
import { type Json, type JsonObject, numberOf } from '../src/formats/json.ts';
import { writeSafetensors } from '../src/formats/safetensors/safetensors-write.ts';
import { encodePng } from '../src/image/codec/png.ts';
import { NODES } from '../src/nodes/index.ts';
import { apiGraphOf, type Graph, withInputs } from '../src/workflow/api-graph.ts';
import { seededTensors } from '../test/support/files/rewrite.ts';

const TEST = join(dirname(fileURLToPath(import.meta.url)), '..', 'test');
const FIXTURES = join(TEST, 'fixtures');
const GOLDEN = join(TEST, 'golden');
const LIMIT_MS = 300_000;
/** A small checkpoint without what the workflow needs of the real one. */
const LACKS_PART = /contains no CLIP vision model/;
/** Divides all numbers of steps. */
const FEWER = 5;
/** Divides sides and positions, rounded to multiples of 8. */
const SHRINK = 8;

/**
 * The small models by folder, with their file where the name is not a fixture's; the first is used
 * for names that fit no other.
 */
const MODELS: Readonly<
  Record<string, readonly (readonly [name: string, fixture: string, file?: string])[]>
> = {
  checkpoints: [
    ['sd1', 'tiny_sd1'],
    ['xl', 'tiny_sdxl_base'],
    ['refiner', 'tiny_sdxl_refiner'],
  ],
  vae: [['vae', 'tiny_vae']],
  loras: [
    ['sd1', 'tiny_lora_sd1'],
    ['xl', 'tiny_lora_sdxl'],
  ],
  controlnet: [['xl', 'tiny_controlnet_sdxl']],
  upscale_models: [['x4', 'tiny_realesrgan_x4_new']],
  embeddings: [['tinyti', 'tinyti']],
  sams: [['sam', 'sam', join(GOLDEN, 'sam', 'tiny_sam.safetensors.gz')]],
  ultralytics: [
    ['bbox/yolo.pt', 'yolo', join(GOLDEN, 'ultralytics', 'v8-detect.pt.gz')],
    ['segm/yolo.pt', 'yolo', join(GOLDEN, 'ultralytics', 'v8-segment.pt.gz')],
  ],
};
const fileName = (name: string): string => (name.includes('.') ? name : `${name}.safetensors`);
const SIDES =
  /^(width|height|target_width|target_height|base_width|base_height|guide_size|max_size|resolution|bbox_size)$/;
const STEPS = /^(steps|start_at_step|end_at_step|base_only_steps|refiner_steps|base_steps|cycle)$/;
const PLACES = /^(x|y|left|top|right|bottom|crop_w|crop_h|feathering|grow_mask_by|dilation)$/;

export interface SmallDarkroom {
  /** `yes`, or why not. Outputs that cannot run are left out. */
  run(graph: Graph): Promise<string>;
  close(): Promise<void>;
}

/** A Darkroom with small models and one image. */
export async function openSmallDarkroom(): Promise<SmallDarkroom> {
  const folder = mkdtempSync(join(tmpdir(), 'darkroom-small-'));
  const models = join(folder, 'models');
  for (const [kind, files] of Object.entries(MODELS))
    for (const [name, fixture, file = join(FIXTURES, `${fixture}.safetensors.gz`)] of files) {
      const path = join(models, kind, fileName(name));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, gunzipSync(readFileSync(file)));
    }
  mkdirSync(join(models, 'clipseg'));
  const { conditionings } = JSON.parse(
    gunzipSync(readFileSync(join(GOLDEN, 'clipseg', 'cases.json.gz'))).toString('utf8'),
  );
  await writeSafetensors(
    join(models, 'clipseg', 'clipseg.safetensors'),
    seededTensors(conditionings.refined),
  );
  mkdirSync(join(folder, 'input'));
  writeFileSync(join(folder, 'input', 'picture.png'), await picture());
  const darkroom = await openDarkroom({
    models,
    input: join(folder, 'input'),
    output: join(folder, 'output'),
    temp: join(folder, 'temp'),
  });
  return {
    run: (graph) => run(darkroom, small(graph)),
    close: async () => {
      await darkroom.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** 64 x 64 with a transparent left half, so that it can be used as a mask. */
const picture = (): Promise<Buffer> =>
  encodePng({
    width: 64,
    height: 64,
    channels: 4,
    bytes: Buffer.from(
      Array.from({ length: 64 * 64 }, (_, i) => [
        i % 251,
        i % 173,
        i % 97,
        i % 64 < 32 ? 0 : 255,
      ]).flat(),
    ),
  });

async function run(darkroom: Darkroom, graph: Graph): Promise<string> {
  const started = performance.now();
  try {
    const { outputs, nodeErrors } = await darkroom.run(apiGraphOf(graph), {
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    const left = Object.keys(nodeErrors).length;
    if (Object.keys(outputs).length === 0 && left > 0) return 'no';
    return left > 0 ? 'in part' : 'yes';
  } catch (error) {
    if (!(error instanceof DarkroomError)) throw error;
    if (error.code === 'DR_INTERRUPTED')
      return `not within ${Math.round((performance.now() - started) / 1000)} s`;
    if (error.code === 'DR_MODEL_MISSING' || LACKS_PART.test(error.message))
      return 'not tried: no small model of that kind';
    return `no: ${error.nodeType ?? ''} ${error.message}`;
  }
}

/** The workflow with the small models, the image, and small sides. */
function small(graph: Graph): Graph {
  const texts = [...graph.values()].flatMap(({ inputs }) =>
    Object.values(inputs).filter((value) => typeof value === 'string'),
  );
  const types = [...graph.values()].map(({ classType }) => classType);
  const isXl =
    types.some((type) => /SDXL|ControlNetLoader/.test(type)) ||
    texts.some((text) => /xl|turbo|refiner/i.test(text) && /\.(safetensors|ckpt)$/.test(text));
  const model = (folder: string, name: string): string | undefined => {
    const files = MODELS[folder]?.map(([file]) => file);
    if (!files) return undefined;
    const part = name.split('/')[0];
    const wanted = [
      files.find((file) => file.startsWith(`${part}/`)) ?? '',
      /refiner/i.test(name) ? 'refiner' : isXl ? 'xl' : 'sd1',
      isXl ? 'xl' : 'sd1',
    ].find((file) => files.includes(file));
    return fileName(wanted ?? files[0]);
  };
  const changes = new Map<string, JsonObject>();
  for (const [id, { classType, inputs }] of graph) {
    const changed: JsonObject = {};
    for (const [name, value] of Object.entries(inputs)) {
      const input = NODES.get(classType)?.inputs[name];
      if (input?.kind === 'COMBO' && input.folder !== undefined)
        changed[name] = model(input.folder, String(value)) ?? value;
      else if (input?.kind === 'COMBO' && input.image_upload) changed[name] = 'picture.png';
      else if (input?.kind === 'INT' || input?.kind === 'FLOAT')
        changed[name] = shrunk(name, value);
    }
    changes.set(id, changed);
  }
  return withInputs(graph, changes);
}

function shrunk(name: string, value: Json): Json {
  const number = numberOf(value);
  if (number === undefined || number <= 0) return value;
  if (SIDES.test(name))
    return number < 64 ? value : Math.max(64, 8 * Math.round(number / SHRINK / 8));
  if (STEPS.test(name)) return Math.ceil(number / FEWER);
  return PLACES.test(name) ? 8 * Math.round(number / SHRINK / 8) : value;
}
