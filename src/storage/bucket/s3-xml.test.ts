import { describe, expect, it } from 'vitest';
import { elementText, listedObjects } from './s3-xml.ts';

describe('elementText', () => {
  it('returns the text of the first element of a name', () => {
    const xml = '<Error><Code>SlowDown</Code><Code>Other</Code></Error>';
    expect(elementText(xml, 'Code')).toBe('SlowDown');
  });

  it('returns an empty text where there is no such element', () => {
    expect(elementText('<Error/>', 'Code')).toBe('');
  });

  it.each([
    ['&lt;a&gt; &amp; &quot;b&quot; &apos;c&apos;', `<a> & "b" 'c'`],
    ['&#228;&#x1F600;', 'ä😀'],
    ['&unknown;', '&unknown;'],
    ['&amp;lt;', '&lt;'],
    ['&#1114112;&#x110000;', '&#1114112;&#x110000;'],
  ])('unescapes %s', (escaped, text) => {
    expect(elementText(`<Key>${escaped}</Key>`, 'Key')).toBe(text);
  });
});

describe('listedObjects', () => {
  const entry = (key: string): string =>
    `<Contents><Key>${key}</Key><LastModified>2024-03-05T07:08:09.000Z</LastModified>` +
    '<ETag>&quot;abc&quot;</ETag><Size>12</Size></Contents>';

  it('returns the objects of an answer in order', () => {
    const xml = `<ListBucketResult>${entry('a.png')}\n${entry('b.png')}</ListBucketResult>`;
    const [first, second] = listedObjects(xml);
    expect(first).toEqual({
      key: 'a.png',
      size: 12,
      modified: new Date('2024-03-05T07:08:09Z'),
      etag: '"abc"',
    });
    expect(second.key).toBe('b.png');
  });

  it('decodes keys only where the answer says that they are encoded', () => {
    const encoded = entry('sub/a+b%26c.png');
    const withType = `<EncodingType>url</EncodingType>${encoded}`;
    expect(listedObjects(withType)[0].key).toBe('sub/a b&c.png');
    expect(listedObjects(encoded)[0].key).toBe('sub/a+b%26c.png');
  });

  it.each(['100%', '%ff'])('leaves the key %s, which is not encoded so, as it is', (key) => {
    const xml = `<EncodingType>url</EncodingType>${entry(key)}`;
    expect(listedObjects(xml)[0].key).toBe(key);
  });

  it('returns nothing for an empty listing', () => {
    expect(listedObjects('<ListBucketResult></ListBucketResult>')).toEqual([]);
  });
});
