// Describes a model file: kind, architecture, precision, parts, and the memory that its networks
// take. Only the tensors' names and shapes are read.
import { stat } from 'node:fs/promises';
import type { DTypeName } from '../../formats/dtypes.ts';
import type { BlockType } from '../../formats/gguf/block-types.ts';
import type { ModelDescription } from '../../formats/model-file.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import { measureNetworks, type NetworkMemory } from './network-memory.ts';
import { recogniseModel } from './recognise-model.ts';

export interface ModelReport {
  readonly file: string;
  /** Size of the file in bytes. */
  readonly size: number;
  readonly format: string;
  readonly kind: string;
  readonly architecture: string;
  /** How many numbers are stored in each type, the most frequent type first. */
  readonly precisions: readonly {
    readonly dtype: DTypeName | BlockType;
    readonly numbers: number;
  }[];
  /** The model's networks. */
  readonly parts: readonly NetworkMemory[];
  /** Bytes of all weights as float32. */
  readonly memory: number;
  /** Bytes at the peak of loading the part that needs most. */
  readonly loadPeak: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Inspects a model file. Throws what openModelFile throws, and DR_MODEL_UNSUPPORTED, with a
 * description, for models that Darkroom cannot run.
 */
export async function inspectModel(file: string): Promise<ModelReport> {
  const { size } = await stat(file).catch(() => ({ size: 0 }));
  const { model, description } = await recogniseModel(file);
  const parts = model.open ? await measureNetworks(model.open) : [];
  const memory = parts.reduce((sum, part) => sum + part.memory, 0);
  return {
    file,
    size,
    format:
      description?.format ??
      (model.kind === 'detector' && file.endsWith('.onnx') ? 'onnx' : 'torch zip'),
    kind: model.kind,
    architecture: model.architecture,
    precisions: precisionsOf(description),
    parts,
    memory,
    loadPeak: Math.max(0, ...parts.map((part) => part.loadPeak)),
    metadata: description?.metadata ?? {},
  };
}

/** Returns the kind and the architecture only. Throws what inspectModel throws. */
export const identifyModel = async (
  file: string,
): Promise<Pick<ModelReport, 'kind' | 'architecture'>> => {
  const { model } = await recogniseModel(file);
  return { kind: model.kind, architecture: model.architecture };
};

function precisionsOf(description: ModelDescription | undefined): ModelReport['precisions'] {
  const numbers = new Map<DTypeName | BlockType, number>();
  for (const { dtype, shape, blocks } of description?.tensors.values() ?? []) {
    const type = blocks?.type ?? dtype;
    numbers.set(type, (numbers.get(type) ?? 0) + sizeOf(shape));
  }
  return [...numbers]
    .map(([dtype, n]) => ({ dtype, numbers: n }))
    .sort((a, b) => b.numbers - a.numbers);
}
