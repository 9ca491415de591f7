// Holds the open networks. A network is opened when it is first evaluated, and closed when others need its memory.
import { availableParallelism } from 'node:os';
import { basename, dirname } from 'node:path';
import { DarkroomError } from '../errors.ts';
import type { Network } from '../models/types.ts';
import type { PrepackedStore } from '../models/weights/prepacked-store.ts';
import type { SessionCache } from '../models/weights/session-cache.ts';
import type { Graph } from '../onnx/builder.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { CPU, type Device } from './devices.ts';
import { inUnits, loadPeak, type Memory, systemMemory } from './memory.ts';
import type { Precision } from './precision.ts';
import { int8SumsSaturate } from './saturation.ts';
import { openSession, type Session, type SessionOptions } from './session.ts';

export interface RuntimeOptions {
  /** Where networks run; the CPU unless given (devices.ts opens others). */
  readonly device?: Device;
  /** Threads of one evaluation; all cores unless given. */
  readonly threads?: number;
  /** What text encoders' weights are rounded to: fp16 as in ComfyUI unless told, or not at all (its --fp32-text-enc). */
  readonly textEncoders?: 'fp16' | 'fp32';
  /** What UNets compute in; as the device does unless told. int8 needs `derived`. */
  readonly precision?: Precision;
  /** Bytes of weights, as float32, that may be open together; as many as there is memory for unless given. */
  readonly memoryBudget?: number;
  /** What is asked before a network is loaded or evaluated; that of the machine or container unless given. */
  readonly memory?: Memory;
  /** Where weights are kept that were made ready for faster operators; none are made without. */
  readonly derived?: PrepackedStore;
  /** Where sessions are kept between processes; nowhere without. */
  readonly sessionCache?: SessionCache;
  /** How the names of profiles begin that networks leave when they are closed (for measurements). */
  readonly profile?: string;
  /** Called before a network is loaded (seconds for a large one). */
  readonly onLoad?: (spec: NetworkSpec) => void;
  /** Called when it is known how many bytes its weights take as float32. */
  readonly onSize?: (spec: NetworkSpec, bytes: number) => void;
  /** Called when it is loaded. */
  readonly onLoaded?: (spec: NetworkSpec) => void;
}

type Inputs = Parameters<Network['run']>[0];

/** What it takes to open a network. Two with the same file, part and variant are the same. */
export interface NetworkSpec {
  readonly file: string;
  /** 'unet', 'clip_l', 'vae decoder' … */
  readonly part: string;
  readonly variant?: string;
  readonly outputs: readonly string[];
  /** Worth keeping on the disk, where sessions are kept: what workflows use as it is in the file. */
  readonly cacheSession?: boolean;
  /** It may compute in float16 where the device prefers it. */
  readonly float16?: boolean;
  /** Bytes that an evaluation of these inputs takes beside the weights, where it takes many. */
  readonly workingBytes?: (inputs: Inputs) => number;
  /** What to do when there is no memory for an evaluation; otherwise a smaller picture or batch is suggested. */
  readonly outOfMemoryHint?: string;
  /** Builds the graph; called when it is opened. */
  build(): BuiltGraph | Promise<BuiltGraph>;
}

export interface BuiltGraph
  extends Pick<Graph, 'serialize' | 'weightBytes' | 'folder'>,
    Partial<Pick<Graph, 'relayoutBytes' | 'files'>> {
  /** Called when a session is open, or could not be opened. */
  readonly onOpened?: () => void;
}

export interface Runtime {
  readonly device: string;
  /** What UNets and ControlNets compute in. */
  readonly precision: Precision;
  readonly threads: number;
  readonly textEncoders: 'fp16' | 'fp32';
  readonly derived?: PrepackedStore;
  /** A network that opens itself when it is run. */
  network(spec: NetworkSpec): Network;
  /** Names of the networks that are open now, least recently used first. */
  openNetworks(): readonly string[];
  /** Closes all networks. They open again when run. */
  close(): Promise<void>;
}

interface Entry {
  readonly spec: NetworkSpec;
  readonly session: Session;
  readonly bytes: number;
  /** Bytes that it holds of its largest evaluation: its own next one takes them again. */
  held: number;
}

/** Left to the program itself and to others. */
const SPARE = 2 ** 28;

