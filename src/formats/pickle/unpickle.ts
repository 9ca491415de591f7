// A pickle machine that builds values and runs nothing. What the operations do is in opcodes.ts; here are the stack, the memo and the
// limits that keep a hostile pickle small and short.

import { OPERATIONS } from './opcodes.ts';
import { forbidden, malformed, shownName, tooLarge } from './pickle-error.ts';
import { type Input, inputOf } from './pickle-input.ts';
import type { PickleGlobal, PicklePersistent, PickleValue } from './pickle-values.ts';

export interface UnpickleOptions {
  /** Whether a global ('collections.OrderedDict') may be named. */
  readonly allowed: (name: string) => boolean;
  /** Where the pickle begins. */
  readonly start?: number;
}

export interface Unpickled {
  readonly value: PickleValue;
  /** All that it refers to outside of it, whether or not it is part of the value. */
  readonly persistent: readonly PicklePersistent[];
  /** Where the pickle ended. */
  readonly end: number;
}

/** What operations work on. */
export interface Machine {
  readonly input: Input;
  readonly memo: Map<number, PickleValue>;
  push(value: PickleValue): void;
  /** Pushes a value that takes memory of its own. */
  pushNew(value: PickleValue): void;
  pop(): PickleValue;
  top(): PickleValue;
  mark(): void;
  /** Everything above the last mark. */
  popMark(): PickleValue[];
  remember(index: number): void;
  recall(index: number): void;
  /** Pushes a global. Throws when it is not allowed. */
  pushGlobal(module: string, name: string): void;
  pushPersistent(id: PickleValue): void;
  stop(): void;
}

const MAX_OPERATIONS = 8_000_000;
const MAX_CONTAINERS = 1_000_000;
const MAX_STACK = 1_000_000;
const MAX_MEMO = 2_000_000;
const MAX_NESTING = 512;

/** Modules that Python 2 called otherwise. */
const RENAMED: Readonly<Record<string, string>> = { __builtin__: 'builtins', copy_reg: 'copyreg' };

/** Reads one pickle (protocol 2 to 5) as inert values. Throws PickleError. */
export function unpickle(bytes: Uint8Array, { allowed, start = 0 }: UnpickleOptions): Unpickled {
  const input = inputOf(bytes, start);
  const stack: PickleValue[] = [];
  const marks: number[] = [];
  const memo = new Map<number, PickleValue>();
  const globals = new Map<string, PickleGlobal>();
  const persistent: PicklePersistent[] = [];
  let containers = 0;
  let running = true;

  const push = (value: PickleValue): void => {
    if (stack.length >= MAX_STACK)
      throw tooLarge(`its pickle stacks more than ${MAX_STACK} values`);
    stack.push(value);
  };
  const check = (): void => {
    if (stack.length <= (marks.at(-1) ?? 0))
      throw malformed('its pickle takes a value that is not there');
  };
  const machine: Machine = {
    input,
    memo,
    push,
    pushNew: (value) => {
      if (++containers > MAX_CONTAINERS)
        throw tooLarge(`its pickle makes more than ${MAX_CONTAINERS} objects`);
      push(value);
    },
    pop: () => {
      check();
      return stack.pop()!;
    },
    top: () => {
      check();
      return stack[stack.length - 1];
    },
    mark: () => {
      if (marks.length >= MAX_NESTING)
        throw tooLarge(`its pickle is nested more than ${MAX_NESTING} deep`);
      marks.push(stack.length);
    },
    popMark: () => {
      const from = marks.pop();
      if (from === undefined) throw malformed('its pickle ends a group that has not begun');
      return stack.splice(from);
    },
    remember: (index) => {
      check();
      memo.set(index, stack[stack.length - 1]);
      if (memo.size > MAX_MEMO) throw tooLarge(`its pickle remembers more than ${MAX_MEMO} values`);
    },
    recall: (index) => {
      const value = memo.get(index);
      if (value === undefined) throw malformed('its pickle refers to a value that is not there');
      push(value);
    },
    pushGlobal: (module, name) => {
      const full = `${RENAMED[module] ?? module}.${name}`;
      let known = globals.get(full);
      if (!known) {
        if (!allowed(full)) throw forbidden(`asks for ${shownName(`${module}.${name}`)}`);
        known = { kind: 'global', name: full };
        globals.set(full, known);
      }
      push(known);
    },
    pushPersistent: (id) => {
      const value: PicklePersistent = { kind: 'persistent', id };
      persistent.push(value);
      machine.pushNew(value);
    },
    stop: () => {
      running = false;
    },
  };

  for (let count = 0; running; count++) {
    if (count >= MAX_OPERATIONS)
      throw tooLarge(`its pickle has more than ${MAX_OPERATIONS} operations`);
    const code = input.byte();
    const operation = OPERATIONS[code];
    if (!operation)
      throw malformed(
        `its pickle has an unknown operation 0x${code.toString(16).padStart(2, '0')}`,
      );
    operation(machine);
  }
  const value = machine.pop();
  if (stack.length > 0) throw malformed('its pickle leaves values behind');
  return { value, persistent, end: input.at() };
}
