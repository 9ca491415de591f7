import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isNameError, noFreeName, unwritableError, writeHint } from './write-errors.ts';

const failure = (code: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`${code}: said by the system`), { code });

it.each([
  ['ENOSPC', /^The disk is full \([\d.]+ [kMG]B free\); free space, or name .* --temp\.$/],
  ['EDQUOT', /^Your disk quota is used up \([\d.]+ [kMG]B free\); free space/],
  ['EROFS', /^The disk is read-only; name another folder with --temp\.$/],
  ['EACCES', /^Allow writing there, or name another folder with --temp\.$/],
  ['EIO', /^The disk has an error/],
  ['EWHATEVER', /^Name another folder with --temp\.$/],
])('%s names the folder, the reason and the remedy', (code, hint) => {
  const folder = join(import.meta.dirname, 'none', 'deeper');
  const error = unwritableError(folder, failure(code), '--temp');
  expect(error).toMatchObject({ code: 'DR_OUTPUT_UNWRITABLE', file: folder });
  expect(error.message).toBe(`nothing can be saved in ${folder}: ${code}: said by the system`);
  expect(error.hint).toMatch(hint);
});

it('errors of a name are distinguished from errors of the disk', () => {
  for (const code of ['ENAMETOOLONG', 'EISDIR', 'ENOTDIR', 'ELOOP', 'EINVAL'])
    expect(isNameError(failure(code)), code).toBe(true);
  for (const code of ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EIO', 'EMFILE'])
    expect(isNameError(failure(code)), code).toBe(false);
  expect(isNameError(noFreeName('/folder', 'a.png'))).toBe(false);
});

it('an unknown error has the hint of the caller', () => {
  expect(writeHint('/', new Error('?'), '--out', 'Try again.')).toBe('Try again.');
});
