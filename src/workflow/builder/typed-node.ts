// The types of the workflow builder: each node type has a function that creates a node, whose
// outputs are links that become inputs of other nodes. The functions themselves are in
// nodes.generated.ts, which is generated from the declarations.

const SOURCE: unique symbol = Symbol('source');
const DATA: unique symbol = Symbol('data');
const IS_OUTPUT: unique symbol = Symbol('isOutput');

/** An output of a node; T is its socket type. A link that fits every input is a `Link<never>`. */
export interface Link<T extends string = string> {
  readonly type: T;
  readonly [SOURCE]: { readonly node: NodeData; readonly slot: number };
}

/**
 * A value of an input that accepts any type: anything that JSON can represent, and integers beyond
 * 2^53.
 */
export type Value =
  | string
  | number
  | bigint
  | boolean
  | readonly Value[]
  | { readonly [key: string]: Value };

/** A rectangle in pixels. */
export interface BoxValue {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly [more: string]: Value;
}

/** A whole number, or a link to one. */
export type Int = number | bigint | Link<'INT'>;
export type Float = number | Link<'FLOAT'>;
export type Text = string | Link<'STRING'>;
export type Bool = boolean | Link<'BOOLEAN'>;
/** One option of a fixed list. */
export type OneOf<T extends string> = T | Link<'COMBO'>;
/** The name of a file in a model folder or the input folder. */
export type FileName = string | Link<'COMBO'>;
/** Any output of any node, or a value. */
export type Anything = Value | Link;

/** The inputs of one that grows: in their order, or by name. */
export type Grown<Name extends string, T> =
  | readonly T[]
  | ({ readonly [K in Name]?: T } & { readonly type?: never });

export interface NodeOptions {
  /**
   * The node's key in the graph and in the results. Default: a number in the order of execution.
   */
  readonly id?: string;
  /** The node's title in ComfyUI (`_meta.title`). */
  readonly title?: string;
}

/** A node as the builder stores it. */
export interface NodeData {
  readonly type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly options: NodeOptions;
}

/**
 * A node: its outputs by ComfyUI's names (by number if there is no name, or an earlier output
 * has it). O: name -> socket type.
 */
export type Node<O extends { readonly [name: string]: string } = Record<never, string>> = {
  readonly [K in keyof O]: Link<O[K]>;
} & { readonly [DATA]: NodeData };

/** A node that saves or shows something; a graph is built from these. */
export type OutputNode<O extends { readonly [name: string]: string } = Record<never, string>> =
  Node<O> & { readonly [IS_OUTPUT]: true };

/** The function of a node with inputs I. Where none is needed, none need be given. */
export type NodeFunction<I, N> =
  Record<never, never> extends I
    ? (inputs?: I, options?: NodeOptions) => N
    : (inputs: I, options?: NodeOptions) => N;

/** The values of inputs that a call leaves out, as ComfyUI's editor fills them in. */
type Defaults = Readonly<Record<string, Value>>;

/**
 * An input that is several in a prompt: one that grows, by the prefix of its names, or a combo
 * whose choices have inputs of their own.
 */
type Nested =
  | { readonly prefix: string }
  | { readonly choices: Readonly<Record<string, readonly [Defaults?, NestedInputs?]>> };
type NestedInputs = Readonly<Record<string, Nested>>;

type Given = Readonly<Record<string, unknown>>;

/**
 * Creates the function of a node type. `outputs`: name and socket type of each, in order; `nested`:
 * the inputs that are several in a prompt.
 */
export const nodeFunction = <F>(
  type: string,
  outputs: readonly (readonly [name: string | number, type: string])[] = [],
  defaults: Defaults = {},
  nested: NestedInputs = {},
): F =>
  // F, which is generated from the same declaration, has the types of the arguments and the result
  ((given: Given = {}, options: NodeOptions = {}) => {
    const node: NodeData = { type, inputs: flatInputs(given, defaults, nested, ''), options };
    const links = outputs.map(([name, socket], slot): [string | number, Link] => [
      name,
      { type: socket, [SOURCE]: { node, slot } },
    ]);
    return { ...Object.fromEntries(links), [DATA]: node };
  }) as F;

/** The inputs by their names in a prompt, with defaults. */
function flatInputs(
  given: Given,
  defaults: Defaults,
  nested: NestedInputs,
  prefix: string,
): Record<string, unknown> {
  const left = Object.entries(defaults).filter(([name]) => given[name] === undefined);
  const all = [...Object.entries(given), ...left].filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    all.flatMap(([name, value]): [string, unknown][] => {
      const kind = Object.hasOwn(nested, name) ? nested[name] : undefined;
      const path = prefix + name;
      if (!kind) return [[path, value]];
      if ('choices' in kind) return choiceInputs(path, name, value as string | Given, kind.choices);
      const items = Array.isArray(value)
        ? value.map((item, i): [string, unknown] => [kind.prefix + i, item])
        : Object.entries(value as Given);
      return items.map(([own, item]) => [`${path}.${own}`, item]);
    }),
  );
}

/** A choice, a text or an object of it and its inputs. */
function choiceInputs(
  path: string,
  name: string,
  value: string | Given,
  choices: Extract<Nested, { choices: unknown }>['choices'],
): [string, unknown][] {
  const { [name]: choice, ...inputs } = typeof value === 'string' ? { [name]: value } : value;
  const chosen = Object.hasOwn(choices, choice as string) ? choices[choice as string] : [];
  const [defaults = {}, nested = {}] = chosen;
  return [[path, choice], ...Object.entries(flatInputs(inputs, defaults, nested, `${path}.`))];
}

/** The node and output of a link; undefined for other values. */
export const sourceOf = (
  value: unknown,
): { readonly node: NodeData; readonly slot: number } | undefined =>
  typeof value === 'object' && value !== null && SOURCE in value
    ? (value as Link)[SOURCE]
    : undefined;

/** The data of a node that a node function returned. */
export const dataOf = (node: Node): NodeData => node[DATA];
