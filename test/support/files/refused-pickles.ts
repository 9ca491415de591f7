// Opens hostile pickles in each format of model files.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { openModelFile } from '../../../src/formats/model-file.ts';
import { computedMs } from '../computed-time.ts';
import * as p from './pickle.ts';
import { torchFile } from './torch-file.ts';
import { zipOf } from './zip.ts';

export const folder = mkdtempSync(join(tmpdir(), 'hostile-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

export const asZip = (pickle: Uint8Array): Buffer =>
  zipOf([{ name: 'archive/data.pkl', data: pickle }]);
/** A sequential file with the pickle in place of the saved value. */
export const asSequential = (pickle: Uint8Array): Buffer => {
  const whole = torchFile({}, { sequential: true });
  const empty = p.pickle(p.dict());
  const at = whole.indexOf(empty);
  return Buffer.concat([whole.subarray(0, at), pickle, whole.subarray(at + empty.length)]);
};

const FORMATS = [asZip, asSequential, (pickle: Uint8Array) => pickle];

/** Opens the pickle in each format and returns the errors. */
export async function refusals(
  pickle: Uint8Array,
  formats = FORMATS,
): Promise<{ code: string; message: string; hint: string }[]> {
  const errors = [];
  for (const [i, bytes] of formats.map((format) => format(pickle)).entries()) {
    const file = join(folder, `evil${i}.ckpt`);
    writeFileSync(file, bytes);
    const started = computedMs();
    const error = await openModelFile(file).then(
      () => expect.unreachable('the file was opened'),
      (e) => e,
    );
    expect(computedMs() - started).toBeLessThan(10_000);
    expect(error).toMatchObject({ name: 'DarkroomError', file });
    expect(error.message.startsWith(`${file} `), error.message).toBe(true);
    expect(error.message).not.toMatch(/[^\x20-\x7e…]/);
    errors.push(error);
  }
  return errors;
}

export const raw = (latin1: string): Buffer => Buffer.from(latin1, 'latin1');
