// The declaration of a node: class type, inputs in ComfyUI's order, outputs, flags, and run().
// From it come the types of run's inputs, validation, /object_info, the widget order and the docs.
import type { NodeContext, NodeEnvironment } from './context.ts';
import type { ExpandedGraph } from './graph-builder.ts';
import type { PromptPreparation } from './prompt-hooks.ts';
import type { SocketValues } from './socket-values.ts';

/** A type of its own, or a union of types as ComfyUI writes it: `INT,FLOAT,STRING`. `*` matches every type in both directions. */
export type SocketType = keyof SocketValues | `${keyof SocketValues},${string}`;

interface Common {
  readonly tooltip?: string;
  readonly optional?: boolean;
  /** The nodes behind a link to it run only when `needs` asks for it; until then, and if never asked for, its value is undefined. */
  readonly lazy?: boolean;
  /** run() gets a link itself, `[node id, output number]`, in place of what it leads to (loops). */
  readonly rawLink?: boolean;
  /** Shown as a socket though its type has a widget. */
  readonly forceInput?: boolean;
}

export interface IntInput extends Common {
  readonly kind: 'INT';
  /** True for seeds: run() gets a bigint, so that 2^64-1 survives. */
  readonly wide: boolean;
  readonly default: number | bigint;
  readonly min: number | bigint;
  readonly max: number | bigint;
  readonly step?: number;
  readonly control_after_generate?: boolean;
  /** How an editor shows it: `color`. */
  readonly display?: string;
}

export interface FloatInput extends Common {
  readonly kind: 'FLOAT';
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  readonly round?: number | false;
  /** How an editor shows it: `number`. */
  readonly display?: string;
}

export interface StringInput extends Common {
  readonly kind: 'STRING';
  readonly default?: string;
  readonly multiline?: boolean;
  readonly dynamicPrompts?: boolean;
}

export interface BooleanInput extends Common {
  readonly kind: 'BOOLEAN';
  readonly default: boolean;
  readonly label_on?: string;
  readonly label_off?: string;
}

export interface ComboInput<T extends string = string> extends Common {
  readonly kind: 'COMBO';
  readonly options: readonly T[] | ((environment: NodeEnvironment) => readonly string[]);
  readonly default?: string;
  readonly image_upload?: boolean;
  /** The folder that uploads go to, and a route that lists the options. */
  readonly image_folder?: string;
  readonly remote?: Readonly<Record<string, string | boolean>>;
  /** The model folder the options are files of: a missing value is a missing model file. */
  readonly folder?: string;
}

export interface SocketInput<S extends SocketType = SocketType> extends Common {
  readonly kind: 'SOCKET';
  readonly type: S;
  /** The prompt itself may hold a value of this type (names that travel over wires); other sockets take links only. */
  readonly inline?: boolean;
  readonly default?: string;
}

export type Input = IntInput | FloatInput | StringInput | BooleanInput | ComboInput | SocketInput;
export type Inputs = Readonly<Record<string, Input>>;

type ValueOf<I> = I extends { kind: 'INT'; wide: infer W }
  ? W extends true
    ? bigint
    : number
  : I extends { kind: 'FLOAT' }
    ? number
    : I extends { kind: 'STRING' }
      ? string
      : I extends { kind: 'BOOLEAN' }
        ? boolean
        : I extends ComboInput<infer T>
          ? T
          : I extends SocketInput<infer S>
            ? ValueOfType<S>
            : never;

type ValueOfType<S extends string> = S extends `${infer A},${infer B}`
  ? ValueOfType<A> | ValueOfType<B>
  : S extends keyof SocketValues
    ? SocketValues[S]
    : unknown;

type MaybeAbsent = { readonly optional: true } | { readonly lazy: true };

/** What run() receives: a value per declared input; optional and lazy inputs may be absent. */
export type InputValues<I extends Inputs> = {
  readonly [K in keyof I]: I[K] extends MaybeAbsent ? ValueOf<I[K]> | undefined : ValueOf<I[K]>;
};

/** What the run() of a node with `inputIsList` receives: a whole list per input. */
export type InputLists<I extends Inputs> = {
  readonly [K in keyof I]: I[K] extends MaybeAbsent
    ? readonly ValueOf<I[K]>[] | undefined
    : readonly ValueOf<I[K]>[];
};

