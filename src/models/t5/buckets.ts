// The buckets of T5's relative position biases (Raffel et al. 2020, section 2.1): near distances
// have one each, far ones share them by the logarithm of the distance.

import { MAX_FLOAT32 } from '../../tensor/float32/limits.ts';
import { log } from '../../tensor/float32/log.ts';
import { type Tensor, tensor, zeros } from '../../tensor/tensor.ts';

/** From this distance on, all positions share a bucket. */
const MAX_DISTANCE = 128;

/** Returns the bucket of each key position for each query position, [1, length, length]. */
export function relativeBuckets(length: number, buckets: number): Tensor {
  const half = buckets / 2;
  const before = Array.from({ length }, (_, distance) => bucketOf(distance, half));
  const table = zeros([1, length, length]);
  for (let query = 0; query < length; query++)
    for (let key = 0; key < length; key++)
      table.data[query * length + key] =
        key > query ? half + before[key - query] : before[query - key];
  return table;
}

/** Returns what hides tokens that a mask has 0 for, [sequences, 1, 1, length]. */
export function hidingBias(masks: readonly (readonly number[])[], length: number): Tensor {
  const values = masks.flatMap((mask) => mask.map((shown) => (shown === 0 ? -MAX_FLOAT32 : 0)));
  return tensor([masks.length, 1, 1, length], Float32Array.from(values));
}

/** The bucket of a distance, of those for one direction. */
function bucketOf(distance: number, buckets: number): number {
  const exact = buckets / 2;
  if (distance < exact) return distance;
  const ratio = Math.fround(log(Math.fround(distance / exact)) / Math.log(MAX_DISTANCE / exact));
  const far = exact + Math.floor(Math.fround(ratio * (buckets - exact)));
  return Math.min(far, buckets - 1);
}
