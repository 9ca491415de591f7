// The kinds of node inputs, and the types of the values that run() receives for them.
import type { Json } from '../formats/json.ts';
import type { NodeEnvironment } from './context.ts';
import type { SocketValues } from './socket-values.ts';
import type { WidgetSockets } from './widget-types.ts';

/**
 * One type, or a union of types as ComfyUI writes it: `INT,FLOAT,STRING`. `*` matches every type in
 * both directions.
 */
export type SocketType =
  | keyof SocketValues
  | `${keyof SocketValues},${string}`
  | OwnSocketType<unknown>;

declare const OWN_VALUE: unique symbol;

/** A type that a pack defines (`defineSocket`), whose values are of type T. */
export type OwnSocketType<T> = string & { readonly [OWN_VALUE]: T };

/** What inputs of every kind have. */
interface CommonOptions {
  readonly tooltip?: string;
  readonly optional?: boolean;
  /** It was added to the node later: a prompt without it gets the default. */
  readonly later?: boolean;
  /** The editor shows it only on request. */
  readonly advanced?: boolean;
  /** A link to it is evaluated only when `needs` requests it; otherwise its value is undefined. */
  readonly lazy?: boolean;
  /** run() receives the link itself, `[node id, output number]`, not the linked value (loops). */
  readonly rawLink?: boolean;
  /** The editor shows a socket although the type has a widget. */
  readonly forceInput?: boolean;
}

export interface IntInput extends CommonOptions {
  readonly kind: 'INT';
  /** True for seeds: run() receives a bigint, since a number cannot hold 2^64-1. */
  readonly wide: boolean;
  readonly default: number | bigint;
  readonly min: number | bigint;
  readonly max: number | bigint;
  readonly step?: number;
  readonly control_after_generate?: boolean;
  /** How the editor shows it: `color`. */
  readonly display?: string;
}

export interface FloatInput extends CommonOptions {
  readonly kind: 'FLOAT';
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  readonly round?: number | false;
  /** How the editor shows it: `number`. */
  readonly display?: string;
}

export interface StringInput extends CommonOptions {
  readonly kind: 'STRING';
  readonly default?: string;
  readonly multiline?: boolean;
  readonly dynamicPrompts?: boolean;
  /** Whether lists replace the `__name__` in the text when the node runs. */
  readonly wildcards?: boolean;
}

export interface BooleanInput extends CommonOptions {
  readonly kind: 'BOOLEAN';
  readonly default: boolean;
  readonly label_on?: string;
  readonly label_off?: string;
}

export interface ComboInput<T extends string = string> extends CommonOptions {
  readonly kind: 'COMBO';
  readonly options: readonly T[] | ((environment: NodeEnvironment) => readonly string[]);
  readonly default?: string;
  readonly image_upload?: boolean;
  /** The folder that uploads are written to. */
  readonly image_folder?: string;
  /** A route that lists the options, and how the editor calls it. */
  readonly remote?: Readonly<Record<string, string | boolean>>;
  /** The model folder that lists the options: an unknown value is a missing model file. */
  readonly folder?: string;
  /** A list from which the editor inserts into a text. The node ignores it: any value passes. */
  readonly editorOnly?: boolean;
  /** Values of older versions of the node, as text (`true`), and the options that replace them. */
  readonly former?: Readonly<Record<string, T>>;
}

export interface SocketInput<S extends SocketType = SocketType> extends CommonOptions {
  readonly kind: 'SOCKET';
  readonly type: S;
  /** Sockets of a node with the same name here have the same type (ComfyUI's MatchType). */
  readonly match?: string;
  /** The prompt may contain a literal value (names passed between nodes), not only a link. */
  readonly inline?: boolean;
  readonly default?: string | number;
  readonly min?: number;
  readonly step?: number;
}

