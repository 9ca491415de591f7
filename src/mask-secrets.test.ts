import { describe, expect, it, vi } from 'vitest';
import { computedMs } from '../test/support/computed-time.ts';
import { maskError, maskSecrets, maskUrl, secretsInUrl } from './mask-secrets.ts';

describe('maskUrl', () => {
  it.each([
    ['postgres://me:hunter2@db:5432/jobs', 'postgres://me:…@db:5432/jobs'],
    ['postgres://me@db/jobs', 'postgres://me@db/jobs'],
    ['postgres://me:p@ss:w@db/jobs', 'postgres://me:…@db/jobs'],
    ['postgres://me:p/w@db/jobs', 'postgres://me:…@db/jobs'],
    ['postgres://me:1/w@db/jobs', 'postgres://me:…@db/jobs'],
    ['postgres://me:1?w@db/jobs', 'postgres://me:…@db/jobs'],
    ['postgres://me:p%40ss@db/jobs', 'postgres://me:…@db/jobs'],
    ['postgres://me:a b"c@db/jobs', 'postgres://me:…@db/jobs'],
    [
      'postgres://db/jobs?user=me&password=x&sslmode=require',
      'postgres://db/jobs?user=me&password=…&sslmode=require',
    ],
    ['https://host/a@b?token=t&size=1', 'https://host/a@b?token=…&size=1'],
    ['https://key@host/', 'https://…@host/'],
    ['https://me:key@host/', 'https://…@host/'],
    ['https://host/plain', 'https://host/plain'],
    ['postgres:me:s3cret@db', '…@db'],
    ['nonsense', 'nonsense'],
    ["host=db password='a@b c' user=me", 'host=db password=… user=me'],
  ])('of %s', (text, masked) => {
    expect(maskUrl(text)).toBe(masked);
  });
});

describe('maskSecrets', () => {
  it.each([
    ["can't reach postgres://me:s3cret@db/jobs: no", "can't reach postgres://me:…@db/jobs: no"],
    ['host=db password=s3cret user=me', 'host=db password=… user=me'],
    ["host=db password = 'it\\'s s3cret' user=me", 'host=db password = … user=me'],
    ["host=db password='s3cret", 'host=db password=…'],
    ['Authorization: Bearer s3cret', 'Authorization: Bearer …'],
    ['no secrets, see https://host/a?b=c', 'no secrets, see https://host/a?b=c'],
  ])('in %s', (text, masked) => {
    expect(maskSecrets(text)).toBe(masked);
  });

  it('masks a given secret however it is written', () => {
    const secret = 'p@ss "w/rd"';
    const text = [secret, encodeURIComponent(secret), JSON.stringify({ secret })].join(' | ');
    expect(maskSecrets(text, [secret])).toBe('… | … | {"secret":"…"}');
  });

  it('takes time in proportion to the length of the text', () => {
    const started = computedMs();
    for (const piece of ["password='", 'a://', 'password ', 'a://b@', 'Bearer '])
      maskSecrets(piece.repeat(100_000));
    expect(computedMs() - started).toBeLessThan(10_000);
  });
});

it('finds the secrets in the address of a database', () => {
  expect(secretsInUrl('postgres://me:p%40ss%2Fw@db/jobs?sslpassword=other')).toEqual([
    'p@ss/w',
    'other',
  ]);
  expect(secretsInUrl('postgres://me:p@s/s@db/jobs')).toEqual(['p@s/s']);
  expect(secretsInUrl('postgres://me@db/jobs')).toEqual([]);
});

it('masks an error and leaves out what a driver attaches to it', () => {
  const error = Object.assign(new Error('bad s3cret'), { code: 'X', input: 's3cret' });
  const masked = maskError(error, ['s3cret']);
  expect({ ...masked, message: masked.message }).toEqual({ code: 'X', message: 'bad …' });
  expect(masked.stack).not.toContain('s3cret');
});

it('masks equal secrets once', () => {
  const replaceAll = vi.spyOn(String.prototype, 'replaceAll');
  try {
    expect(maskSecrets('a hidden word', Array(1000).fill('hidden'))).toBe('a … word');
    expect(replaceAll.mock.calls.length).toBeLessThan(5);
  } finally {
    replaceAll.mockRestore();
  }
});
