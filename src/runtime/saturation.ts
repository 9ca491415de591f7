// Processors without VNNI add products of 8-bit integers in pairs of 16 bits, which large values overflow. ONNX Runtime can avoid it, at the
// cost of speed; whether it has to is tried out once.
import { createGraph } from '../onnx/builder.ts';
import { full } from '../tensor/tensor.ts';
import { openSession } from './session.ts';

let known: Promise<boolean> | undefined;

/** Whether sums of 8-bit products come out wrong here unless avoided. */
export function int8SumsSaturate(): Promise<boolean> {
  known ??= tryOut();
  return known;
}

const WIDTH = 64;
const MOST = 127;

/** Ones become 255 steps of 1/255; times weights of 127, each sum is 64 * 127. */
async function tryOut(): Promise<boolean> {
  const g = createGraph();
  const [values, scale, zero] = g.outputsOf(
    'DynamicQuantizeLinear',
    [g.input('x', [WIDTH, WIDTH])],
    3,
  );
  const weights = g.inlineRaw({
    type: 'i8',
    dims: [WIDTH, WIDTH],
    bytes: new Uint8Array(WIDTH * WIDTH).fill(MOST),
  });
  const scales = g.floats(new Array(WIDTH).fill(1));
  const y = g.op('com.microsoft.MatMulIntegerToFloat', [values, weights, scale, scales, zero]);
  g.output('y', y, [WIDTH, WIDTH]);
  const session = await openSession(g.serialize(), {
    name: 'a test of 8-bit sums',
    folder: '',
    threads: 1,
    providers: ['cpu'],
  });
  try {
    const result = await session.run({ x: full([WIDTH, WIDTH], 1) }, ['y']);
    return result['y'].data.some((sum) => Math.abs(sum - WIDTH * MOST) > 1);
  } finally {
    await session.close();
  }
}
