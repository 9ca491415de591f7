// Opens and runs networks. A network is opened when it is first run, and closed when others need
// its memory.
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { DarkroomError } from '../errors.ts';
import { formatSize } from '../format-size.ts';
import { serial } from '../serial.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { CPU } from './devices.ts';
import { SPARE_BYTES, systemMemory } from './memory.ts';
import type { Network, NetworkInputs, NetworkSpec } from './network.ts';
import { LARGE_BYTES, type LoaderOptions, networkLoader } from './network-loader.ts';
import { openNetworks } from './open-networks.ts';
import type { Precision } from './precision.ts';

export interface RuntimeOptions extends Partial<LoaderOptions> {
  /** What networks that allow it compute in; auto by default. int8 needs prepacked weights. */
  readonly precision?: Precision;
}

export interface Runtime {
  readonly device: string;
  /** What networks that allow it compute in; auto on a CPU only. */
  readonly precision: Precision;
  /** Bytes of memory that this process may use at most. */
  readonly memoryLimit: number;
  readonly threads: number;
  /** Returns a network that is opened when it is run. */
  network(spec: NetworkSpec): Network;
  /** The keys of the open networks (file, part, variant), least recently used first. */
  openNetworks(): readonly string[];
  /** Closes all networks. They open again when they are run. */
  close(): Promise<void>;
}

/**
 * Returns a runtime without open networks: by default on the CPU, with all cores and all memory.
 */
export function createRuntime(options: RuntimeOptions = {}): Runtime {
  const { device = CPU, memory = systemMemory, precision = 'auto', ...rest } = options;
  const threads = options.threads ?? availableParallelism();
  const memoryBudget = options.memoryBudget ?? Number.POSITIVE_INFINITY;
  const opened = openNetworks();
  const open = networkLoader({ ...rest, device, memory, threads, memoryBudget }, opened);
  // one evaluation or load at a time: no network may be closed while it runs
  const inTurn = serial();

  const makeRoom = async (
    key: string,
    spec: NetworkSpec,
    workingBytes: number,
    heldBytes: number,
  ): Promise<void> => {
    if (workingBytes <= heldBytes) return;
    const need = workingBytes - heldBytes + SPARE_BYTES;
    await opened.closeUntil(() => need <= memory.available(), spec, key);
    if (workingBytes >= LARGE_BYTES && need > memory.available())
      throw evaluationTooLarge(spec, need, memory.available());
  };

  const run = async (
    key: string,
    spec: NetworkSpec,
    inputs: NetworkInputs,
  ): Promise<Record<string, Tensor>> => {
    const network = opened.get(key) ?? (await open(key, spec));
    opened.use(key, network);
    const workingBytes = spec.workingBytes?.(inputs) ?? 0;
    await makeRoom(key, spec, workingBytes, network.heldBytes);
    const result = await network.session.run(inputs, spec.outputs);
    network.heldBytes = Math.max(network.heldBytes, workingBytes);
    return result;
  };

  return {
    device: device.name,
    precision: device.name === 'cpu' ? precision : device.precision,
    memoryLimit: memory.limit(),
    threads,
    network: (spec) => {
      const key = [spec.file, spec.part, spec.variant].filter(Boolean).join(' ');
      return { run: (inputs) => inTurn(() => run(key, spec, inputs)) };
    },
    openNetworks: () => opened.keys(),
    close: () => inTurn(() => opened.closeAll()),
  };
}

const evaluationTooLarge = (
  { file, part, outOfMemoryHint }: NetworkSpec,
  need: number,
  available: number,
): DarkroomError =>
  new DarkroomError('DR_OUT_OF_MEMORY', {
    message:
      `${basename(file)} (${part}) needs about ${formatSize(need)} of memory for this image, ` +
      `${formatSize(Math.max(0, available))} are free`,
    hint:
      outOfMemoryHint ?? 'Make the image or the batch smaller, or free memory for this process.',
    file,
  });
