// Compares networks of the fixture models on WebGPU and on the CPU. It is a program of its own,
// because a driver may end the process. Prints one line of JSON: the device, and for each network
// the largest difference and the largest value.
import { loadCheckpoint } from '../../src/models/checkpoint/load.ts';
import { CPU, type Device, openDevice } from '../../src/runtime/devices.ts';
import { createRuntime } from '../../src/runtime/runtime.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';

const [file] = process.argv.slice(2);

const wave = (...shape: number[]): Tensor =>
  tensor(
    shape,
    Float32Array.from({ length: shape.reduce((n, d) => n * d) }, (_, i) => Math.sin(i * 1.3)),
  );

async function results(device: Device): Promise<Record<string, Tensor>> {
  const runtime = createRuntime({ threads: 1, device });
  const { denoiser: unet, encoders, vae } = await loadCheckpoint(file, runtime);
  const chunk = [49406, 320, 1125, ...new Array(74).fill(49407)];
  const encoded = await encoders[0].encode([chunk], {
    layer: 'last',
    finalNorm: true,
    project: false,
  });
  const context = tensor(
    [1, 7, unet!.contextDim],
    encoded.hidden.data.slice(0, 7 * unet!.contextDim),
  );
  const found = {
    text: encoded.hidden,
    unet: await unet!.evaluate({ x: wave(1, 4, 8, 8), timesteps: Float32Array.of(500), context }),
    picture: await vae!.decode(wave(1, 4, 4, 4)),
  };
  await runtime.close();
  return found;
}

const device = await openDevice('webgpu');
const [here, there] = [await results(CPU), await results(device)];
const largest = (values: Iterable<number>): number =>
  [...values].reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const compared = Object.entries(here).map(([name, { data }]) => [
  name,
  {
    difference: largest(data.map((value, i) => value - there[name].data[i])),
    value: largest(data),
  },
]);
process.stdout.write(
  `${JSON.stringify({ precision: device.precision, ...Object.fromEntries(compared) })}\n`,
);
