// The declaration of a node: class type, inputs in ComfyUI's order, outputs, flags, and run().
// The types of run's inputs and results, validation, /object_info, the order of widgets and the
// documentation follow from it.
import type { NodeContext, NodeEnvironment } from './context.ts';
import type { ExpandedGraph, OutputLink } from './graph-builder.ts';
import type { Output } from './input-builders.ts';
import type { Input, InputLists, Inputs, InputValues, ValueOfType } from './input-types.ts';
import type { PromptPreparation } from './prompt-hooks.ts';
import type { Blocker } from './socket-values.ts';
import type { LaterChanges } from './versions/declaration-change.ts';

export * from './input-builders.ts';
export * from './own-sockets.ts';

/** Optional inputs whose names match a pattern (`input1`, `input2` …). */
export interface DynamicInputs {
  readonly pattern: RegExp;
  readonly input: Input;
}

/** Widgets of a node that the editor itself defines. */
export interface EditorWidgets {
  /** The input names of all values in a file's `widgets_values`. */
  names(values: readonly unknown[]): readonly string[];
  /** Inputs that the editor computes from the others when it sends a prompt. */
  computed(inputs: Readonly<Record<string, unknown>>): Readonly<Record<string, number>>;
}

/** What run() returns. */
export interface NodeResult<Values extends readonly unknown[] = readonly unknown[]> {
  /** One value per output. A `blocker()` keeps the nodes behind that output from running. */
  readonly outputs: Values;
  /** What clients show, lists by kind: `images` (saved files), `text`, `value` … */
  readonly ui?: Readonly<Record<string, readonly unknown[]>>;
  /**
   * Nodes to run instead of this one, built with `context.subgraph()`. The outputs may then be
   * links into them (`node.out(0)`).
   */
  readonly expand?: ExpandedGraph;
}

type OutputValue<O extends Output> =
  | (O extends { readonly isList: true }
      ? readonly (ValueOfType<O['type']> | Blocker)[]
      : ValueOfType<O['type']>)
  | Blocker
  | OutputLink
  | undefined;

/**
 * What run() returns for the outputs O: values of their socket types. Each may be undefined
 * (ComfyUI's None), a blocker, or a link into `expand` instead.
 */
type ResultOf<O extends readonly Output[]> = NodeResult<{
  readonly [K in keyof O]: OutputValue<O[K]>;
}>;

/** A value that changes when a node must run again. NaN differs from every earlier value. */
export type Fingerprint = string | number | boolean;

/** A node's own check of its inputs before anything runs (VALIDATE_INPUTS). */
export interface InputCheck {
  /** Inputs whose range and options are not checked otherwise; all inputs by default. */
  readonly of?: readonly string[];
  /** Also replaces the usual check of the types of links. */
  readonly types?: boolean;
  /**
   * Returns true or a sentence about the error. `values` are the converted widget values of the
   * checked inputs; those of linked inputs are undefined. `types` are the types of the outputs that
   * inputs are linked to.
   */
  check(
    values: Readonly<Record<string, unknown>>,
    environment: NodeEnvironment,
    types: Readonly<Record<string, string>>,
  ): true | string;
}

/**
 * ComfyUI's hidden inputs. A node with UNIQUE_ID does not share cached results with nodes of other
 * ids.
 */
export type HiddenType = 'UNIQUE_ID' | 'PROMPT' | 'EXTRA_PNGINFO' | 'DYNPROMPT';

/** Where a node comes from that is not built in. */
export interface NodeOrigin {
  /** The title of its pack. */
  readonly pack: string;
  /** The `python_module` of /object_info. */
  readonly module: string;
  /** The folder or the file of the pack. */
  readonly file: string;
  /** Changes with the files of the pack: results of other code are not reused. */
  readonly code: string;
}

export interface NodeDeclaration<
  I extends Inputs = Inputs,
  O extends readonly Output[] = readonly Output[],
