// Golden cases of the originals (test/golden/<family>/<group>.json.gz + .safetensors.gz), read in
// memory, and the pass rule |x - ref| <= max(2e-6, 1e-5 max|ref|, 10 measured).
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { expect } from 'vitest';
import type { Tensor } from '../../src/tensor/tensor.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

export interface GoldenTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Uint8Array | Int8Array | Int32Array | BigInt64Array;
}

// biome-ignore lint/suspicious/noExplicitAny: case parameters are free-form JSON
export type Params = Record<string, any>;

export interface GoldenCase {
  readonly id: string;
  readonly params: Params;
  readonly inputs: Record<string, string>;
  readonly outputs: Record<string, string>;
  readonly scalars?: Params;
  readonly note?: string;
  readonly warn?: string;
}

export interface Golden {
  readonly family: string;
  readonly group: string;
  readonly cases: readonly GoldenCase[];
  /** The encoded prompts of the cases: node, text, sizes. */
  readonly conditionings: Readonly<Record<string, Params>>;
  readonly measured: Record<string, readonly number[]>;
  /** How the tensors of models are made from seeds (seededTensors of files/rewrite.ts). */
  readonly weights: Params;
  /** How inputs are made from seeds (givenTensor of given.ts). */
  readonly inputs: Params;
  /** The cases that have this output. */
  casesWith(output: string): readonly GoldenCase[];
  has(name: string): boolean;
  /** A tensor by its name in the case, as stored. */
  tensor(name: string): GoldenTensor;
  /** A tensor by its name in the case, as float32. */
  float(name: string): Tensor;
}

/** Reads a group of cases. Tensors are decoded when they are requested. */
export function golden(family: string, group: string): Golden {
  const base = join(root, 'golden', family, group);
  const info = JSON.parse(gunzipSync(readFileSync(`${base}.json.gz`)).toString('utf8'));
  const file = `${base}.safetensors.gz`;
  const bytes = existsSync(file) ? gunzipSync(readFileSync(file)) : Buffer.alloc(0);
  const headerSize = bytes.length ? Number(bytes.readBigUInt64LE(0)) : 0;
  const header = headerSize ? JSON.parse(bytes.subarray(8, 8 + headerSize).toString('utf8')) : {};
  const read = (name: string): GoldenTensor => {
    const entry = header[name];
    if (!entry) throw new Error(`no golden tensor ${name} in ${family}/${group}`);
    const [from, to] = entry.data_offsets;
    const raw = bytes.subarray(8 + headerSize + from, 8 + headerSize + to);
    const buffer = raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.byteLength) as ArrayBuffer;
    return { dtype: entry.dtype, shape: entry.shape, data: typed(entry.dtype, buffer) };
  };
  return {
    family,
    group,
    cases: info.cases,
    conditionings: info.conditionings ?? {},
    measured: info.measured ?? {},
    weights: info.weights ?? {},
    inputs: info.inputs ?? {},
    casesWith: (output) =>
      (info.cases as GoldenCase[]).filter(({ outputs }) => outputs[output] !== undefined),
    has: (name) => Object.hasOwn(header, name),
    tensor: read,
    float: (name) => {
      const t = read(name);
      return {
        shape: t.shape,
        data:
          t.data instanceof Float32Array
            ? t.data
            : Float32Array.from(t.data as ArrayLike<number>, Number),
      };
    },
  };
}

function typed(dtype: string, buffer: ArrayBuffer): GoldenTensor['data'] {
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer);
    case 'F64':
      return new Float64Array(buffer);
    case 'I64':
      return new BigInt64Array(buffer);
    case 'I32':
      return new Int32Array(buffer);
    case 'I8':
      return new Int8Array(buffer);
    // the bytes of types that JavaScript has no arrays of
    case 'F8_E4M3':
    case 'F8_E5M2':
    case 'BF16':
    case 'U8':
    case 'BOOL':
      return new Uint8Array(buffer);
    default:
      throw new Error(`golden dtype ${dtype}`);
  }
}

export interface Difference {
  readonly worst: number;
  readonly bound: number;
}

/**
 * Returns the worst absolute difference from a golden float tensor and its bound; NaN equals NaN
 * only.
 */
export function difference(g: Golden, name: string, actual: ArrayLike<number>): Difference {
  const expected = g.tensor(name).data as ArrayLike<number>;
  if (expected.length !== actual.length) return { worst: Number.POSITIVE_INFINITY, bound: 0 };
  let worst = 0;
  let max = 0;
  for (let i = 0; i < expected.length; i++) {
    const w = Number(expected[i]);
    const v = Number(actual[i]);
    if (Number.isFinite(w)) max = Math.max(max, Math.abs(w));
    if (Object.is(w, v) || w === v) continue;
    const d = Math.abs(w - v);
    worst = Math.max(worst, Number.isNaN(d) ? Number.POSITIVE_INFINITY : d);
  }
  return { worst, bound: Math.max(2e-6, 1e-5 * max, 10 * (g.measured[name]?.[0] ?? 0)) };
}

