// Objects that are written in parts.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUCKET, startS3, type TestS3 } from '../../../test/support/files/s3.ts';
import { type Bucket, createBucket } from './bucket.ts';

describe('a large object', () => {
  let s3: TestS3;
  let bucket: Bucket;
  beforeAll(async () => {
    s3 = await startS3();
    const { environment } = s3;
    bucket = createBucket({ name: BUCKET, environment, restMs: 1, attempts: 2, partBytes: 5 });
  });
  afterAll(() => s3.close());

  const content = Buffer.from('twelve bytes');
  const part = async (offset: number, length: number) => content.subarray(offset, offset + length);

  it('is written in parts, of which failed ones are sent again', async () => {
    s3.failures.push('cut');
    expect(await bucket.putLarge('big', content.length, part, true)).toBe(true);
    expect(s3.objects.get('big')?.bytes.toString()).toBe('twelve bytes');
  });

  it('does not replace an existing one', async () => {
    expect(await bucket.putLarge('big', content.length, part, true)).toBe(false);
  });

  it('is not written at all when a part cannot be read', async () => {
    const breaking = async (offset: number, length: number) =>
      offset > 0 ? Promise.reject(new Error('disk')) : part(offset, length);
    await expect(bucket.putLarge('never', content.length, breaking, true)).rejects.toThrow('disk');
    expect(s3.objects.has('never')).toBe(false);
  });
});
