// The typed builder: a node is made by a function of its type, its outputs are links that go into
// the inputs of others. The functions themselves are in nodes.generated.ts, written from the
// declarations.

const SOURCE: unique symbol = Symbol('source');
const MADE: unique symbol = Symbol('node');
const SHOWS: unique symbol = Symbol('shows');

/** An output of a node; T is its socket type. A link that fits every input is a `Link<never>`. */
export interface Link<T extends string = string> {
  readonly type: T;
  readonly [SOURCE]: { readonly node: MadeNode; readonly slot: number };
}

/**
 * What the inputs of some nodes take beside links: anything that JSON can hold, and integers beyond
 * 2^53.
 */
export type Value =
  | string
  | number
  | bigint
  | boolean
  | readonly Value[]
  | { readonly [key: string]: Value };

/** A whole number, or a link to one. */
export type Int = number | bigint | Link<'INT'>;
export type Float = number | Link<'FLOAT'>;
export type Text = string | Link<'STRING'>;
export type Bool = boolean | Link<'BOOLEAN'>;
/** One of a fixed list. */
export type OneOf<T extends string> = T | Link<'COMBO'>;
/** The name of a file in a model folder or the input folder. */
export type FileName = string | Link<'COMBO'>;
/** Whatever any node gives, or a value. */
export type Anything = Value | Link;

export interface NodeOptions {
  /**
   * The node's key in the graph and in the results; a number in the order of execution unless
   * given.
   */
  readonly id?: string;
  /** What ComfyUI shows as the node's title (`_meta.title`). */
  readonly title?: string;
}

export interface MadeNode {
  readonly type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly options: NodeOptions;
}

/**
 * A node: its outputs by ComfyUI's names (by number where there is no name, or an earlier output
 * has it). O: name -> socket type.
 */
export type Node<O extends { readonly [name: string]: string } = Record<never, string>> = {
  readonly [K in keyof O]: Link<O[K]>;
} & { readonly [MADE]: MadeNode };

/** A node that saves or shows something: what a graph is made for. */
export type OutputNode<O extends { readonly [name: string]: string } = Record<never, string>> =
  Node<O> & { readonly [SHOWS]: true };

export type NodeFunction<I, N> = (inputs: I, options?: NodeOptions) => N;

/** The function of a node type. `outputs`: name and socket type of each output, in order. */
export const nodeFunction = <F>(
  type: string,
  outputs: readonly (readonly [name: string | number, type: string])[] = [],
): F =>
  // the types of the arguments and of the result are those of F, which nodes.generated.ts writes
  // from the same declaration
  ((inputs: Readonly<Record<string, unknown>>, options: NodeOptions = {}) => {
    const node: MadeNode = { type, inputs, options };
    const links = outputs.map(([name, socket], slot): [string | number, Link] => [
      name,
      { type: socket, [SOURCE]: { node, slot } },
    ]);
    return { ...Object.fromEntries(links), [MADE]: node };
  }) as F;

export const sourceOf = (
  value: unknown,
): { readonly node: MadeNode; readonly slot: number } | undefined =>
  typeof value === 'object' && value !== null && SOURCE in value
    ? (value as Link)[SOURCE]
    : undefined;

export const madeNode = (node: Node): MadeNode => node[MADE];
