import { describe, expect, it } from 'vitest';
import { isPlainName, relativeName, resolveInside } from './safe-paths.ts';

describe('resolveInside', () => {
  it.each([
    ['a.png', '/root/a.png'],
    ['sub\\a.png', '/root/sub/a.png'],
    ['sub/../a.png', '/root/a.png'],
    ['', '/root'],
  ])('%o is %s', (name, path) => {
    expect(resolveInside('/root', name)).toBe(path);
  });

  it.each(['..', '../root2/a', '/etc/passwd', '..\\a', 'a\0b'])('refuses %o', (name) => {
    expect(resolveInside('/root', name)).toBeUndefined();
  });

  it('accepts any absolute path in the root of the file system', () => {
    expect(resolveInside('/', '/etc')).toBe('/etc');
  });
});

it('a plain name is relative and has no ..', () => {
  expect(isPlainName('sub/a.png')).toBe(true);
  for (const name of ['', '/a', '../a', 'a..b', 'a\0']) expect(isPlainName(name), name).toBe(false);
});

it('a relative name has slashes', () => {
  expect(relativeName('/root', '/root/sub/a.png')).toBe('sub/a.png');
});
