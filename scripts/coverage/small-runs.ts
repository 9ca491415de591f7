// Runs a real workflow with small models of the right kind and small images, to see whether all of
// it works.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Darkroom, openDarkroom } from '../../src/darkroom.ts';
import { DarkroomError } from '../../src/errors.ts';
import { type Json, type JsonObject, numberOf } from '../../src/formats/json.ts';
import { encodePng } from '../../src/image/codec/png.ts';
import { NODES } from '../../src/nodes/index.ts';
import { apiGraphOf, type Graph, withInputs } from '../../src/workflow/api-graph.ts';
import { foreignModels, modelFiles, type SmallFamily, smallFamily } from './families.ts';
import { writeSmallFiles } from './small-files.ts';
import { smallModel } from './small-models.ts';

const LIMIT_MS = 300_000;
/** A small checkpoint without what the workflow needs of the real one. */
const LACKS_PART = /contains no CLIP vision model/;
/** Begins the result of a workflow without small models for it. */
export const NOT_TRIED = 'not tried: ';
/** Divides all numbers of steps. */
const FEWER = 5;
/** Divides sides and positions, rounded to multiples of 8. */
const SHRINK = 8;

const SIDES =
  /^(width|height|target_width|target_height|base_width|base_height|guide_size|max_size|largest_size|resolution|bbox_size)$/;
const STEPS = /^(steps|start_at_step|end_at_step|base_only_steps|refiner_steps|base_steps|cycle)$/;
const PLACES = /^(x|y|left|top|right|bottom|crop_w|crop_h|feathering|grow_mask_by|dilation)$/;

/**
 * The results of runs by graph in a file, so that runs that were stopped can be continued; `keep`
 * writes them. Without a file nothing is kept.
 */
export function keptRuns(file: string | undefined) {
  const done = new Map<string, string>(
    file !== undefined && existsSync(file)
      ? Object.entries(JSON.parse(readFileSync(file, 'utf8')))
      : [],
  );
  const keep = (): void => {
    if (file !== undefined) writeFileSync(file, JSON.stringify(Object.fromEntries(done), null, 1));
  };
  return { done, keep };
}

export interface SmallDarkroom {
  /** `yes`, or why not. Outputs that cannot run are left out. */
  run(graph: Graph): Promise<string>;
  close(): Promise<void>;
}

/** A Darkroom with small models and one image. */
export async function openSmallDarkroom(): Promise<SmallDarkroom> {
  const folder = mkdtempSync(join(tmpdir(), 'darkroom-small-'));
  const models = join(folder, 'models');
  await writeSmallFiles(models);
  mkdirSync(join(folder, 'input'));
  writeFileSync(join(folder, 'input', 'picture.png'), await picture());
  const darkroom = await openDarkroom({
    models,
    input: join(folder, 'input'),
    output: join(folder, 'output'),
    temp: join(folder, 'temp'),
  });
  return {
    run: async (graph) => {
      const [reason] = [...foreignModels(graph, NODES), ...withoutSmallModel(graph)];
      return reason === undefined ? run(darkroom, small(graph)) : `${NOT_TRIED}${reason}`;
    },
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
    if (LACKS_PART.test(error.message)) return `${NOT_TRIED}no small checkpoint with CLIP vision`;
    const { nodeType = '', message } = error;
    return message.includes(nodeType) ? `no: ${message}` : `no: ${nodeType}: ${message}`;
  }
}

/** The family whose small models stand for those of a workflow. */
const familyFor = (graph: Graph): SmallFamily => smallFamily(graph, NODES) ?? classicFamily(graph);

/** One sentence for each model file of which there is no small one. */
const withoutSmallModel = (graph: Graph): string[] =>
  modelFiles(graph, NODES).flatMap(({ folder, file }) =>
    folder !== undefined && smallModel(folder, file, familyFor(graph)) === undefined
      ? [`no small model for ${folder}/${file}`]
      : [],
  );

/** The workflow with the small models, the image, and small sides. */
function small(graph: Graph): Graph {
  const family = familyFor(graph);
  const changes = new Map<string, JsonObject>();
  for (const [id, { classType, inputs }] of graph) {
    const changed: JsonObject = {};
    for (const [name, value] of Object.entries(inputs)) {
      const input = NODES.get(classType)?.inputs[name];
      if (input?.kind === 'COMBO' && input.folder !== undefined)
        changed[name] = smallModel(input.folder, String(value), family) ?? value;
      else if (input?.kind === 'COMBO' && input.image_upload) changed[name] = 'picture.png';
      else if (input?.kind === 'INT' || input?.kind === 'FLOAT')
        changed[name] = shrunk(name, value, Number(input.min));
    }
    changes.set(id, changed);
  }
  return withInputs(graph, changes);
}

/** SDXL where a type or a file of the workflow says so. */
function classicFamily(graph: Graph): SmallFamily {
  const texts = [...graph.values()].flatMap(({ inputs }) =>
    Object.values(inputs).filter((value) => typeof value === 'string'),
  );
  const types = [...graph.values()].map(({ classType }) => classType);
  const isXl =
    types.some((type) => /SDXL|ControlNetLoader/.test(type)) ||
    texts.some((text) => /xl|turbo|refiner/i.test(text) && /\.(safetensors|ckpt)$/.test(text));
  return isXl ? 'sdxl' : 'sd1';
}

function shrunk(name: string, value: Json, least = 0): Json {
  const number = numberOf(value);
  if (number === undefined || number <= 0) return value;
  if (SIDES.test(name))
    return number < 64 ? value : Math.max(64, 8 * Math.round(number / SHRINK / 8));
  if (STEPS.test(name)) return Math.ceil(number / FEWER);
  if (name === 'megapixels') return Math.max(least, number / SHRINK ** 2);
  return PLACES.test(name) ? 8 * Math.round(number / SHRINK / 8) : value;
}