/** Inputs beyond the declared ones: every name that matches is accepted, of this kind, and may be absent (`input1`, `input2` …). */
export interface MoreInputs {
  readonly pattern: RegExp;
  readonly input: Input;
}

export interface Output {
  readonly type: SocketType;
  readonly name: string;
  readonly isList?: boolean;
  readonly tooltip?: string;
}

/** What run() gives back: one value per declared output (a `blocker()` among them stops what is behind it), and what a client shows. */
export interface NodeResult {
  readonly outputs: readonly unknown[];
  /** Lists by kind: `images` (saved files), `text`, `value` … */
  readonly ui?: Readonly<Record<string, readonly unknown[]>>;
  /** Nodes to run in this one's place, made with `context.subgraph()`; outputs may then be links into it (`node.out(0)`). */
  readonly expand?: ExpandedGraph;
}

/** A value that changes when a node must run again; NaN is always another. */
export type Fingerprint = string | number | boolean;

/** A node's own check of its inputs before anything runs (VALIDATE_INPUTS). */
export interface InputCheck {
  /** The inputs it judges, in place of the usual check of range and options; all of them unless given. */
  readonly of?: readonly string[];
  /** True: it judges the types of links too, in place of the usual check. */
  readonly types?: boolean;
  /**
   * Says what is wrong. `values` holds the widget values among the judged inputs, already converted; linked inputs are undefined.
   * `types` holds the types of the outputs that inputs are linked to.
   */
  check(
    values: Readonly<Record<string, unknown>>,
    environment: NodeEnvironment,
    types: Readonly<Record<string, string>>,
  ): true | string;
}

/** ComfyUI's names of what a node may ask its context for; a node that asks for its id is never cached under another id. */
export type HiddenType = 'UNIQUE_ID' | 'PROMPT' | 'EXTRA_PNGINFO' | 'DYNPROMPT';

export interface NodeDeclaration<I extends Inputs = Inputs> {
  /** ComfyUI's class type, letter for letter. */
  readonly type: string;
  readonly display: string;
  readonly category: string;
  readonly description?: string;
  readonly inputs: I;
  /** Further inputs by pattern; read them with `inputNamed` and `numberedInputs`. */
  readonly more?: MoreInputs | readonly MoreInputs[];
  /** Hidden inputs by name, as /object_info lists them; their values come from the context (nodeId, prompt(), extra(), graph). */
  readonly hidden?: Readonly<Record<string, HiddenType>>;
  readonly outputs: readonly Output[];
  /** Outputs beyond the declared ones, as many as run() gives. */
  readonly moreOutputs?: Output;
  readonly outputNode?: boolean;
  /** The folder the node writes to; checked before a long run begins. */
  readonly saves?: 'output' | 'temp';
  readonly inputIsList?: boolean;
  /** Equal inputs don't mean equal results: it shares its cached results with no other node. */
  readonly notIdempotent?: boolean;
  readonly deprecated?: boolean;
  readonly experimental?: boolean;
  /**
   * A key that changes when the node must run again though its inputs did not (a file's content, say). NaN: runs always.
   * Linked inputs are absent; so are prompt() and the like before the job runs.
   */
  readonly fingerprint?: (
    inputs: InputValues<I>,
    context: NodeContext,
  ) => Promise<Fingerprint> | Fingerprint;
  /** Names of lazy inputs that run() needs, given what is known; asked again when they are there. Those already there may be named too. */
  readonly needs?: (
    inputs: Partial<InputValues<I>>,
    context: NodeContext,
  ) => Promise<readonly string[]> | readonly string[];
  readonly validate?: InputCheck;
  /** Changes the prompt before it is checked, as a handler of `/prompt` in ComfyUI does. */
  readonly prepare?: PromptPreparation;
  run(inputs: InputValues<I>, context: NodeContext): Promise<NodeResult> | NodeResult;
}

/** Declares a node; the types of run's inputs follow from `inputs`. */
export const defineNode = <const I extends Inputs>(
  declaration: NodeDeclaration<I>,
): NodeDeclaration => declaration as unknown as NodeDeclaration;

/** Declares a node that gets whole lists (INPUT_IS_LIST). */
export const defineListNode = <const I extends Inputs>(
  declaration: Omit<NodeDeclaration<I>, 'run' | 'inputIsList' | 'needs'> & {
    readonly needs?: (
      inputs: Partial<InputLists<I>>,
      context: NodeContext,
    ) => Promise<readonly string[]> | readonly string[];
    run(inputs: InputLists<I>, context: NodeContext): Promise<NodeResult> | NodeResult;
  },
): NodeDeclaration => ({ ...declaration, inputIsList: true }) as unknown as NodeDeclaration;

