// Random pickles and files: each must be read, or refused with a PickleError or DarkroomError, in
// bounded time.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { computedMs } from '../../../test/support/computed-time.ts';
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
const TIME_LIMIT_MS = 5000;

/** Unpickles the bytes; returns 'read' or the fault. */
function outcome(bytes: Uint8Array): string {
  const started = computedMs();
  try {
    unpickle(bytes, { allowed: isAllowedInModels });
    return 'read';
  } catch (error) {
    if (!(error instanceof PickleError)) throw error;
    return error.fault;
  } finally {
    expect(computedMs() - started).toBeLessThan(TIME_LIMIT_MS);
  }
}

/** Opens the bytes as a file and reads all its tensors; a refusal must name the file. */
async function open(bytes: Uint8Array, name = 'fuzz.pt'): Promise<void> {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  const started = computedMs();
  try {
    const opened = await openModelFile(file, { cache: folder });
    try {
      for (const key of opened.tensors.keys()) await opened.readRaw(key);
    } finally {
      await opened.close();
    }
  } catch (error) {
    if (!(error instanceof DarkroomError)) throw error;
    expect(error.message).toContain(file);
    expect(error.hint).toMatch(/\w/);
  } finally {
    expect(computedMs() - started).toBeLessThan(TIME_LIMIT_MS);
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
const latin1 = (text: string) => Buffer.from(text, 'latin1');

/** Operations with plausible arguments, so that sequences are not refused at once. */
const operation = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...CODES).map((code) => Buffer.from([code])) },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom(...'N)]}(tuebsaRQ20\x85\x86\x87\x88\x89\x81\x8f\x90\x94')
      .map(latin1),
  },
  { weight: 2, arbitrary: fc.nat(255).map((n) => Buffer.from([0x4b, n])) },
  { weight: 2, arbitrary: fc.constantFrom(...NAMES).map((name) => latin1(`c${name}`)) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom('storage', 'state_dict', '0', 'cpu')
      .map((t) => Buffer.from([0x8c, t.length, ...latin1(t)])),
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
  .map((parts) => Buffer.concat([Buffer.from([0x80, 4]), ...parts, latin1('.')]));

/** A file with some bytes changed, a part removed, or a part of another file inserted. */
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
  .map(([source, changes, removal, insertion]) => {
    let bytes = Buffer.from(source);
    for (const [at, value] of changes) bytes[at % bytes.length] = value;
    if (removal) {
      const at = removal[0] % bytes.length;
      bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + removal[1])]);
    }
    if (insertion) {
      const [at, other, from, length] = insertion;
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
  it('unpickles or refuses any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void outcome(bytes)),
      { numRuns: 5000 },
    );
  });

  it('unpickles or refuses any sequence of operations', () => {
    const outcomes = new Set<string>();
    fc.assert(
      fc.property(program, (bytes) => void outcomes.add(outcome(bytes))),
      { numRuns: 20_000 },
    );
    expect([...outcomes]).toEqual(expect.arrayContaining(['forbidden', 'malformed', 'cut off']));
  });

  it('opens or refuses a zip file with any sequence of operations', async () => {
    await fc.assert(
      fc.asyncProperty(program, (bytes) => open(zipOf([{ name: 'a/data.pkl', data: bytes }]))),
      { numRuns: 300 },
    );
  });

  it('opens or refuses files of torch with random changes', async () => {
    await fc.assert(fc.asyncProperty(mutated, open as (bytes: Uint8Array) => Promise<void>), {
      numRuns: 1500,
    });
  });

  it('opens or refuses zip files with randomly changed pickles of torch', async () => {
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

  it('opens or refuses any bytes under any name', async () => {
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
        (start, rest, name) => open(Buffer.concat([latin1(start), rest]), name),
      ),
      { numRuns: 1000 },
    );
  });
});
