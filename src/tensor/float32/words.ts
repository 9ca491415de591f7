// The bits of a double, for functions that read or change them.

export const double = new Float64Array(1);
/** The words of `double`. */
export const words = new Uint32Array(double.buffer);
/** Index of the less significant word. */
export const LOW = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0 : 1;
