import { expect, it } from 'vitest';
import { previewFrame, previewFrameWithMetadata } from './frames.ts';

const image = Uint8Array.of(0xff, 0xd8);

it('a preview has kind 1 and the format of the image', () => {
  expect(previewFrame('image/png', image).toString('hex')).toBe('0000000100000002ffd8');
  expect(previewFrame('image/jpeg', image).toString('hex')).toBe('0000000100000001ffd8');
});

it('a preview with metadata has kind 4 and the length of the metadata in bytes', () => {
  const frame = previewFrameWithMetadata('{"a":"ü"}', image);
  expect(frame.subarray(0, 8).toString('hex')).toBe('000000040000000a');
  expect(frame.subarray(8, 18).toString()).toBe('{"a":"ü"}');
  expect(frame.subarray(18)).toEqual(Buffer.from(image));
});
