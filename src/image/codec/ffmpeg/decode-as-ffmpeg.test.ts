// Files as LoadImage of ComfyUI 0.33.0 reads them (PyAV 18.1.0, x86-64).
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { expectGolden, type GoldenCase, golden } from '../../../../test/support/golden.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { type DecodedImage, decodeImage } from '../decode-image.ts';
import { decodeAsFfmpeg } from './decode-as-ffmpeg.ts';

const inputFile = (name: string): Buffer =>
  readFileSync(new URL(`../../../../test/golden/versions/input/${name}`, import.meta.url));

/** floor(255 image + 0.5), by which the references are compared too. */
const bytesOf = ({ image }: DecodedImage): Uint8Array =>
  Uint8Array.from(image.data, (value) => Math.floor(Math.fround(255 * value) + 0.5));

const READERS = { '0.3.64': decodeImage, '0.33.0': decodeAsFfmpeg };
/** Chroma of lossy WebP is enlarged by libwebp, not by FFmpeg: docs/image-files.md. */
const NOT_FOLLOWED: ReadonlySet<string> = new Set(['lossy.webp']);

describe.each(['0.3.64', '0.33.0'] as const)('ComfyUI %s', (version) => {
  const g = golden('versions', `load_image_${version}`);
  const followed = g.cases.filter(({ id }) => version === '0.3.64' || !NOT_FOLLOWED.has(id));
  it.each(followed.map((c): [string, GoldenCase] => [c.id, c]))('%s', async (id, c) => {
    const decoded = await READERS[version](inputFile(id), id);
    expect(decoded.image.shape).toEqual(c.scalars?.image_shape);
    expect(decoded.mask.shape).toEqual(c.scalars?.mask_shape);
    expectGolden(g, id, c.outputs.mask, decoded.mask);
    if (c.outputs.image) expectGolden(g, id, c.outputs.image, decoded.image);
    expect(bytesOf(decoded)).toEqual(g.tensor(c.outputs.image8).data);
  });
});

interface Digest {
  readonly shape: readonly number[];
  readonly sha256: string;
}
interface FileCase {
  readonly name: string;
  readonly file: string;
  readonly image: Digest;
  readonly mask: Digest;
}

const digest = ({ shape, data }: Tensor): Digest => ({
  shape,
  sha256: createHash('sha256')
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('hex'),
});

describe('files in many forms, equal to the bit', () => {
  const file = new URL('../../../../test/golden/versions/files_0.33.0.json.gz', import.meta.url);
  const cases: FileCase[] = JSON.parse(gunzipSync(readFileSync(file)).toString());
  it.each(cases)('$name', async ({ name, file, image, mask }) => {
    const decoded = await decodeAsFfmpeg(Buffer.from(file, 'base64'), name);
    expect({ image: digest(decoded.image), mask: digest(decoded.mask) }).toEqual({ image, mask });
  });
});
