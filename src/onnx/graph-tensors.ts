// The constants and weights of a graph under construction. Equal ones are one value.

import type { GraphOperators } from './graph-operators.ts';
import type { Graph, Value } from './onnx-graph.ts';
import { ELEMENT, type ElementType, type Initializer } from './serialize.ts';

export interface GraphTensors
  extends Pick<
    Graph,
    | 'ints'
    | 'floats'
    | 'external'
    | 'streamed'
    | 'externalRaw'
    | 'inline'
    | 'inlineRaw'
    | 'round'
    | 'weight'
    | 'weightBytes'
    | 'relayoutBytes'
  > {
  readonly initializers: readonly Initializer[];
}

/** Constants of more elements are not compared with each other. */
const MAX_SHARED_FLOATS = 64;

/** `nextNumber` numbers the values, so that their names are unique in the graph. */
export function graphTensors(
  nextNumber: () => number,
  operators: Pick<GraphOperators, 'op' | 'choose' | 'outsideBranches'>,
): GraphTensors {
  const table = initializerTable(nextNumber);
  return {
    initializers: table.initializers,
    ...constants(table),
    ...weightTensors(table, operators),
  };
}

const floatBytes = (dims: readonly number[]): number =>
  dims.reduce((product, size) => product * size, 4);

interface InitializerTable {
  readonly initializers: readonly Initializer[];
  add(type: ElementType, dims: readonly number[], data: Initializer['data']): Value;
  /** Returns the value of a key; calls `make` for the first one. */
  once(key: string, make: () => Value): Value;
}

function initializerTable(nextNumber: () => number): InitializerTable {
  const initializers: Initializer[] = [];
  const shared = new Map<string, Value>();
  return {
    initializers,
    add: (type, dims, data) => {
      const name = `c${nextNumber()}`;
      initializers.push({ name, type, dims, data });
      return name;
    },
    once: (key, make) => {
      const value = shared.get(key) ?? make();
      shared.set(key, value);
      return value;
    },
  };
}

const constants = ({ add, once }: InitializerTable): Pick<Graph, 'ints' | 'floats'> => ({
  ints: (values) =>
    once(`i64 ${values}`, () =>
      add('i64', [values.length], new Uint8Array(BigInt64Array.from(values, BigInt).buffer)),
    ),
  floats: (values, dims = [values.length]) => {
    const data = Float32Array.from(values);
    const make = (): Value => add('f32', dims, new Uint8Array(data.buffer));
    return data.length > MAX_SHARED_FLOATS ? make() : once(`f32 ${dims} ${data}`, make);
  },
});

function weightTensors(
  table: InitializerTable,
  operators: Pick<GraphOperators, 'op' | 'choose' | 'outsideBranches'>,
): Omit<GraphTensors, 'initializers' | 'ints' | 'floats'> {
  const { add, once } = table;
  const { op, choose, outsideBranches } = operators;
  let weightBytes = 0;
  let largestStreamed = 0;
  let relayoutBytes = 0;
  /** Raw bytes that are counted: those of two views are the same. */
  const counted = new Set<string>();
  const cast = (value: Value, to: ElementType): Value => op('Cast', [value], { to: ELEMENT[to] });
  const round: Graph['round'] = (value, to) => {
    const rounded = to.startsWith('f8')
      ? op('Cast', [value], { to: ELEMENT[to], saturate: 0 })
      : cast(value, to);
    return cast(rounded, 'f32');
  };
  const converted = (stored: Value, type: ElementType, rounded?: ElementType): Value => {
    const wide = type === 'f32' ? stored : cast(stored, 'f32');
    return rounded && rounded !== type ? round(wide, rounded) : wide;
  };
  const asFloat32 = (
    stored: Value,
    type: ElementType,
    dims: readonly number[],
    rounded?: ElementType,
  ): Value => {
    const bytes = floatBytes(dims);
    weightBytes += bytes;
    if (dims.length === 4) relayoutBytes += bytes;
    // outside of any branch, because other operators may use it too
    return outsideBranches(() => converted(stored, type, rounded));
  };
  /** Whether `x` was computed, which is true. Its rows are counted, never its values. */
  const isComputed = (x: Value): Value =>
    op('Greater', [
      cast(op('Shape', [x], { start: 0, end: 1 }), 'f32'),
      constants(table).floats([-1]),
    ]);
  return {
    external: ({ location, offset, length, type, dims }, rounded) =>
      once(`external ${location} ${offset} ${length} ${dims} ${rounded}`, () =>
        asFloat32(add(type, dims, { location, offset, length }), type, dims, rounded),
      ),
    streamed: ({ location, offset, length, type, dims }, after, rounded) => {
      largestStreamed = Math.max(largestStreamed, floatBytes(dims));
      const stored = add(type, dims, { location, offset, length });
      // a branch is evaluated only when its turn has come, other operators as early as possible
      const convert = (): Value => converted(stored, type, rounded);
      return type === 'f32' && !rounded ? stored : choose(isComputed(after), convert, convert);
    },
    externalRaw: ({ location, offset, length, type, dims }) =>
      once(`external raw ${type} ${location} ${offset} ${length} ${dims}`, () => {
        const place = `${location} ${offset}`;
        if (!counted.has(place)) weightBytes += length;
        counted.add(place);
        return add(type, dims, { location, offset, length });
      }),
    inline: ({ bytes, type, dims }, rounded) =>
      asFloat32(add(type, dims, bytes), type, dims, rounded),
    inlineRaw: ({ bytes, type, dims }) =>
      once(`inline raw ${type} ${dims} ${Buffer.from(bytes).toString('base64')}`, () =>
        add(type, dims, bytes),
      ),
    weight: (key, make) => once(`weight ${key}`, () => outsideBranches(make)),
    round,
    weightBytes: () => weightBytes + largestStreamed,
    relayoutBytes: () => relayoutBytes,
  };
}
