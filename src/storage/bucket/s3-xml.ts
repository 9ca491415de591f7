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

const MAX_CODE_POINT = 0x10ffff;

/** What is no valid reference stays as it is. */
const unescapeXml = (text: string): string =>
  text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return ownValue(ENTITIES, name) ?? whole;
    const code = Number.parseInt(decimal ?? hex, decimal ? 10 : 16);
    return code <= MAX_CODE_POINT ? String.fromCodePoint(code) : whole;
  });

/** Returns the text of the first element of this name; '' where there is none. */
export const elementText = (xml: string, name: string): string =>
  unescapeXml(new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? '');

/** Returns the objects of a ListObjectsV2 answer. */
export function listedObjects(xml: string): BucketObject[] {
  const isEncoded = /<EncodingType>url</.test(xml);
  const keyOf = (text: string): string => (isEncoded ? decodeKey(text) : text);
  const entries = xml.split('<Contents>').slice(1);
  return entries.map((entry) => ({
    key: keyOf(elementText(entry, 'Key')),
    size: Number(elementText(entry, 'Size')),
    modified: new Date(elementText(entry, 'LastModified')),
    etag: elementText(entry, 'ETag'),
  }));
}

/** A key as EncodingType=url encodes it; one that is not encoded so stays as it is. */
function decodeKey(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
