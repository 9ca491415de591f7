import { expect, it } from 'vitest';
import { formatSize } from './format-size.ts';

it.each([
  [10.27e9, '10.3 GB'],
  [3.44e9, '3.4 GB'],
  [0.97e9, '1.0 GB'],
  [210.4e6, '210 MB'],
  [340.2e6, '340 MB'],
  [0.95e6, '1 MB'],
  [12_345, '13 kB'],
  [1, '1 kB'],
  [0, '0 kB'],
])('formats %d bytes', (bytes, text) => {
  expect(formatSize(bytes)).toBe(text);
});
