// The memory that a model's networks take. Their graphs are built to count it, but not opened.
import type { NetworkSpec } from '../../runtime/network.ts';
import { peakOf, streamsFirst } from '../../runtime/network-loader.ts';
import type { ModelRuntime } from '../model-runtime.ts';

/** Creates a model's networks, which registers them with the runtime. */
export type OpenNetworks = (runtime: ModelRuntime) => Promise<unknown>;

export interface NetworkMemory {
  readonly name: string;
  /** Bytes of the weights as float32. */
  readonly memory: number;
  /** Bytes at the peak of loading. */
  readonly loadPeak: number;
}

/**
 * A runtime that adds the networks created on it to `specs` and opens none. `onRun` is called when
 * one of them is to run, which fails.
 */
export const recordingRuntime = (specs: NetworkSpec[], onRun?: () => void): ModelRuntime => ({
  device: 'cpu',
  threads: 1,
  textEncoders: 'fp16',
  precision: 'fp32',
  memoryLimit: Number.POSITIVE_INFINITY,
  network: (spec) => {
    specs.push(spec);
    return {
      run: () => {
        onRun?.();
        return Promise.reject(new Error('internal: a network that is only inspected'));
      },
    };
  },
  openNetworks: () => [],
  close: async () => undefined,
});

/**
 * Returns the memory of the networks that `open` creates. Of several variants of a network, the
 * plain one, which is created first, is measured.
 */
export async function measureNetworks(open: OpenNetworks): Promise<NetworkMemory[]> {
  const specs: NetworkSpec[] = [];
  await open(recordingRuntime(specs));
  const isFirstOfPart = ({ part }: NetworkSpec, i: number): boolean =>
    specs.findIndex((spec) => spec.part === part) === i;
  const networks: NetworkMemory[] = [];
  for (const spec of specs.filter(isFirstOfPart)) {
    const graph = await spec.build();
    const opened = streamsFirst(spec, graph) ? await spec.buildStreamed!() : graph;
    networks.push({ name: spec.part, memory: graph.weightBytes(), loadPeak: peakOf(opened) });
    for (const built of new Set([graph, opened])) built.onOpened?.();
  }
  return networks;
}
