// A network: a graph that opens its session when it is first run. The spec says how it is opened
// and evaluated.
import type { Graph } from '../onnx/builder.ts';
import type { Tensor } from '../tensor/tensor.ts';

export type NetworkInputs = Readonly<Record<string, Tensor>>;

/** A graph to evaluate: named tensors in, named tensors out. */
export interface Network {
  run(inputs: NetworkInputs): Promise<Record<string, Tensor>>;
}

/** How a network is opened. Two specs with the same file, part and variant are the same network. */
export interface NetworkSpec {
  readonly file: string;
  /** 'unet', 'clip_l', 'vae decoder' … */
  readonly part: string;
  readonly variant?: string;
  readonly outputs: readonly string[];
  /**
   * Whether the session is worth saving to the session cache: for networks that workflows use
   * exactly as they are in the file.
   */
  readonly cacheSession?: boolean;
  /** Whether the network may compute in float16 where the device prefers it. */
  readonly float16?: boolean;
  /** Bytes that an evaluation of these inputs takes beside the weights, where it takes many. */
  readonly workingBytes?: (inputs: NetworkInputs) => number;
  /**
   * The hint when there is not enough memory for an evaluation; by default a smaller image or
   * batch is suggested.
   */
  readonly outOfMemoryHint?: string;
  /** Builds the graph; called when the network is opened. */
  build(): BuiltGraph | Promise<BuiltGraph>;
  /**
   * Builds a graph whose weights stay in their files and are converted in each evaluation, one
   * after another: for networks that do not fit into memory. It computes the same, more slowly.
   */
  readonly buildStreamed?: () => BuiltGraph | Promise<BuiltGraph>;
  /**
   * Whether a large network is opened so even where it would fit: for networks with few
   * evaluations, which take less time than to lay out the weights.
   */
  readonly prefersStreamed?: boolean;
}

export interface BuiltGraph
  extends Pick<Graph, 'serialize' | 'weightBytes' | 'folder'>,
    Partial<Pick<Graph, 'relayoutBytes' | 'files' | 'hasIntegers'>> {
  /** Called when the session is open, or could not be opened. */
  readonly onOpened?: () => void;
}
