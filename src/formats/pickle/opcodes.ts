// The operations of pickle protocols 2 to 5, by code (Python's pickletools documents them). Those
// that torch and numpy write are carried out on inert values; the others are refused.

import { forbidden, malformed, printableName } from './pickle-error.ts';
import type { PickleMachine } from './pickle-machine.ts';
import { isKind, type PickleObject, type PickleValue } from './pickle-values.ts';

export type Operation = (m: PickleMachine) => void;

const HIGHEST_PROTOCOL = 5;

const constant =
  (value: PickleValue): Operation =>
  (m) =>
    m.push(value);

const EMPTY_TUPLE: PickleValue = { kind: 'tuple', items: [] };

const tuple =
  (size: number): Operation =>
  (m) => {
    const items = Array.from({ length: size }, () => m.pop()).reverse();
    m.pushNew({ kind: 'tuple', items });
  };

/** Records a class or function with its arguments; it is never called. */
const call =
  (operation: string): Operation =>
  (m) => {
    const args = m.pop();
    const callee = m.pop();
    if (!isKind(callee, 'global'))
      throw forbidden(`calls a value that is not the name of a class (${operation})`);
    if (!isKind(args, 'tuple'))
      throw malformed(`its pickle calls ${callee.name} with arguments that are not a tuple`);
    m.pushNew({ kind: 'object', global: callee.name, args: args.items });
  };

function append(m: PickleMachine, items: readonly PickleValue[], kind: 'list' | 'set'): void {
  const target = m.top();
  if (isKind(target, kind)) for (const item of items) target.items.push(item);
  else if (isKind(target, 'object')) {
    target.items ??= [];
    for (const item of items) target.items.push(item);
  } else throw malformed(`its pickle adds an item to a value that is not a ${kind}`);
}

function setItems(m: PickleMachine, pairs: readonly PickleValue[]): void {
  if (pairs.length % 2 > 0) throw malformed('its pickle sets a key without a value');
  const entries = entriesToSet(m.top());
  for (let i = 0; i < pairs.length; i += 2) {
    const key = pairs[i];
    if (isKind(key, 'list') || isKind(key, 'dict') || isKind(key, 'set'))
      throw malformed(`its pickle uses a ${key.kind} as a key`);
    entries.set(key, pairs[i + 1]);
  }
}

function entriesToSet(target: PickleValue): Map<PickleValue, PickleValue> {
  if (isKind(target, 'dict')) return target.entries;
  if (!isKind(target, 'object'))
    throw malformed('its pickle sets an item of a value that is not a dictionary');
  target.entries ??= new Map();
  return target.entries;
}

function build(m: PickleMachine): void {
  const state = m.pop();
  const target: PickleValue = m.top();
  if (!isKind(target, 'object'))
    throw malformed('its pickle sets the state of a value that is not an object');
  (target as PickleObject).state = state;
}

function stackGlobal(m: PickleMachine): void {
  const name = m.pop();
  const module = m.pop();
  if (typeof name !== 'string' || typeof module !== 'string')
    throw malformed('its pickle imports a global whose name is not a string');
  m.pushGlobal(module, name);
}

const refused =
  (operation: string, detail: (m: PickleMachine) => string = () => ''): Operation =>
  (m) => {
    throw forbidden(`uses the pickle operation ${operation}${detail(m)}`);
  };

const lines = (m: PickleMachine, count: number): string =>
  printableName(Array.from({ length: count }, () => m.input.line()).join('.'));

