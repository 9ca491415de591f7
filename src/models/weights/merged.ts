// Graphs over changed weights whose merged tensors are computed beforehand, part by part, into a
// file that the session maps. A session that merges two models itself would hold both and all
// intermediate values, five times the weights. The file is unlinked once it is open.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { openSafetensors } from '../../formats/safetensors/safetensors.ts';
import {
  type LazyTensor,
  writeLazySafetensors,
} from '../../formats/safetensors/safetensors-write.ts';
import { makeFolder } from '../../make-folder.ts';
import type { Graph } from '../../onnx/builder.ts';
import type { BuiltGraph } from '../../runtime/network.ts';
import { openSession } from '../../runtime/session.ts';
import { sizeOf, type Tensor } from '../../tensor/tensor.ts';
import { cacheFolder } from '../../user-cache-folder.ts';
import { temporaryPath } from '../../writer-identity.ts';
import type { MergedTensors, PatchPlan } from './changes.ts';
import { type Weights, weightsOf } from './tensors.ts';

export interface MergeOptions {
  readonly threads: number;
  /** Bytes of merged tensors that a session may compute itself. */
  readonly inSession?: number;
  /** The folder of the file; `merged` in the user's cache by default. */
  readonly folder?: string;
}

const IN_SESSION = 2 ** 28;
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
  const total = [...plan.merged.shapes.values()].reduce((sum, shape) => sum + bytesOf(shape), 0);
  if (total <= (options.inSession ?? IN_SESSION)) return plan.build(make);
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
    const read = mergedReader(plan.merged, options.threads);
    await writeLazySafetensors(
      file,
      [...plan.merged.shapes].map(([name, shape]): LazyTensor => {
        const bytes = async () => {
          const { data } = await read(name);
          return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
        };
        return { name, dtype: 'F32', shape, bytes };
      }),
    );
    const opened = await openSafetensors(file);
    await opened.close();
    return { ...plan.build(make, weightsOf(file, opened.tensors, '')), onOpened: remove };
  } catch (error) {
    remove();
    throw error;
  }
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
