// Processors without VNNI add products of 8-bit integers in pairs of 16 bits, which overflow for
// large values. ONNX Runtime can avoid this at the cost of speed; whether it is necessary is tested
// once.
import { createGraph } from '../onnx/builder.ts';
import { full } from '../tensor/tensor.ts';
import { openSession } from './session.ts';

let result: Promise<boolean> | undefined;

/** Returns whether sums of 8-bit products overflow on this processor. */
export function int8SumsSaturate(): Promise<boolean> {
  result ??= testSums();
  return result;
}

const WIDTH = 64;
const MAX_WEIGHT = 127;

/**
 * Computes sums with large values: ones become 255 steps of 1/255, so with weights of 127 each sum
 * is 64 * 127.
 */
async function testSums(): Promise<boolean> {
  const g = createGraph();
  const [values, scale, zero] = g.outputsOf(
    'DynamicQuantizeLinear',
    [g.input('x', [WIDTH, WIDTH])],
    3,
  );
  const weights = g.inlineRaw({
    type: 'i8',
    dims: [WIDTH, WIDTH],
    bytes: new Uint8Array(WIDTH * WIDTH).fill(MAX_WEIGHT),
  });
  const scales = g.floats(new Array(WIDTH).fill(1));
  const product = g.op('com.microsoft.MatMulIntegerToFloat', [
    values,
    weights,
    scale,
    scales,
    zero,
  ]);
  g.output('y', product, [WIDTH, WIDTH]);
  const session = await openSession(g.serialize(), {
    name: 'a test of 8-bit sums',
    folder: '',
    threads: 1,
    providers: ['cpu'],
  });
  try {
    const { y } = await session.run({ x: full([WIDTH, WIDTH], 1) }, ['y']);
    return y.data.some((sum) => Math.abs(sum - WIDTH * MAX_WEIGHT) > 1);
  } finally {
    await session.close();
  }
}