/**
 * Asserts the pass rule for one tensor (and its shape when `actual` is a tensor) and records the
 * difference for docs/parity.md.
 */
export function expectGolden(
  g: Golden,
  id: string,
  name: string,
  actual: Tensor | ArrayLike<number>,
): void {
  const data = 'data' in actual ? actual.data : actual;
  if ('shape' in actual)
    expect([...actual.shape], `${g.family}/${g.group} ${id} ${name} shape`).toEqual(
      g.tensor(name).shape,
    );
  const d = difference(g, name, data);
  recordDifference(g, id, d);
  expect(
    d.worst,
    `${g.family}/${g.group} ${id} ${name}: worst difference (bound ${d.bound})`,
  ).toBeLessThanOrEqual(d.bound);
}

/** Asserts that integers, bytes or floats are equal, and records it for docs/parity.md. */
export function expectExact(
  g: Golden,
  id: string,
  name: string,
  actual: ArrayLike<number | bigint>,
): void {
  const expected = Array.from(g.tensor(name).data as ArrayLike<number>, Number);
  const values = Array.from(actual, Number);
  let worst = values.length === expected.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < expected.length; i++)
    if (!Object.is(expected[i], values[i]) && expected[i] !== values[i])
      worst = Math.max(worst, Math.abs(expected[i] - values[i]) || Number.POSITIVE_INFINITY);
  recordDifference(g, id, { worst, bound: 0 });
  expect(worst, `${g.family}/${g.group} ${id} ${name} must be equal`).toBe(0);
}

/**
 * Asserts the rule for 8-bit images: at most 1 level of difference, on at most 0.5 % of the values.
 */
export function expectImage(g: Golden, id: string, name: string, actual: Uint8Array): void {
  const expected = g.tensor(name).data;
  expect(actual.length, `${g.family}/${g.group} ${id} ${name} size`).toBe(expected.length);
  let worst = 0;
  let changed = 0;
  for (let i = 0; i < actual.length; i++) {
    const d = Math.abs(actual[i] - Number(expected[i]));
    worst = Math.max(worst, d);
    if (d > 0) changed++;
  }
  recordDifference(g, id, { worst, bound: 1 });
  expect(
    worst,
    `${g.family}/${g.group} ${id} ${name}: worst difference in levels`,
  ).toBeLessThanOrEqual(1);
  expect(
    changed / actual.length,
    `${g.family}/${g.group} ${id} ${name}: share of values that differ`,
  ).toBeLessThanOrEqual(0.005);
}

/**
 * Asserts the rule for float images that passed through 8 bits: at most 0.5 % of the values exceed
 * the bound, by at most one level.
 */
export function expectThroughBytes(g: Golden, id: string, name: string, actual: Tensor): void {
  const expected = g.tensor(name);
  expect([...actual.shape], `${g.family}/${g.group} ${id} ${name} shape`).toEqual(expected.shape);
  const { worst, bound } = difference(g, name, actual.data);
  recordDifference(g, id, { worst, bound: Math.max(bound, 1 / 255) });
  const beyond = actual.data.filter(
    (value, i) => Math.abs(value - Number(expected.data[i])) > bound,
  ).length;
  expect(worst, `${g.family}/${g.group} ${id} ${name}: worst difference`).toBeLessThanOrEqual(
    Math.max(bound, 1 / 255 + 1e-6),
  );
  expect(
    beyond / actual.data.length,
    `${g.family}/${g.group} ${id} ${name}: share of values beyond ${bound}`,
  ).toBeLessThanOrEqual(0.005);
}

/**
 * Records a compared tensor for docs/parity.md: one JSON line in the folder that `npm run parity`
 * sets.
 */
function recordDifference(g: Golden, id: string, d: Difference): void {
  const folder = process.env.DARKROOM_PARITY;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  appendFileSync(
    join(folder, `${process.pid}.jsonl`),
    `${JSON.stringify({ family: g.family, group: g.group, id, ...d })}\n`,
  );
}

/**
 * Returns the path of an unpacked fixture model (test/fixtures/<name>.<format>.gz), unpacked once
 * beside node_modules.
 */
export function fixtureModel(name: string, format = 'safetensors'): string {
  const file = `${name}.${format}`;
  const target = join(root, '..', 'node_modules', '.cache', 'darkroom-fixtures', file);
  if (!existsSync(target)) {
    mkdirSync(dirname(target), { recursive: true });
    const temporary = `${target}.${process.pid}`;
    writeFileSync(temporary, gunzipSync(readFileSync(join(root, 'fixtures', `${file}.gz`))));
    renameSync(temporary, target);
  }
  return target;
}

/** The largest absolute difference between the values of two tensors of the same shape. */
export const maxDifference = (a: Tensor, b: Tensor): number =>
  a.data.reduce((max, value, i) => Math.max(max, Math.abs(value - b.data[i])), 0);
