import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fingerprint } from './fingerprint.ts';

const folder = mkdtempSync(join(tmpdir(), 'darkroom-fingerprint-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, bytes: Buffer): string => {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};

it('the fingerprint of a small file is its SHA-256', () => {
  const bytes = Buffer.from('weights');
  expect(fingerprint(file('small', bytes))).toBe(
    `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
  );
  expect(fingerprint(file('empty', Buffer.alloc(0)))).toMatch(/^sha256:e3b0c442/);
});

describe('the fingerprint of a large file', () => {
  const bytes = Buffer.alloc(5 << 20, 7);
  const original = fingerprint(file('original', bytes));

  it('is a hash of samples', () => {
    expect(original).toMatch(/^sampled-sha256:[0-9a-f]{64}$/);
  });

  it('is equal for equal bytes', () => {
    expect(fingerprint(file('copy', bytes))).toBe(original);
  });

  it('differs when the size differs', () => {
    expect(fingerprint(file('longer', Buffer.alloc(bytes.length + 1, 7)))).not.toBe(original);
  });

  it.each([
    ['header', 100],
    ['last byte', bytes.length - 1],
  ])('differs when the %s differs', (part, offset) => {
    const other = Buffer.from(bytes);
    other[offset] = 8;
    expect(fingerprint(file(part, other))).not.toBe(original);
  });

  it('differs when all weights differ', () => {
    expect(fingerprint(file('trained', Buffer.alloc(bytes.length, 8)))).not.toBe(original);
  });
});
