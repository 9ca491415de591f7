// The values of a pickle, all of them inert: a global is only a name, and an object is the name of
// what Python would have called, with its arguments.

export interface PickleList {
  readonly kind: 'list';
  readonly items: PickleValue[];
}

export interface PickleSet {
  readonly kind: 'set';
  readonly items: PickleValue[];
}

export interface PickleTuple {
  readonly kind: 'tuple';
  readonly items: readonly PickleValue[];
}

export interface PickleDict {
  readonly kind: 'dict';
  readonly entries: Map<PickleValue, PickleValue>;
}

export interface PickleGlobal {
  readonly kind: 'global';
  /** Module and name, joined by a dot. */
  readonly name: string;
}

export interface PickleObject {
  readonly kind: 'object';
  /** The class or function that Python would have called. */
  readonly global: string;
  readonly args: readonly PickleValue[];
  /** The state that Python would have passed to `__setstate__` or put into `__dict__`. */
  state?: PickleValue;
  /** Items appended to it. */
  items?: PickleValue[];
  /** Entries set in it by key. */
  entries?: Map<PickleValue, PickleValue>;
}

/** A reference to something outside the pickle. */
export interface PicklePersistent {
  readonly kind: 'persistent';
  readonly id: PickleValue;
}

export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleList
  | PickleSet
  | PickleTuple
  | PickleDict
  | PickleGlobal
  | PickleObject
  | PicklePersistent;

type Structure = Extract<PickleValue, { readonly kind: string }>;

/** The items of a tuple; undefined for other values. */
export const tupleOf = (value: PickleValue | undefined): readonly PickleValue[] | undefined =>
  isKind(value, 'tuple') ? value.items : undefined;

/** Whether a value is a structure of a kind. */
export const isKind = <K extends Structure['kind']>(
  value: PickleValue | undefined,
  kind: K,
): value is Extract<Structure, { readonly kind: K }> =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind;

/** Classes whose objects are dictionaries of their entries. */
const DICTIONARIES = new Set([
  'collections.OrderedDict',
  'collections.defaultdict',
  'collections.Counter',
  'builtins.dict',
  'pytorch_lightning.utilities.parsing.AttributeDict',
  'lightning_fabric.utilities.data.AttributeDict',
]);

const PARAMETER_DICT = 'torch.nn.modules.container.ParameterDict';
const NO_ENTRIES: ReadonlyMap<PickleValue, PickleValue> = new Map();

/** The entries of a dictionary of any class; undefined for other values. */
export function entriesOf(
  value: PickleValue | undefined,
): ReadonlyMap<PickleValue, PickleValue> | undefined {
  if (isKind(value, 'dict')) return value.entries;
  if (!isKind(value, 'object')) return undefined;
  if (value.global === PARAMETER_DICT) {
    const state = isKind(value.state, 'dict') ? value.state.entries : undefined;
    const parameters = state?.get('_parameters');
    // one level only, because in a hostile file a ParameterDict may contain itself
    if (isKind(parameters, 'object') && parameters.global === PARAMETER_DICT) return undefined;
    return entriesOf(parameters);
  }
  if (!DICTIONARIES.has(value.global)) return undefined;
  return value.entries ?? pairsOf(value.args[0]) ?? NO_ENTRIES;
}

/** The entries of a list of pairs, as Python 2 wrote an OrderedDict. */
function pairsOf(
  value: PickleValue | undefined,
): ReadonlyMap<PickleValue, PickleValue> | undefined {
  if (!isKind(value, 'list')) return undefined;
  const pairs = new Map<PickleValue, PickleValue>();
  for (const item of value.items) {
    const pair = isKind(item, 'list') || isKind(item, 'tuple') ? item.items : undefined;
    if (pair?.length === 2) pairs.set(pair[0], pair[1]);
  }
  return pairs;
}
