// Graphs over changed weights whose merged tensors are computed beforehand, part by part, into a
// file that the session maps. A session that merges two models itself would hold both and all
// intermediate values, five times the weights. Of layers that compute in int8, the file has the
// int8 weights alone. It is unlinked once it is open.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { openSafetensors } from '../../formats/safetensors/safetensors.ts';
import {
  type LazyTensor,
  writeLazySafetensors,
} from '../../formats/safetensors/safetensors-write.ts';
import type { TensorInfo } from '../../formats/tensor-info.ts';
import { makeFolder } from '../../make-folder.ts';
import type { Graph } from '../../onnx/builder.ts';
import type { BuiltGraph } from '../../runtime/network.ts';
import { openSession } from '../../runtime/session.ts';
import { sizeOf, type Tensor } from '../../tensor/tensor.ts';
import { cacheFolder } from '../../user-cache-folder.ts';
import { temporaryPath } from '../../writer-identity.ts';
import type { MergedTensors, PatchPlan, ReadyWeights } from './changes.ts';
import { requestKey, requestOutputs, withPrepacked } from './prepacked.ts';
import {
  type KeyedRequest,
  locationsOf,
  storedOutputs,
  tensorsToWrite,
} from './prepacked-files.ts';
import { type Weights, weightsOf } from './tensors.ts';

export interface MergeOptions {
  readonly threads: number;
  /** Bytes of merged tensors that a session may compute itself. */
  readonly inSession?: number;
  /** The folder of the file; `merged` in the user's cache by default. */
  readonly folder?: string;
  /** Whether layers use prepacked weights (prepacked.ts) of merged tensors. */
  readonly prepacks?: boolean;
  /** Bytes of memory that the machine has. */
  readonly memoryLimit?: number;
}

const IN_SESSION = 2 ** 28;
/**
 * Above this share of the memory, merged tensors in float32 are not computed beforehand: a session
 * that does not fit computes them in each evaluation, layer by layer, as it reads its weights.
 */
const WRITTEN_SHARE = 0.7;
/** Bytes of tensors that are computed together. */
const PART = 2 ** 26;

const bytesOf = (shape: readonly number[]): number => 4 * sizeOf(shape);

/**
 * Returns the graph of `make` over the changed weights. Throws DR_OUTPUT_UNWRITABLE when the merged
 * tensors cannot be written.
 */