/** The declaration of an input, also of one of `more`. */
export function inputOf(
  { inputs, more = [] }: Pick<NodeDeclaration, 'inputs' | 'more'>,
  name: string,
): Input | undefined {
  if (Object.hasOwn(inputs, name)) return inputs[name];
  const found = (Array.isArray(more) ? more : [more]).find((m: MoreInputs) => m.pattern.test(name));
  return found && { ...found.input, optional: true };
}

/** The value of an input that is not among the declared ones. */
export const inputNamed = (inputs: object, name: string): unknown =>
  (inputs as Readonly<Record<string, unknown>>)[name];

/** The inputs `prefix1`, `prefix2` … that are there: number and value, in the order of the numbers. */
export const numberedInputs = <T = unknown>(inputs: object, prefix: string): [number, T][] =>
  Object.entries(inputs)
    .filter(
      ([name, value]) =>
        value !== undefined && name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)),
    )
    .map(([name, value]): [number, T] => [Number(name.slice(prefix.length)), value])
    .sort(([a], [b]) => a - b);

/** The usual result: outputs only. */
export const outputs = (...values: unknown[]): NodeResult => ({ outputs: values });

const SEED_MAX = 0xffffffffffffffffn;

/** The input that a helper makes: its kind, and whether it may be absent. */
type Made<I, O> = I &
  (O extends { readonly optional: true }
    ? { readonly optional: true }
    : O extends { readonly lazy: true }
      ? { readonly lazy: true }
      : unknown);
type Options<I, Fixed extends string = never> = Partial<Omit<I, 'kind' | Fixed>>;

export const int = <const O extends Options<IntInput, 'wide'>>(o: O = {} as O) =>
  ({ kind: 'INT', wide: false, default: 0, min: 0, max: 16384, ...o }) as unknown as Made<
    IntInput & { readonly wide: false },
    O
  >;
/** A seed: 0..2^64-1, a bigint in run(). ComfyUI shows control_after_generate beside it. */
export const seed = <const O extends Options<IntInput, 'wide'>>(o: O = {} as O) =>
  ({
    kind: 'INT',
    wide: true,
    default: 0,
    min: 0,
    max: SEED_MAX,
    control_after_generate: true,
    ...o,
  }) as unknown as Made<IntInput & { readonly wide: true }, O>;
export const float = <const O extends Options<FloatInput>>(o: O = {} as O) =>
  ({ kind: 'FLOAT', default: 0, min: 0, max: 1, ...o }) as unknown as Made<FloatInput, O>;
export const string = <const O extends Options<StringInput>>(o: O = {} as O) =>
  ({ kind: 'STRING', ...o }) as unknown as Made<StringInput, O>;
export const boolean = <const O extends Options<BooleanInput>>(o: O = {} as O) =>
  ({ kind: 'BOOLEAN', default: false, ...o }) as unknown as Made<BooleanInput, O>;
export const combo = <const T extends string, const O extends Options<ComboInput<T>, 'options'>>(
  options: readonly T[],
  o: O = {} as O,
) => ({ kind: 'COMBO', options, ...o }) as unknown as Made<ComboInput<T>, O>;
/** A combo whose options are the files of a model folder. */
export const modelFile = <const O extends Options<ComboInput, 'options'>>(
  folder: string,
  o: O = {} as O,
) =>
  ({
    kind: 'COMBO',
    folder,
    options: (environment: NodeEnvironment): readonly string[] => environment.modelFiles(folder),
    ...o,
  }) as unknown as Made<ComboInput, O>;
/** A combo whose options are the pictures of the input folder. */
export const inputFile = () =>
  ({
    kind: 'COMBO',
    image_upload: true,
    options: (environment: NodeEnvironment): readonly string[] => environment.inputFiles(),
  }) as const;
export const socket = <const S extends SocketType, const O extends Options<SocketInput, 'type'>>(
  type: S,
  o: O = {} as O,
) => ({ kind: 'SOCKET', type, ...o }) as unknown as Made<SocketInput<S>, O>;

export const output = (type: SocketType, name: string = type, isList = false): Output => ({
  type,
  name,
  isList,
});
