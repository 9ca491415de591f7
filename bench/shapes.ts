// Tensor names with their shapes.

export type Shapes = Map<string, readonly number[]>;

/** Adds a weight, and the bias that belongs to it. */
export type Put = (name: string, weight: readonly number[], bias?: boolean) => void;

export const putter =
  (shapes: Shapes, prefix: string): Put =>
  (name, weight, bias = true) => {
    shapes.set(`${prefix}${name}.weight`, weight);
    if (bias) shapes.set(`${prefix}${name}.bias`, [weight[0]]);
  };