export async function changedGraph(
  plan: PatchPlan,
  make: (weights: Weights) => Graph,
  options: MergeOptions,
): Promise<BuiltGraph> {
  const { inSession = IN_SESSION, prepacks = false, memoryLimit = Infinity } = options;
  const { shapes } = plan.merged;
  if (totalBytes(shapes.values()) <= inSession) return plan.build(make);
  const used = usedTensors(plan, make, prepacks);
  if (totalBytes(used.floats.map((name) => shapes.get(name)!)) > WRITTEN_SHARE * memoryLimit)
    return plan.build(make);
  const folder = options.folder ?? join(cacheFolder(), 'merged');
  const file = temporaryPath(folder, 'merged.safetensors');
  const remove = (): void => {
    try {
      rmSync(file, { force: true });
      process.off('exit', remove);
    } catch {
      // systems that cannot unlink open files: removed when the process ends
    }
  };
  process.once('exit', remove);
  try {
    makeMergedFolder(folder);
    await writeLazySafetensors(file, tensorsOf(plan.merged, used, options.threads));
    const { tensors, close } = await openSafetensors(file);
    await close();
    return { ...plan.build(make, readyWeights(file, tensors, shapes, used)), onOpened: remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** The merged tensors that a graph uses. */
interface UsedTensors {
  /** In float32, by their names. */
  readonly floats: readonly string[];
  readonly requests: readonly KeyedRequest[];
}

const totalBytes = (shapes: Iterable<readonly number[]>): number =>
  [...shapes].reduce((sum, shape) => sum + bytesOf(shape), 0);

function usedTensors(
  { merged: { shapes }, build }: PatchPlan,
  make: (weights: Weights) => Graph,
  prepacks: boolean,
): UsedTensors {
  const floats = new Set<string>();
  const requests = new Map<string, KeyedRequest>();
  const named = namedBy(shapes);
  // the graph is discarded
  build(make, {
    has: (name) => shapes.has(name),
    value: (_graph, name) => {
      floats.add(name);
      return name;
    },
    prepacked: prepacks
      ? (_graph, tensors, recipe) => {
          const request = { tensors, recipe };
          const key = requestKey(request, named);
          const outputs = requestOutputs(request, named);
          requests.set(key, { ...request, key, outputs });
          return outputs.map(({ name }) => name);
        }
      : undefined,
  });
  const inOrder = [...shapes.keys()];
  const position = ({ tensors }: KeyedRequest): number => inOrder.indexOf(tensors[0]);
  return {
    floats: inOrder.filter((name) => floats.has(name)),
    requests: [...requests.values()].sort((a, b) => position(a) - position(b)),
  };
}

/** Tensors that are named as they are in the file of merged ones. */
const namedBy = (shapes: MergedTensors['shapes']): Pick<Weights, 'fullName' | 'shape'> => ({
  fullName: (name) => name,
  shape: (name) => shapes.get(name)!,
});

/** The content of the file; tensors are computed while it is written. */
function tensorsOf(
  merged: MergedTensors,
  { floats, requests }: UsedTensors,
  threads: number,
): LazyTensor[] {
  const read = mergedReader(merged, threads);
  const inFloat = floats.map((name): LazyTensor => {
    const bytes = async () => {
      const { data } = await read(name);
      return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    };
    return { name, dtype: 'F32', shape: merged.shapes.get(name)!, bytes };
  });
  const valuesOf = (names: readonly string[]) => Promise.all(names.map(read));
  return [...tensorsToWrite(valuesOf, requests), ...inFloat];
}

/** The weights in the file of merged tensors. */
function readyWeights(
  file: string,
  tensors: ReadonlyMap<string, TensorInfo>,
  shapes: MergedTensors['shapes'],
  { requests }: UsedTensors,
): ReadyWeights {
  const stored = weightsOf(file, tensors, '');
  const locations = new Map(
    requests.map((request) => [
      request.key,
      locationsOf(stored.file, storedOutputs(tensors, request)!),
    ]),
  );
  const weights = { ...stored, ...namedBy(shapes) };
  return { ...withPrepacked(weights, locations), has: (name) => shapes.has(name) };
}

function makeMergedFolder(folder: string): void {
  try {
    makeFolder(folder);
  } catch (cause) {
    throw new DarkroomError('DR_OUTPUT_UNWRITABLE', {
      message: `${folder} can't be created: ${(cause as Error).message}`,
      hint:
        'Merged weights are computed into a file there. Name another cache folder in ' +
        'DARKROOM_CACHE.',
      file: folder,
      cause,
    });
  }
}

/** Returns a function that computes merged tensors; successive ones are computed together. */
export function mergedReader(
  merged: MergedTensors,
  threads: number,
): (name: string) => Promise<Tensor> {
  const names = [...merged.shapes.keys()];
  let ready = new Map<string, Tensor>();
  return async (name) => {
    const computedBefore = ready.get(name);
    if (computedBefore) return computedBefore;
    const part: string[] = [];
    let bytes = 0;
    for (let at = names.indexOf(name); at >= 0 && at < names.length; at++) {
      bytes += bytesOf(merged.shapes.get(names[at])!);
      if (part.length > 0 && bytes > PART) break;
      part.push(names[at]);
    }
    if (part.length === 0) throw new Error(`internal: ${name} is not merged`);
    ready = await computed(merged, part, threads);
    return ready.get(name)!;
  };
}

async function computed(
  merged: MergedTensors,
  names: readonly string[],
  threads: number,
): Promise<Map<string, Tensor>> {
  const graph = merged.graph(names);
  const session = await openSession(graph.serialize(), {
    name: `the merge of ${names[0]}`,
    folder: graph.folder(),
    threads,
    providers: ['cpu'],
    optimize: false,
  });
  try {
    const outputs = names.map((_, i) => `${i}`);
    const result = await session.run({}, outputs);
    return new Map(names.map((name, i) => [name, result[`${i}`]]));
  } finally {
    await session.close();
  }
}
