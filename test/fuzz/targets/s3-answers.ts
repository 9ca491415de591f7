// Answers of an S3-compatible service.
import { elementText, listedObjects } from '../../../src/storage/bucket/s3-xml.ts';
import type { FuzzTarget } from '../target.ts';

export const target: FuzzTarget = {
  run: (input) => {
    const xml = input.toString('utf8');
    listedObjects(xml);
    for (const name of ['Code', 'NextContinuationToken', 'UploadId']) elementText(xml, name);
  },
  seeds: () => [
    '<ListBucketResult><EncodingType>url</EncodingType><NextContinuationToken>a&amp;b' +
      '</NextContinuationToken><Contents><Key>a+b%2Fc</Key><LastModified>2026-01-01T00:00:00.000Z' +
      '</LastModified><ETag>&quot;x&quot;</ETag><Size>12</Size></Contents></ListBucketResult>',
    '<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>',
  ],
  dictionary: ['<Contents>', '</Contents>', '<Key>', '</Key>', '<Size>', '&#x41;', '&amp;', '%'],
};
