// Random pickles and files: each is read or refused with an error of ours, in bounded time; nothing
// else may happen.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { zipOf } from '../../../test/support/files/zip.ts';
import { DarkroomError } from '../../errors.ts';
import { openModelFile } from '../model-file.ts';
import { isAllowedInModels } from './allowed-globals.ts';
import { OPERATIONS } from './opcodes.ts';
import { PickleError } from './pickle-error.ts';
import { unpickle } from './unpickle.ts';

const folder = mkdtempSync(join(tmpdir(), 'fuzz-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const fixture = (name: string) =>
  readFileSync(new URL(`../../../test/fixtures/torch/${name}`, import.meta.url));
const FIXTURES = [
  'zip_2.pt',
  'zip_5.pt',
  'legacy_2.pt',
  'legacy_4.pt',
  'lightning.ckpt',
  'lightning_legacy.ckpt',
  'fp8.pt',
  'inversion_module.pt',
];
const TIME = 5000;

function outcome(bytes: Uint8Array): 'read' | string {
  const started = performance.now();
  try {
    unpickle(bytes, { allowed: isAllowedInModels });
    return 'read';
  } catch (error) {
    if (!(error instanceof PickleError)) throw error;
    return error.fault;
  } finally {
    expect(performance.now() - started).toBeLessThan(TIME);
  }
}

async function open(bytes: Uint8Array, name = 'fuzz.pt'): Promise<void> {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  const started = performance.now();
  try {
    const opened = await openModelFile(file, { cache: folder });
    try {
      // what was accepted can be read
      for (const key of opened.tensors.keys()) await opened.readRaw(key);
    } finally {
      await opened.close();
    }
  } catch (error) {
    if (!(error instanceof DarkroomError)) throw error;
    expect(error.message).toContain(file);
    expect(error.hint).toMatch(/\w/);
  } finally {
    expect(performance.now() - started).toBeLessThan(TIME);
  }
}

const CODES = OPERATIONS.flatMap((operation, code) => (operation ? [code] : []));
const NAMES = [
  'collections\nOrderedDict\n',
  'torch\nFloatStorage\n',
  'torch._utils\n_rebuild_tensor_v2\n',
  'os\nsystem\n',
  'torch\nSize\n',
];
const line = (text: string) => Buffer.from(text, 'latin1');

/** Operations with arguments that make sense, so that sequences get far. */
const operation = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...CODES).map((code) => Buffer.from([code])) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(...'N)]}(tuebsaRQ20\x85\x86\x87\x88\x89\x81\x8f\x90\x94').map(line),
  },
  { weight: 2, arbitrary: fc.nat(255).map((n) => Buffer.from([0x4b, n])) },
  { weight: 2, arbitrary: fc.constantFrom(...NAMES).map((name) => line(`c${name}`)) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom('storage', 'state_dict', '0', 'cpu')
      .map((t) => Buffer.from([0x8c, t.length, ...line(t)])),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom('q', 'h'), fc.nat(5))
      .map(([op, n]) => Buffer.from([op.charCodeAt(0), n])),
  },
);
const program = fc
  .array(operation, { maxLength: 60 })
  .map((parts) => Buffer.concat([Buffer.from([0x80, 4]), ...parts, line('.')]));

/** A file with some bytes changed, a part cut out, or a part of another put in. */
const mutated = fc
  .tuple(
    fc.constantFrom(...FIXTURES.map(fixture)),
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }),
    fc.option(fc.tuple(fc.nat(), fc.nat(64)), { freq: 3 }),
    fc.option(
      fc.tuple(fc.nat(), fc.constantFrom(...FIXTURES.map(fixture)), fc.nat(), fc.nat(200)),
      { freq: 3 },
    ),
  )
  .map(([source, changes, cut, put]) => {
    let bytes = Buffer.from(source);
    for (const [at, value] of changes) bytes[at % bytes.length] = value;
    if (cut) {
      const at = cut[0] % bytes.length;
      bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + cut[1])]);
    }
    if (put) {
      const [at, other, from, length] = put;
      const to = at % (bytes.length + 1);
      bytes = Buffer.concat([
        bytes.subarray(0, to),
        other.subarray(from % other.length, (from % other.length) + length),
        bytes.subarray(to),
      ]);
    }
    return bytes;
  });

describe('fuzz', () => {
  it('any bytes as a pickle', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void outcome(bytes)),
      { numRuns: 5000 },
    );
  });

  it('any sequence of operations', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(program, (bytes) => void seen.add(outcome(bytes))),
      { numRuns: 20_000 },
    );
    expect([...seen]).toEqual(expect.arrayContaining(['forbidden', 'malformed', 'cut off']));
  });

  it('any sequence of operations inside of a file', async () => {
    await fc.assert(
      fc.asyncProperty(program, (bytes) => open(zipOf([{ name: 'a/data.pkl', data: bytes }]))),
      { numRuns: 300 },
    );
  });

  it('files of torch, changed at random', async () => {
    await fc.assert(fc.asyncProperty(mutated, open as (bytes: Uint8Array) => Promise<void>), {
      numRuns: 1500,
    });
  });

  it('pickles of torch, changed at random and packed again', async () => {
    const pickles = FIXTURES.filter((name) => !name.includes('legacy')).map((name) => {
      const bytes = fixture(name);
      const start = bytes.indexOf(Buffer.from([0x80, 2]));
      return bytes.subarray(start, start + 1200);
    });
    const changed = fc
      .tuple(
        fc.constantFrom(...pickles),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      )
      .map(([source, changes]) => {
        const bytes = Buffer.from(source);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        return bytes;
      });
    await fc.assert(
      fc.asyncProperty(changed, (data) =>
        open(
          zipOf([
            { name: 'a/data.pkl', data },
            ...Array.from({ length: 20 }, (_, i) => ({
              name: `a/data/${i}`,
              data: Buffer.alloc(200),
            })),
          ]),
        ),
      ),
      { numRuns: 500 },
    );
  });

  it('any bytes as a file, under any name', async () => {
    const head = fc.constantFrom(
      '',
      'PK\x03\x04',
      '\x80\x02',
      '\x80\x04\x95',
      'cos\n',
      '(dp0\n',
      '\x08\0\0\0\0\0\0\0{',
      '{"',
    );
    await fc.assert(
      fc.asyncProperty(
        head,
        fc.uint8Array({ maxLength: 100 }),
        fc.constantFrom('a.pt', 'a.safetensors', 'a'),
        (start, rest, name) => open(Buffer.concat([line(start), rest]), name),
      ),
      { numRuns: 1000 },
    );
  });
});
