// Declarations of outputs, and functions that make those of inputs and outputs.
import type { NodeEnvironment } from './context.ts';
import type {
  AutogrowInput,
  BooleanInput,
  Choices,
  ComboInput,
  DynamicComboInput,
  FloatInput,
  IntInput,
  PlainInput,
  SocketInput,
  SocketType,
  StringInput,
  WidgetInput,
} from './input-types.ts';
import type { WidgetSockets } from './widget-types.ts';

export interface Output<S extends SocketType = SocketType> {
  readonly type: S;
  /** It has the type of the inputs with the same `match`. */
  readonly match?: string;
  readonly name: string;
  readonly isList?: boolean;
  readonly tooltip?: string;
  /** How values of a pack's own type are kept in the result cache. */
  readonly codec?: SocketCodec;
}

/** Converts values of a pack's own type to plain data, and back. */
export interface SocketCodec<T = never> {
  /** Returns plain objects, lists, texts, numbers, Float32Array and Uint8Array alone. */
  readonly store: (value: T) => unknown;
  readonly restore: (stored: never) => T;
}

const SEED_MAX = 0xffffffffffffffffn;

/** An input of kind I whose options O make it optional or lazy. */
export type InputWith<I, O> = I &
  (O extends { readonly optional: true }
    ? { readonly optional: true }
    : O extends { readonly lazy: true }
      ? { readonly lazy: true }
      : unknown);
export type Options<I, Fixed extends string = never> = Partial<Omit<I, 'kind' | Fixed>>;

/** An integer; 0 to 16384 unless the options say otherwise. */
export const int = <const O extends Options<IntInput, 'wide'>>(options: O = {} as O) =>
  ({
    kind: 'INT',
    wide: false,
    default: 0,
    min: 0,
    max: 16384,
    ...options,
  }) as unknown as InputWith<IntInput & { readonly wide: false }, O>;
/** A seed: 0 to 2^64-1, a bigint in run(). ComfyUI shows control_after_generate beside it. */
export const seed = <const O extends Options<IntInput, 'wide'>>(options: O = {} as O) =>
  ({
    kind: 'INT',
    wide: true,
    default: 0,
    min: 0,
    max: SEED_MAX,
    control_after_generate: true,
    ...options,
  }) as unknown as InputWith<IntInput & { readonly wide: true }, O>;
/** A float; 0 to 1 unless the options say otherwise. */
export const float = <const O extends Options<FloatInput>>(options: O = {} as O) =>
  ({ kind: 'FLOAT', default: 0, min: 0, max: 1, ...options }) as unknown as InputWith<
    FloatInput,
    O
  >;
/** A text. */
export const string = <const O extends Options<StringInput>>(options: O = {} as O) =>
  ({ kind: 'STRING', ...options }) as unknown as InputWith<StringInput, O>;
/** A switch; off unless the options say otherwise. */
export const boolean = <const O extends Options<BooleanInput>>(options: O = {} as O) =>
  ({ kind: 'BOOLEAN', default: false, ...options }) as unknown as InputWith<BooleanInput, O>;
/** A choice from a list. The default is the first option. */
export const combo = <const T extends string, const O extends Options<ComboInput<T>, 'options'>>(
  options: readonly T[],
  more: O = {} as O,
) => ({ kind: 'COMBO', options, ...more }) as unknown as InputWith<ComboInput<T>, O>;
/** A combo whose options are the files of a model folder. */
export const modelFile = <const O extends Options<ComboInput, 'options'>>(
  folder: string,
  more: O = {} as O,
) =>
  ({
    kind: 'COMBO',
    folder,
    options: (environment: NodeEnvironment): readonly string[] => environment.modelFiles(folder),
    ...more,
  }) as unknown as InputWith<ComboInput, O>;
/** A combo whose options are the images of the input folder. */
export const inputFile = () =>
  ({
    kind: 'COMBO',
    image_upload: true,
    options: (environment: NodeEnvironment): readonly string[] => environment.inputFiles(),
  }) as const;
/** An input without a widget. */
export const socket = <const S extends SocketType, const O extends Options<SocketInput, 'type'>>(
  type: S,
  options: O = {} as O,
) => ({ kind: 'SOCKET', type, ...options }) as unknown as InputWith<SocketInput<S>, O>;

/** A colour, a box or another value with a widget of its own; `widget-types.ts` lists the types. */
export const widget = <
  const S extends keyof WidgetSockets,
  const O extends Options<WidgetInput, 'type'>,
>(
  type: S,
  options: O = {} as O,
) => ({ kind: 'WIDGET', type, ...options }) as unknown as InputWith<WidgetInput<S>, O>;

/**
 * An input whose type is that of the other inputs and outputs of the node with the same `match`.
 */
export const matchSocket = <
  const S extends SocketType,
  const O extends Options<SocketInput, 'type'>,
>(
  match: string,
  type: S,
  options: O = {} as O,
) => socket(type, { ...options, match });

/** An input that grows: `prefix0`, `prefix1` …; `min` to `max` of the input `name`. */
export const autogrow = <const I extends PlainInput>(
  name: string,
  input: I,
  { prefix, min = 1, max = 10 }: { prefix: string; min?: number; max?: number },
): AutogrowInput<I> => ({
  kind: 'COMFY_AUTOGROW_V3',
  template: { name, input },
  names: Array.from({ length: max }, (_, i) => `${prefix}${i}`),
  prefix,
  required: min,
});

/** An input that grows by a list of names; at least the first `min` of them must be given. */
export const autogrowNames = <const I extends PlainInput>(
  name: string,
  input: I,
  names: readonly string[],
  min = 1,
): AutogrowInput<I> => ({
  kind: 'COMFY_AUTOGROW_V3',
  template: { name, input },
  names,
  required: min,
});

/** A combo whose choices have inputs of their own. */
export const dynamicCombo = <const C extends Choices>(
  choices: C,
  more: Options<DynamicComboInput, 'options' | 'choices'> = {},
): DynamicComboInput<C> => ({
  kind: 'COMFY_DYNAMICCOMBO_V3',
  options: Object.keys(choices),
  choices,
  ...more,
});

/** An output, named as its type unless a name is given. */
export const output = <const S extends SocketType, const L extends boolean = false>(
  type: S,
  name: string = type,
  isList: L = false as L,
): Output<S> & { readonly isList: L } => ({ type, name, isList });

/** An output of the type of the inputs with the same `match`. */
export const matchOutput = <const S extends SocketType, const L extends boolean = false>(
  match: string,
  type: S,
  name: string,
  isList: L = false as L,
): Output<S> & { readonly isList: L } => ({ ...output(type, name, isList), match });
