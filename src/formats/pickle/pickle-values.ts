// What a pickle holds, as inert values. A global is a name and no more; an object is the name of what Python would have called,
// with the arguments. Nothing of it can run.

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
  /** The class or function that would have made it. */
  readonly global: string;
  readonly args: readonly PickleValue[];
  /** What its `__setstate__` or `__dict__` would have got. */
  state?: PickleValue;
  /** What was appended to it. */
  items?: PickleValue[];
  /** What was set in it by key. */
  entries?: Map<PickleValue, PickleValue>;
}

/** Stands for something outside of the pickle. */
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

/** The items of a tuple; undefined for anything else. */
export const tupleOf = (value: PickleValue | undefined): readonly PickleValue[] | undefined =>
  isKind(value, 'tuple') ? value.items : undefined;

export const isKind = <K extends Structure['kind']>(
  value: PickleValue | undefined,
  kind: K,
): value is Extract<Structure, { readonly kind: K }> =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind;

/** Classes that are dictionaries by their entries. */
const DICTIONARIES = new Set([
  'collections.OrderedDict',
  'collections.defaultdict',
  'collections.Counter',
  'builtins.dict',
  'pytorch_lightning.utilities.parsing.AttributeDict',
  'lightning_fabric.utilities.data.AttributeDict',
]);

const PARAMETER_DICT = 'torch.nn.modules.container.ParameterDict';
const NOTHING: ReadonlyMap<PickleValue, PickleValue> = new Map();

/** The entries of a dictionary of any class; undefined for anything else. */
export function entriesOf(
  value: PickleValue | undefined,
): ReadonlyMap<PickleValue, PickleValue> | undefined {
  if (isKind(value, 'dict')) return value.entries;
  if (!isKind(value, 'object')) return undefined;
  if (value.global === PARAMETER_DICT) {
    const state = isKind(value.state, 'dict') ? value.state.entries : undefined;
    const held = state?.get('_parameters');
    // one level: a ParameterDict may claim to hold itself
    return isKind(held, 'object') && held.global === PARAMETER_DICT ? undefined : entriesOf(held);
  }
  if (!DICTIONARIES.has(value.global)) return undefined;
  return value.entries ?? pairsOf(value.args[0]) ?? NOTHING;
}

/** Python 2 wrote an OrderedDict as a list of pairs. */
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