/** A runtime without any network open yet. */
export function createRuntime(options: RuntimeOptions = {}): Runtime {
  const threads = options.threads ?? availableParallelism();
  const device = options.device ?? CPU;
  const memory = options.memory ?? systemMemory;
  const budget = options.memoryBudget ?? Number.POSITIVE_INFINITY;
  // A Map remembers insertion order: the first entry is the least recently used.
  const entries = new Map<string, Entry>();
  // Evaluations and loads follow one another: none may be closed while it runs.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work, work);
    last = result.catch(() => undefined);
    return result;
  };

  /** Closes networks, others of the same weights first, then the least recently used, until `enough`; keeps the one named so. */
  const closeUntil = async (
    enough: () => boolean,
    { file, part }: NetworkSpec,
    keep?: string,
  ): Promise<void> => {
    const others = [...entries].filter(([key]) => key !== keep);
    const same = others.filter(([, { spec }]) => spec.file === file && spec.part === part);
    for (const [key, { session }] of new Set([...same, ...others])) {
      if (enough()) return;
      entries.delete(key);
      await session.close();
    }
  };
  const used = (): number => [...entries.values()].reduce((n, { bytes }) => n + bytes, 0);

  const open = async (key: string, spec: NetworkSpec): Promise<Entry> => {
    options.onLoad?.(spec);
    const graph = await spec.build();
    try {
      const bytes = graph.weightBytes();
      options.onSize?.(spec, bytes);
      const peak = loadPeak({ weights: bytes, twice: graph.relayoutBytes?.() ?? 0 });
      const need = peak + SPARE;
      await closeUntil(() => used() + bytes <= budget && need <= memory.available(), spec);
      if (bytes >= LARGE && need > memory.available())
        throw tooLarge(spec, peak, memory.available());
      const model = graph.serialize(device.transform(spec.float16 === true));
      const { providers } = device;
      const wideSums = options.precision === 'int8' && (await int8SumsSaturate());
      const { profile } = options;
      const how: SessionOptions = {
        name: key,
        folder: graph.folder() || dirname(spec.file),
        threads,
        providers,
        avoidInt8Saturation: wideSums,
        profile,
      };
      const kept =
        spec.cacheSession && !graph.onOpened && device.name === 'cpu'
          ? options.sessionCache
          : undefined;
      const session = await (kept
        ? kept.open(model, graph.files?.() ?? [], bytes, how)
        : openSession(model, how));
      options.onLoaded?.(spec);
      return { spec, session, bytes, held: 0 };
    } finally {
      graph.onOpened?.();
    }
  };

  const run = async (
    key: string,
    spec: NetworkSpec,
    inputs: Inputs,
  ): Promise<Record<string, Tensor>> => {
    const entry = entries.get(key) ?? (await open(key, spec));
    entries.delete(key);
    entries.set(key, entry);
    const working = spec.workingBytes?.(inputs) ?? 0;
    if (working > entry.held) {
      const need = working - entry.held + SPARE;
      await closeUntil(() => need <= memory.available(), spec, key);
      if (working >= LARGE && need > memory.available())
        throw noRoom(spec, need, memory.available());
    }
    const result = await entry.session.run(inputs, spec.outputs);
    entry.held = Math.max(entry.held, working);
    return result;
  };

  return {
    device: device.name,
    precision: options.precision === 'int8' ? 'int8' : device.precision,
    threads,
    textEncoders: options.textEncoders ?? 'fp16',
    // its recipes are for CPUs
    derived: device.name === 'cpu' ? options.derived : undefined,
    network: (spec) => {
      const key = [spec.file, spec.part, spec.variant].filter((part) => part).join(' ');
      return { run: (inputs) => inTurn(() => run(key, spec, inputs)) };
    },
    openNetworks: () => [...entries.keys()],
    close: () =>
      inTurn(async () => {
        for (const entry of entries.values()) await entry.session.close();
        entries.clear();
      }),
  };
}

/** Smaller than this, an estimate does not refuse a network or an evaluation. */
const LARGE = 2 ** 29;

const tooLarge = ({ file, part }: NetworkSpec, peak: number, available: number): DarkroomError =>
  new DarkroomError('DR_OUT_OF_MEMORY', {
    message: `${basename(file)} (${part}) takes about ${inUnits(peak)} of memory to load, ${inUnits(Math.max(0, available))} are free`,
    hint: 'Close other programs, give the machine or container more memory, or use a smaller model.',
    file,
  });

const noRoom = (
  { file, part, outOfMemoryHint: relief }: NetworkSpec,
  need: number,
  available: number,
): DarkroomError =>
  new DarkroomError('DR_OUT_OF_MEMORY', {
    message: `${basename(file)} (${part}) needs about ${inUnits(need)} of memory for this picture, ${inUnits(Math.max(0, available))} are free`,
    hint: relief ?? 'Make the picture or the batch smaller, or free memory for this process.',
    file,
  });
