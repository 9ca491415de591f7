// Opens networks: builds the graph, makes room for its weights, and opens its session.
import { basename, dirname } from 'node:path';
import { DarkroomError } from '../errors.ts';
import { formatSize } from '../format-size.ts';
import type { Device } from './devices.ts';
import { loadPeak, type Memory, SPARE_BYTES } from './memory.ts';
import type { BuiltGraph, NetworkSpec } from './network.ts';
import type { OpenNetwork, OpenNetworks } from './open-networks.ts';
import { int8SumsSaturate } from './saturation.ts';
import { openSession, type Session, type SessionOptions } from './session.ts';
import type { SessionCache } from './session-cache.ts';

/** An estimate smaller than this does not refuse a network or an evaluation. */
export const LARGE_BYTES = 2 ** 29;

export interface LoaderOptions {
  readonly device: Device;
  readonly threads: number;
  readonly memory: Memory;
  /** Bytes of weights, as float32, that may be open together. */
  readonly memoryBudget: number;
  readonly sessionCache?: SessionCache;
  /** Prefix of the profile files that networks write when they are closed (for measurements). */
  readonly profile?: string;
  /** Called before a network is loaded (seconds for a large one). */
  readonly onLoad?: (spec: NetworkSpec) => void;
  /** Called with messages about networks that are opened in another way than usual. */
  readonly onNote?: (message: string) => void;
  /** Called with the bytes that its weights take as float32. */
  readonly onSize?: (spec: NetworkSpec, bytes: number) => void;
  /** Called when it is loaded. */
  readonly onLoaded?: (spec: NetworkSpec) => void;
}

/**
 * Returns a function that opens a network, after closing others of `opened` where memory is short.
 * It throws DR_OUT_OF_MEMORY for a network that cannot fit.
 */
export function networkLoader(
  options: LoaderOptions,
  opened: OpenNetworks,
): (key: string, spec: NetworkSpec) => Promise<OpenNetwork> {
  const { memory, device } = options;
  /** The keys of the networks that a note was about. */
  const noted = new Set<string>();

  /** Closes other networks until a graph fits; returns whether it does. */
  const makeRoom = async (spec: NetworkSpec, graph: BuiltGraph): Promise<boolean> => {
    const bytes = graph.weightBytes();
    const need = peakOf(graph) + SPARE_BYTES;
    const fits = (): boolean =>
      opened.weightBytes() + bytes <= options.memoryBudget && need <= memory.available();
    await opened.closeUntil(fits, spec);
    return bytes < LARGE_BYTES || need <= memory.available();
  };

  const open = async (
    key: string,
    spec: NetworkSpec,
    graph: BuiltGraph,
    streamsWeights: boolean,
  ): Promise<OpenNetwork> => {
    const weightBytes = graph.weightBytes();
    const session = await openBuiltGraph({ ...options, streamsWeights }, key, spec, graph);
    options.onLoaded?.(spec);
    return { spec, session, weightBytes, heldBytes: 0 };
  };

  /** Opens a network with its weights in memory, or returns undefined where it streams them. */
  const openInMemory = async (
    key: string,
    spec: NetworkSpec,
    graph: BuiltGraph,
  ): Promise<OpenNetwork | undefined> => {
    try {
      if (canStream(spec) && streamsFirst(spec, graph)) return undefined;
      options.onSize?.(spec, graph.weightBytes());
      if (await makeRoom(spec, graph)) return await open(key, spec, graph, false);
    } finally {
      graph.onOpened?.();
    }
    const available = memory.available();
    if (!canStream(spec)) throw networkTooLarge(spec, peakOf(graph), available);
    if (!noted.has(key)) options.onNote?.(streamedNote(spec, peakOf(graph), available));
    noted.add(key);
    return undefined;
  };

  const openStreamed = async (key: string, spec: NetworkSpec): Promise<OpenNetwork> => {
    const graph = await spec.buildStreamed!();
    try {
      if (spec.prefersStreamed) options.onSize?.(spec, graph.weightBytes());
      if (await makeRoom(spec, graph)) return await open(key, spec, graph, true);
      throw networkTooLarge(spec, peakOf(graph), memory.available());
    } finally {
      graph.onOpened?.();
    }
  };

  const canStream = (spec: NetworkSpec): boolean =>
    spec.buildStreamed !== undefined && device.name === 'cpu';

  return async (key, spec) => {
    options.onLoad?.(spec);
    return (await openInMemory(key, spec, await spec.build())) ?? (await openStreamed(key, spec));
  };
}

/** Whether a network, whose graph is given, streams its weights on a CPU even where they fit. */
export const streamsFirst = (spec: NetworkSpec, graph: BuiltGraph): boolean =>
  spec.prefersStreamed === true &&
  spec.buildStreamed !== undefined &&
  graph.weightBytes() >= LARGE_BYTES;

/** The bytes that opening a graph takes at its peak. */
export const peakOf = (graph: BuiltGraph): number =>
  loadPeak({ weightBytes: graph.weightBytes(), relayoutBytes: graph.relayoutBytes?.() ?? 0 });

async function openBuiltGraph(
  {
    device,
    threads,
    profile,
    sessionCache,
    streamsWeights,
  }: LoaderOptions & Pick<SessionOptions, 'streamsWeights'>,
  key: string,
  spec: NetworkSpec,
  graph: BuiltGraph,
): Promise<Session> {
  const model = graph.serialize(device.transform(spec.float16 === true));
  const sessionOptions: SessionOptions = {
    name: key,
    folder: graph.folder() || dirname(spec.file),
    threads,
    providers: device.providers,
    streamsWeights,
    avoidInt8Saturation: graph.hasIntegers?.() === true && (await int8SumsSaturate()),
    profile,
  };
  const isCacheable =
    spec.cacheSession && !streamsWeights && !graph.onOpened && device.name === 'cpu';
  return isCacheable && sessionCache
    ? sessionCache.open(model, graph.files?.() ?? [], graph.weightBytes(), sessionOptions)
    : openSession(model, sessionOptions);
}

const streamedNote = ({ file, part }: NetworkSpec, peak: number, available: number): string =>
  `${basename(file)} (${part}) would take ${formatSize(peak)} of memory, ` +
  `${formatSize(Math.max(0, available))} are free: its weights are read from the file in each ` +
  'evaluation, which takes longer';

const networkTooLarge = (
  { file, part }: NetworkSpec,
  peak: number,
  available: number,
): DarkroomError =>
  new DarkroomError('DR_OUT_OF_MEMORY', {
    message:
      `${basename(file)} (${part}) takes about ${formatSize(peak)} of memory to load, ` +
      `${formatSize(Math.max(0, available))} are free`,
    hint:
      'Close other programs, give the machine or container more memory, ' +
      'or use a smaller model.',
    file,
  });
