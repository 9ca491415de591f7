// Prepacked weights: tensors computed once from those of a file and stored beside it in the cache
// (prepacked-store.ts), for operators that need them in another form. To add some, declare a Recipe
// in a table beside the operators that use it, and request its values where the graph is built:
// `w.prepacked?.(g, ['conv.weight'], RECIPE)` returns them in the order of its outputs, or
// undefined where none are stored (small files, a full disk, weights changed by a LoRA); the plain
// operators are used then.
import type { Graph, Value } from '../../onnx/builder.ts';
import type { PrepackedOutput, Recipe } from './recipe.ts';
import { valuesKey, type Weights } from './tensors.ts';

/** Some tensors of a network, and the recipe that is applied to them. */
export interface PrepackedRequest {
  readonly tensors: readonly string[];
  readonly recipe: Recipe;
}

/** A byte range of a file. */
export interface PrepackedLocation {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** Where the outputs of requests are stored, by the keys of the requests. */
export type PrepackedLocations = ReadonlyMap<string, readonly PrepackedLocation[]>;

/**
 * Returns the key of a request: recipe, version, rounding, and the tensors by their names in the
 * file.
 */
export const requestKey = (
  { tensors, recipe }: PrepackedRequest,
  weights: Pick<Weights, 'fullName' | 'rounding' | 'arithmetic'>,
): string =>
  [
    recipe.name,
    recipe.version,
    valuesKey(weights) ?? 'exact',
    ...tensors.map(weights.fullName),
  ].join(' ');

export const requestOutputs = (
  { tensors, recipe }: PrepackedRequest,
  weights: Pick<Weights, 'shape'>,
): readonly PrepackedOutput[] => recipe.outputs(tensors.map(weights.shape));

/** Returns the requests of a graph over these weights. The graph itself is discarded. */
export function requestsOf(
  weights: Weights,
  build: (weights: Weights) => unknown,
): PrepackedRequest[] {
  const requests = new Map<string, PrepackedRequest>();
  build({
    ...weights,
    prepacked: (_graph, tensors, recipe) => {
      const request = { tensors, recipe };
      requests.set(requestKey(request, weights), request);
      return requestOutputs(request, weights).map(({ name }) => name);
    },
  });
  return [...requests.values()];
}

/** Returns weights that use the stored outputs of requests; other requests return undefined. */
export function withPrepacked(weights: Weights, locations: PrepackedLocations): Weights {
  const prepacked = (g: Graph, tensors: readonly string[], recipe: Recipe): Value[] | undefined => {
    const request = { tensors, recipe };
    const stored = locations.get(requestKey(request, weights));
    return (
      stored &&
      requestOutputs(request, weights).map(({ type, dims }, i) =>
        g.externalRaw({ type, dims, ...stored[i] }),
      )
    );
  };
  return { ...weights, prepacked };
}
