// Derived weights: tensors computed once from those of a file and kept beside it in the cache (runtime/derived.ts), for operators that want
// them otherwise than they are stored. To add one: declare a Recipe (a value, in a table beside the operators that use it), and ask for
// its values where the graph is built: `w.derived?.(g, ['conv.weight'], RECIPE)` gives them in the order of its outputs, or undefined
// where none are kept (small files, no room on the disk, weights changed by a LoRA), for which the plain operators remain.
import type { Graph, Value } from '../../onnx/builder.ts';
import type { ElementType } from '../../onnx/serialize.ts';
import { sizeOf, type Tensor } from '../../tensor/tensor.ts';
import type { Weights } from './tensors.ts';

/** A tensor that a recipe gives. */
export interface PrepackedOutput {
  readonly name: string;
  readonly type: Extract<ElementType, 'f32' | 'f16' | 'i8' | 'u8'>;
  readonly dims: readonly number[];
}

export interface Recipe {
  /** With its parameters: two recipes of one name and version give the same. */
  readonly name: string;
  /** Another number when the same name gives other bytes. */
  readonly version: number;
  /** What comes of tensors of these shapes. */
  outputs(shapes: readonly (readonly number[])[]): readonly PrepackedOutput[];
  /** Their bytes, little-endian, from the tensors' values. */
  compute(tensors: readonly Tensor[]): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
}

/** Some tensors of a network and what is made of them. */
export interface PrepackedRequest {
  readonly tensors: readonly string[];
  readonly recipe: Recipe;
}

/** What is kept of a request: for each output a place in a file, as builder.ts takes it. */
export type PrepackedLocations = ReadonlyMap<
  string,
  readonly { readonly location: string; readonly offset: number; readonly length: number }[]
>;

const BYTES = { f32: 4, f16: 2, i8: 1, u8: 1 } as const;
export const outputBytes = ({ type, dims }: PrepackedOutput): number => sizeOf(dims) * BYTES[type];

/** The request's name in the cache: recipe, version, rounding, and the tensors by their names in the file. */
export const requestKey = (
  { tensors, recipe }: PrepackedRequest,
  weights: Pick<Weights, 'fullName' | 'rounding'>,
): string =>
  [recipe.name, recipe.version, weights.rounding ?? 'exact', ...tensors.map(weights.fullName)].join(
    ' ',
  );

export const requestOutputs = (
  { tensors, recipe }: PrepackedRequest,
  weights: Pick<Weights, 'shape'>,
): readonly PrepackedOutput[] => recipe.outputs(tensors.map(weights.shape));

/** The requests of a graph over these weights; the graph itself is thrown away. */
export function requestsOf(
  weights: Weights,
  build: (weights: Weights) => unknown,
): PrepackedRequest[] {
  const found = new Map<string, PrepackedRequest>();
  build({
    ...weights,
    prepacked: (_, tensors, recipe) => {
      const request = { tensors, recipe };
      found.set(requestKey(request, weights), request);
      return requestOutputs(request, weights).map(({ name }) => name);
    },
  });
  return [...found.values()];
}

/** Weights with what is kept of them; the others are as if there were none. */
export function withPrepacked(weights: Weights, places: PrepackedLocations): Weights {
  const derived = (g: Graph, tensors: readonly string[], recipe: Recipe): Value[] | undefined => {
    const request = { tensors, recipe };
    const found = places.get(requestKey(request, weights));
    return (
      found &&
      requestOutputs(request, weights).map(({ type, dims }, i) =>
        g.externalRaw({ type, dims, ...found[i] }),
      )
    );
  };
  return { ...weights, prepacked: derived };
}