const TABLE: Readonly<Record<number, Operation>> = {
  // frame
  128: (m) => {
    const protocol = m.input.byte();
    if (protocol > HIGHEST_PROTOCOL)
      throw malformed(`its pickle has the unknown protocol ${protocol}`);
  },
  149: (m) => void m.input.uint(8), // FRAME: the operations are complete without its length
  46: (m) => m.stop(),
  // atoms
  78: constant(null),
  136: constant(true),
  137: constant(false),
  74: (m) => m.push(m.input.int32()),
  75: (m) => m.push(m.input.uint(1)),
  77: (m) => m.push(m.input.uint(2)),
  138: (m) => m.push(m.input.long(m.input.uint(1))),
  139: (m) => m.push(m.input.long(m.input.uint(4))),
  71: (m) => m.push(m.input.double()),
  88: (m) => m.push(m.input.utf8(m.input.uint(4))),
  140: (m) => m.push(m.input.utf8(m.input.uint(1))),
  141: (m) => m.push(m.input.utf8(m.input.uint(8))),
  // Python 2's str: bytes of any encoding
  84: (m) => m.push(m.input.latin1(m.input.uint(4))),
  85: (m) => m.push(m.input.latin1(m.input.uint(1))),
  66: (m) => m.pushNew(m.input.take(m.input.uint(4))),
  67: (m) => m.pushNew(m.input.take(m.input.uint(1))),
  142: (m) => m.pushNew(m.input.take(m.input.uint(8))),
  150: (m) => m.pushNew(m.input.take(m.input.uint(8))),
  // containers
  41: constant(EMPTY_TUPLE),
  133: tuple(1),
  134: tuple(2),
  135: tuple(3),
  40: (m) => m.mark(),
  116: (m) => m.pushNew({ kind: 'tuple', items: m.popMark() }),
  93: (m) => m.pushNew({ kind: 'list', items: [] }),
  108: (m) => m.pushNew({ kind: 'list', items: m.popMark() }),
  125: (m) => m.pushNew({ kind: 'dict', entries: new Map() }),
  100: (m) => {
    const pairs = m.popMark();
    m.pushNew({ kind: 'dict', entries: new Map() });
    setItems(m, pairs);
  },
  143: (m) => m.pushNew({ kind: 'set', items: [] }),
  145: (m) => m.pushNew({ kind: 'set', items: m.popMark() }),
  97: (m) => {
    const item = m.pop();
    append(m, [item], 'list');
  },
  101: (m) => append(m, m.popMark(), 'list'),
  144: (m) => append(m, m.popMark(), 'set'),
  115: (m) => {
    const value = m.pop();
    const key = m.pop();
    setItems(m, [key, value]);
  },
  117: (m) => setItems(m, m.popMark()),
  // stack and memo
  48: (m) => void m.pop(),
  49: (m) => void m.popMark(),
  50: (m) => m.push(m.top()),
  104: (m) => m.pushFromMemo(m.input.uint(1)),
  106: (m) => m.pushFromMemo(m.input.uint(4)),
  113: (m) => m.memoize(m.input.uint(1)),
  114: (m) => m.memoize(m.input.uint(4)),
  148: (m) => m.memoize(),
  // globals and objects
  99: (m) => {
    const module = m.input.line();
    m.pushGlobal(module, m.input.line());
  },
  147: stackGlobal,
  82: call('REDUCE'),
  129: call('NEWOBJ'),
  98: build,
  81: (m) => m.pushPersistent(m.pop()),
  // never written by torch; some of these call what they import
  105: refused('INST', (m) => ` (${lines(m, 2)})`),
  111: refused('OBJ'),
  146: refused('NEWOBJ_EX'),
  130: refused('EXT1', (m) => ` (code ${m.input.uint(1)})`),
  131: refused('EXT2', (m) => ` (code ${m.input.uint(2)})`),
  132: refused('EXT4', (m) => ` (code ${m.input.int32()})`),
  80: refused('PERSID', (m) => ` (${lines(m, 1)})`),
  151: refused('NEXT_BUFFER'),
  152: refused('READONLY_BUFFER'),
  73: refused('INT'),
  76: refused('LONG'),
  70: refused('FLOAT'),
  83: refused('STRING'),
  86: refused('UNICODE'),
  103: refused('GET'),
  112: refused('PUT'),
};

/** The operations by code; undefined where there is none. */
export const OPERATIONS: readonly (Operation | undefined)[] = Array.from(
  { length: 256 },
  (_, code) => TABLE[code],
);
