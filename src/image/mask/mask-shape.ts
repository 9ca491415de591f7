// The shapes that masks come in: [H,W], [N,H,W], [N,1,H,W], [N,H,W,1]. Nothing is copied here.
import { reshape, type Tensor } from '../../tensor/tensor.ts';

/** A mask [H,W], [N,H,W] or [N,1,H,W] as [N,H,W]. */
export function toNHW(mask: Tensor): Tensor {
  const [h, w] = mask.shape.slice(-2);
  return reshape(mask, [mask.data.length / (h * w), h, w]);
}

/** A mask [H,W], [N,H,W] or [N,1,H,W] as [N,1,H,W]. */
export function toN1HW(mask: Tensor): Tensor {
  const [h, w] = mask.shape.slice(-2);
  return reshape(mask, [mask.data.length / (h * w), 1, h, w]);
}

/**
 * Impact's make_2d_mask: drops a leading batch axis and channel axis of 1; a batch of several masks
 * is unchanged.
 */
export function squeezeMask(mask: Tensor): Tensor {
  const { shape } = mask;
  const drop =
    shape.length > 2 && shape[0] === 1 ? (shape.length > 3 && shape[1] === 1 ? 2 : 1) : 0;
  return drop ? reshape(mask, shape.slice(drop)) : mask;
}
