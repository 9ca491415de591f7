// The constants and weights of a graph under construction. Equal ones are one value.
import type { Graph, Value } from './graph.ts';
import type { GraphOperators } from './graph-operators.ts';
import { ELEMENT, type ElementType, type Initializer } from './serialize.ts';

export interface GraphTensors
  extends Pick<
    Graph,
    | 'ints'
    | 'floats'
    | 'external'
    | 'externalRaw'
    | 'inline'
    | 'inlineRaw'
    | 'round'
    | 'weightBytes'
    | 'relayoutBytes'
  > {
  readonly initializers: readonly Initializer[];
}

/** Constants of more elements are not compared with each other. */
const MAX_SHARED_FLOATS = 64;

export function graphTensors(
  nextNumber: () => number,
  { op, outsideBranches }: Pick<GraphOperators, 'op' | 'outsideBranches'>,
): GraphTensors {
  const initializers: Initializer[] = [];
  const shared = new Map<string, Value>();
  let weightBytes = 0;
  let relayoutBytes = 0;

  const once = (key: string, make: () => Value): Value => {
    const value = shared.get(key) ?? make();
    shared.set(key, value);
    return value;
  };
  const constant = (
    type: ElementType,
    dims: readonly number[],
    data: Initializer['data'],
  ): Value => {
    const name = `c${nextNumber()}`;
    initializers.push({ name, type, dims, data });
    return name;
  };
  const cast = (value: Value, to: ElementType): Value => op('Cast', [value], { to: ELEMENT[to] });
  const round: Graph['round'] = (value, to) => {
    const rounded = to.startsWith('f8')
      ? op('Cast', [value], { to: ELEMENT[to], saturate: 0 })
      : cast(value, to);
    return cast(rounded, 'f32');
  };
  const asFloat32 = (
    stored: Value,
    type: ElementType,
    dims: readonly number[],
    rounded?: ElementType,
  ): Value => {
    const bytes = dims.reduce((product, size) => product * size, 4);
    weightBytes += bytes;
    if (dims.length === 4) relayoutBytes += bytes;
    // outside of any branch, because other operators may use it too
    return outsideBranches(() => {
      const wide = type === 'f32' ? stored : cast(stored, 'f32');
      return rounded && rounded !== type ? round(wide, rounded) : wide;
    });
  };

  return {
    initializers,
    ints: (values) =>
      once(`i64 ${values}`, () =>
        constant('i64', [values.length], new Uint8Array(BigInt64Array.from(values, BigInt).buffer)),
      ),
    floats: (values, dims = [values.length]) => {
      const data = Float32Array.from(values);
      const make = (): Value => constant('f32', dims, new Uint8Array(data.buffer));
      return data.length > MAX_SHARED_FLOATS ? make() : once(`f32 ${dims} ${data}`, make);
    },
    external: ({ location, offset, length, type, dims }, rounded) =>
      once(`external ${location} ${offset} ${length} ${dims} ${rounded}`, () =>
        asFloat32(constant(type, dims, { location, offset, length }), type, dims, rounded),
      ),
    externalRaw: ({ location, offset, length, type, dims }) =>
      once(`external raw ${location} ${offset} ${length} ${dims}`, () => {
        weightBytes += length;
        return constant(type, dims, { location, offset, length });
      }),
    inline: ({ bytes, type, dims }, rounded) =>
      asFloat32(constant(type, dims, bytes), type, dims, rounded),
    inlineRaw: ({ bytes, type, dims }) =>
      once(`inline raw ${type} ${dims} ${Buffer.from(bytes).toString('base64')}`, () =>
        constant(type, dims, bytes),
      ),
    round,
    weightBytes: () => weightBytes,
    relayoutBytes: () => relayoutBytes,
  };
}