> {
  /** ComfyUI's class type, letter for letter. */
  readonly type: string;
  readonly display: string;
  readonly category: string;
  readonly description?: string;
  readonly inputs: I;
  /** Further inputs by pattern; read with `inputNamed` and `numberedInputs`. */
  readonly dynamicInputs?: DynamicInputs | readonly DynamicInputs[];
  /** Widgets that the editor adds to those of the declared inputs. */
  readonly editorWidgets?: EditorWidgets;
  /**
   * Hidden inputs by name, as /object_info lists them. run() reads their values from the context
   * (nodeId, prompt(), extra(), graph).
   */
  readonly hidden?: Readonly<Record<string, HiddenType>>;
  readonly outputs: O;
  /** Outputs beyond the declared ones, as many as run() returns. */
  readonly dynamicOutput?: Output;
  readonly outputNode?: boolean;
  /** The folder that the node writes to. It is checked before a job starts. */
  readonly saves?: 'output' | 'temp';
  readonly inputIsList?: boolean;
  /** Equal inputs may have different results: cached results are not shared with other nodes. */
  readonly notIdempotent?: boolean;
  readonly deprecated?: boolean;
  readonly experimental?: boolean;
  /**
   * run() only throws: the node is declared for workflows that don't need its result. A check
   * reports it where the result is needed.
   */
  readonly alwaysFails?: boolean;
  /**
   * A key that changes when the node must run again although its inputs have not changed (say, the
   * hash of a file; ComfyUI's IS_CHANGED). Linked inputs are undefined, and prompt(), extra() and
   * graph are not available.
   */
  readonly fingerprint?: (
    inputs: InputValues<I>,
    context: NodeContext,
  ) => Promise<Fingerprint> | Fingerprint;
  /**
   * The lazy inputs that run() needs, given the inputs evaluated so far (check_lazy_status). Called
   * again when they are evaluated; the names of evaluated inputs are ignored.
   */
  readonly needs?: (
    inputs: Partial<InputValues<I>>,
    context: NodeContext,
  ) => Promise<readonly string[]> | readonly string[];
  readonly validate?: InputCheck;
  /** Changes the prompt before it is validated, as ComfyUI's prompt handlers do. */
  readonly prepare?: PromptPreparation;
  /** Set where a pack is loaded; nodes that are built in have none. */
  readonly origin?: NodeOrigin;
  /** What releases after the named one added; see `nodesOfVersion`. */
  readonly later?: LaterChanges;
  run(inputs: InputValues<I>, context: NodeContext): Promise<ResultOf<O>> | ResultOf<O>;
}

/** Declares a node. The types of run's inputs and results follow from `inputs` and `outputs`. */
export const defineNode = <const I extends Inputs, const O extends readonly Output[]>(
  declaration: NodeDeclaration<I, O>,
): NodeDeclaration => declaration as unknown as NodeDeclaration;

/** Declares a node whose inputs are whole lists (INPUT_IS_LIST). */
export const defineListNode = <const I extends Inputs, const O extends readonly Output[]>(
  declaration: Omit<NodeDeclaration<I, O>, 'run' | 'inputIsList' | 'needs'> & {
    readonly needs?: (
      inputs: Partial<InputLists<I>>,
      context: NodeContext,
    ) => Promise<readonly string[]> | readonly string[];
    run(inputs: InputLists<I>, context: NodeContext): Promise<ResultOf<O>> | ResultOf<O>;
  },
): NodeDeclaration => ({ ...declaration, inputIsList: true }) as unknown as NodeDeclaration;

/** The declaration of an input, also of one that matches a pattern. */
export function inputOf(
  { inputs, dynamicInputs = [] }: Pick<NodeDeclaration, 'inputs' | 'dynamicInputs'>,
  name: string,
): Input | undefined {
  if (Object.hasOwn(inputs, name)) return inputs[name];
  const patterns: readonly DynamicInputs[] = [dynamicInputs].flat();
  const found = patterns.find(({ pattern }) => pattern.test(name));
  return found && { ...found.input, optional: true };
}

/** The value of an input that is not declared by name. */
export const inputNamed = (inputs: object, name: string): unknown =>
  (inputs as Readonly<Record<string, unknown>>)[name];

/** The inputs `prefix1`, `prefix2` … that have a value: number and value, sorted by number. */
export const numberedInputs = <T = unknown>(inputs: object, prefix: string): [number, T][] =>
  Object.entries(inputs)
    .filter(
      ([name, value]) =>
        value !== undefined && name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)),
    )
    .map(([name, value]): [number, T] => [Number(name.slice(prefix.length)), value])
    .sort(([a], [b]) => a - b);

/** A result of outputs only. */
export const outputs = <const T extends readonly unknown[]>(...values: T): NodeResult<T> => ({
  outputs: values,
});
