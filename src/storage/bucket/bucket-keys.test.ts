import { describe, expect, it } from 'vitest';
import { bucketKeys, parseBucketLocation } from './bucket-keys.ts';

describe('the keys of a bucket', () => {
  const keys = bucketKeys('s3://bucket/team', 'team/');

  it('begin with the prefix and the folder', () => {
    expect(keys.prefixOf('output')).toBe('team/output/');
    expect(keys.existing('input', 'sub/a.png')).toBe('team/input/sub/a.png');
  });

  it('are normalised', () => {
    expect(keys.existing('input', 'sub\\x/.././/a.png')).toBe('team/input/sub/a.png');
  });

  it.each(['', '.', '..', '/a', '../a', 'a/../../b', 'a/', 'a\0b', '..\\a'])(
    'do not exist for %j, which can’t be written either',
    (name) => {
      expect(keys.existing('input', name)).toBeUndefined();
      expect(() => keys.toWrite('input', name)).toThrow('is outside s3://bucket/team/input');
    },
  );

  it('have at most 1024 bytes', () => {
    const longest = 'ä'.repeat((1024 - 'team/input/'.length - 1) / 2);
    expect(keys.existing('input', longest)).toBe(`team/input/${longest}`);
    expect(keys.existing('input', `${longest}ä`)).toBeUndefined();
  });

  it('are shortened to names again', () => {
    const modified = new Date(2024, 2, 5);
    const object = { key: 'team/temp/sub/a.png', size: 3, modified, etag: '"x"' };
    expect(keys.fileOf('temp', object)).toEqual({ name: 'sub/a.png', size: 3, modified });
  });
});

describe('parseBucketLocation', () => {
  it.each([
    { location: 's3://bucket', name: 'bucket', prefix: '' },
    { location: 's3://bucket/', name: 'bucket', prefix: '' },
    { location: 'S3://my.bucket-1/a//b/', name: 'my.bucket-1', prefix: 'a/b/' },
  ])('splits $location', ({ location, name, prefix }) => {
    expect(parseBucketLocation(location)).toEqual({ name, prefix });
  });

  it.each(['s3://', 's3://ab', 's3://under_score/x', 's3://bucket/../x', 's3://bucket/./x'])(
    'refuses %s',
    (location) => {
      expect(() => parseBucketLocation(location)).toThrow('is not a location in a bucket');
    },
  );
});
