// Counts how many evaluations of the tiny Z-Image in ComfyUI's int8 pass the rule of the reference
// tensors: tsx bench/int8-spread.ts FILE, which test/golden/weights/int8_spread.py writes.
import { withModelFile } from '../src/formats/model-file.ts';
import { openSafetensors } from '../src/formats/safetensors/safetensors.ts';
import { createNextDit } from '../src/models/nextdit/nextdit.ts';
import { weightsOf } from '../src/models/weights/tensors.ts';
import { createRuntime } from '../src/runtime/runtime.ts';
import type { Tensor } from '../src/tensor/tensor.ts';
import { denoisedBy } from '../test/support/dit-cases.ts';
import { fixtureModel } from '../test/support/golden.ts';

const file = process.argv[2];
if (!file) throw new Error('usage: tsx bench/int8-spread.ts FILE.safetensors');
const cases = await openSafetensors(file);
const model = fixtureModel('tiny_z_image_int8_convrot');
const tensors = await withModelFile(model, (opened) => opened.tensors);
const runtime = createRuntime({ threads: 1 });
const network = createNextDit(runtime, weightsOf(model, tensors, ''));

const differences: number[] = [];
let passed = 0;
for (let i = 0; cases.tensors.has(`${i}/y`); i++) {
  const read = (name: string): Promise<Tensor> => cases.read(`${i}/${name}`);
  const [x, sigma, context, y] = await Promise.all(['x', 'sigma', 'context', 'y'].map(read));
  const inputs = { x, timesteps: sigma.data, context };
  const { data } = denoisedBy(await network.evaluate(inputs), inputs);
  const worst = Math.max(...y.data.map((value, at) => Math.abs(value - data[at])));
  const largest = Math.max(...y.data.map(Math.abs));
  differences.push(worst);
  if (worst <= Math.max(2e-6, 1e-5 * largest)) passed += 1;
}
await Promise.all([cases.close(), runtime.close()]);
console.log(`${passed} of ${differences.length} pass; largest ${Math.max(...differences)}`);
