// The XML answers of S3's API, as far as they are read.
import { ownValue } from '../../own-value.ts';

export interface BucketObject {
  readonly key: string;
  readonly size: number;
  readonly modified: Date;
  readonly etag: string;
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

const unescapeXml = (text: string): string =>
  text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal, hex, name) =>
    name === undefined
      ? String.fromCodePoint(Number.parseInt(decimal ?? hex, decimal ? 10 : 16))
      : (ownValue(ENTITIES, name) ?? whole),
  );

/** Returns the text of the first element of this name; '' where there is none. */
export const elementText = (xml: string, name: string): string =>
  unescapeXml(new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? '');

/** Returns the objects of a ListObjectsV2 answer. */
export function listedObjects(xml: string): BucketObject[] {
  const isEncoded = /<EncodingType>url</.test(xml);
  const keyOf = (text: string): string =>
    isEncoded ? decodeURIComponent(text.replaceAll('+', ' ')) : text;
  const entries = xml.split('<Contents>').slice(1);
  return entries.map((entry) => ({
    key: keyOf(elementText(entry, 'Key')),
    size: Number(elementText(entry, 'Size')),
    modified: new Date(elementText(entry, 'LastModified')),
    etag: elementText(entry, 'ETag'),
  }));
}
