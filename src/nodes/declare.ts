// The declaration of a node: class type, inputs in ComfyUI's order, outputs, flags, and run().
// From it come the types of run's inputs, validation, /object_info, the widget order and the docs.
import type { NodeContext, NodeEnvironment } from './context.ts';
import type { SocketValues } from './values.ts';

export type SocketType = keyof SocketValues;

interface Common {
  readonly tooltip?: string;
  readonly optional?: boolean;
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
}

export interface FloatInput extends Common {
  readonly kind: 'FLOAT';
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  readonly round?: number | false;
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
  /** The model folder the options are files of: a missing value is a missing model file. */
  readonly folder?: string;
}

export interface SocketInput<S extends SocketType = SocketType> extends Common {
  readonly kind: 'SOCKET';
  readonly type: S;
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
            ? SocketValues[S]
            : never;

/** What run() receives: a value per declared input; optional inputs may be absent. */
export type InputValues<I extends Inputs> = {
  readonly [K in keyof I]: I[K] extends { optional: true } ? ValueOf<I[K]> | undefined : ValueOf<I[K]>;
};

export interface Output {
  readonly type: SocketType;
  readonly name: string;
  readonly isList?: boolean;
}

/** A file a node made, as the `executed` event and the history carry it; `path` is for callers on this machine. */
export interface SavedFile {
  readonly filename: string;
  readonly subfolder: string;
  readonly type: 'output' | 'temp' | 'input';
  readonly path: string;
}

/** What run() gives back: one value per declared output, and what a client shows. */
export interface NodeResult {
  readonly outputs: readonly unknown[];
  readonly ui?: Readonly<Record<string, readonly unknown[]>>;
}

export interface NodeDeclaration<I extends Inputs = Inputs> {
  /** ComfyUI's class type, letter for letter. */
  readonly type: string;
  readonly display: string;
  readonly category: string;
  readonly description?: string;
  readonly inputs: I;
  readonly outputs: readonly Output[];
  readonly outputNode?: boolean;
  /** The folder the node writes to; checked before a long run begins. */
  readonly saves?: 'output' | 'temp';
  readonly inputIsList?: boolean;
  /** A key that changes when the node must run again though its inputs did not (a file's content, say). */
  readonly fingerprint?: (inputs: InputValues<I>, context: NodeContext) => Promise<string> | string;
  run(inputs: InputValues<I>, context: NodeContext): Promise<NodeResult> | NodeResult;
}

/** Declares a node; the types of run's inputs follow from `inputs`. */
export const defineNode = <const I extends Inputs>(declaration: NodeDeclaration<I>): NodeDeclaration =>
  declaration as unknown as NodeDeclaration;

/** The usual result: outputs only. */
export const outputs = (...values: unknown[]): NodeResult => ({ outputs: values });

const SEED_MAX = 0xffffffffffffffffn;

/** The input that a helper makes: its kind, and whether it may be absent. */
type Made<I, O> = I & (O extends { readonly optional: true } ? { readonly optional: true } : unknown);
type Options<I, Fixed extends string = never> = Partial<Omit<I, 'kind' | Fixed>>;

export const int = <const O extends Options<IntInput, 'wide'>>(o: O = {} as O) =>
  ({ kind: 'INT', wide: false, default: 0, min: 0, max: 16384, ...o }) as unknown as Made<IntInput & { readonly wide: false }, O>;
/** A seed: 0..2^64-1, a bigint in run(). ComfyUI shows control_after_generate beside it. */
export const seed = <const O extends Options<IntInput, 'wide'>>(o: O = {} as O) =>
  ({ kind: 'INT', wide: true, default: 0, min: 0, max: SEED_MAX, control_after_generate: true, ...o }) as unknown as Made<
    IntInput & { readonly wide: true },
    O
  >;
export const float = <const O extends Options<FloatInput>>(o: O = {} as O) =>
  ({ kind: 'FLOAT', default: 0, min: 0, max: 1, ...o }) as unknown as Made<FloatInput, O>;
export const string = <const O extends Options<StringInput>>(o: O = {} as O) =>
  ({ kind: 'STRING', ...o }) as unknown as Made<StringInput, O>;
export const boolean = <const O extends Options<BooleanInput>>(o: O = {} as O) =>
  ({ kind: 'BOOLEAN', default: false, ...o }) as unknown as Made<BooleanInput, O>;
export const combo = <const T extends string, const O extends Options<ComboInput<T>, 'options'>>(options: readonly T[], o: O = {} as O) =>
  ({ kind: 'COMBO', options, ...o }) as unknown as Made<ComboInput<T>, O>;
/** A combo whose options are the files of a model folder. */
export const modelFile = <const O extends Options<ComboInput, 'options'>>(folder: string, o: O = {} as O) =>
  ({
    kind: 'COMBO',
    folder,
    options: (environment: NodeEnvironment): readonly string[] => environment.modelFiles(folder),
    ...o,
  }) as unknown as Made<ComboInput, O>;
/** A combo whose options are the pictures of the input folder. */
export const inputFile = () =>
  ({ kind: 'COMBO', image_upload: true, options: (environment: NodeEnvironment): readonly string[] => environment.inputFiles() }) as const;
export const socket = <const S extends SocketType, const O extends Common>(type: S, o: O = {} as O) =>
  ({ kind: 'SOCKET', type, ...o }) as unknown as Made<SocketInput<S>, O>;

export const output = (type: SocketType, name: string = type, isList = false): Output => ({ type, name, isList });