/** A value of a type that the editor has a widget of its own for (widget-types.ts). */
export interface WidgetInput<S extends keyof WidgetSockets = keyof WidgetSockets>
  extends CommonOptions {
  readonly kind: 'WIDGET';
  readonly type: S;
  readonly default?: Json;
  /** The editor shows no socket beside the widget. */
  readonly socketless?: boolean;
  /** The editor's component that shows the value. */
  readonly component?: string;
}

/**
 * An input that grows (ComfyUI's Autogrow): a prompt has one input `name.image0`, `name.image1` …
 * for each that is given. run() receives an object of those, in the order of `names`.
 */
export interface AutogrowInput<I extends PlainInput = PlainInput> extends CommonOptions {
  readonly kind: 'COMFY_AUTOGROW_V3';
  /** What each of them is, and its name in the template. */
  readonly template: { readonly name: string; readonly input: I };
  /** Their possible names, without `name.`. */
  readonly names: readonly string[];
  /** What the names consist of beside a number from 0 on; undefined for a list of names. */
  readonly prefix?: string;
  /** So many of the first must be given. */
  readonly required: number;
}

/**
 * A combo whose choice has inputs of its own (ComfyUI's DynamicCombo): `name.width` in a prompt.
 * run() receives an object of the choice, under the name of the combo, and of its inputs.
 */
export interface DynamicComboInput<C extends Choices = Choices> extends CommonOptions {
  readonly kind: 'COMFY_DYNAMICCOMBO_V3';
  readonly options: readonly string[];
  readonly choices: C;
}
/** The inputs of each option. */
export type Choices = Readonly<Record<string, Inputs>>;

/** An input that is one input in a prompt too. */
export type PlainInput =
  | IntInput
  | FloatInput
  | StringInput
  | BooleanInput
  | ComboInput
  | SocketInput
  | WidgetInput;
export type Input = PlainInput | AutogrowInput | DynamicComboInput;
/** Whether every prompt must have a value for the input. */
export const isRequired = ({ optional, later }: Input): boolean => !optional && !later;

export type Inputs = Readonly<Record<string, Input>>;

/** The value of an input of the name N. */
type ValueOf<I, N> =
  I extends AutogrowInput<infer T>
    ? Readonly<Record<string, ValueOf<T, string>>>
    : I extends DynamicComboInput<infer C>
      ? { [K in keyof C]: Readonly<Record<N & string, K>> & InputValues<C[K]> }[keyof C]
      : PlainValueOf<I>;

type PlainValueOf<I> = I extends { kind: 'INT'; wide: infer W }
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
            : I extends WidgetInput<infer W>
              ? ValueOfType<W>
              : never;

/** The value of a socket type; of a union of types, one of theirs. */
export type ValueOfType<S extends string> =
  S extends OwnSocketType<infer T>
    ? T
    : S extends `${infer A},${infer B}`
      ? ValueOfType<A> | ValueOfType<B>
      : S extends keyof SocketValues
        ? SocketValues[S]
        : unknown;

type MaybeAbsent = { readonly optional: true } | { readonly lazy: true };

/** What run() receives: one value per input. Optional and lazy inputs may be undefined. */
export type InputValues<I extends Inputs> = {
  readonly [K in keyof I]: I[K] extends MaybeAbsent
    ? ValueOf<I[K], K> | undefined
    : ValueOf<I[K], K>;
};

/** What the run() of a node with `inputIsList` receives: one list per input. */
export type InputLists<I extends Inputs> = {
  readonly [K in keyof I]: I[K] extends MaybeAbsent ? ListOf<I[K], K> | undefined : ListOf<I[K], K>;
};

type ListOf<I, N> =
  I extends AutogrowInput<infer T>
    ? Readonly<Record<string, readonly PlainValueOf<T>[]>>
    : I extends DynamicComboInput<infer C>
      ? { [K in keyof C]: Readonly<Record<N & string, readonly K[]>> & InputLists<C[K]> }[keyof C]
      : readonly PlainValueOf<I>[];
