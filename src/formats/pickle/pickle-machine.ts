// The state of a pickle machine that builds values and runs nothing: stack, marks and memo, with
// the limits that keep a hostile pickle small and short. opcodes.ts has the operations on it.
import { ownValue } from '../../own-value.ts';
import { forbidden, malformed, printableName, tooLarge } from './pickle-error.ts';
import type { PickleInput } from './pickle-input.ts';
import type { PickleGlobal, PicklePersistent, PickleValue } from './pickle-values.ts';

const MAX_CONTAINERS = 1_000_000;
const MAX_STACK = 1_000_000;
const MAX_MEMO = 2_000_000;
const MAX_NESTING = 512;

/** Modules that have another name in Python 2. */
const RENAMED: Readonly<Record<string, string>> = { __builtin__: 'builtins', copy_reg: 'copyreg' };

/** Whether a pickle may import a global ('collections.OrderedDict'). */
export type IsAllowed = (name: string) => boolean;

/** Its methods throw PickleError when the pickle is malformed or exceeds a limit. */
export class PickleMachine {
  readonly input: PickleInput;
  /** All references to things outside the pickle, whether or not they are part of its value. */
  readonly persistent: PicklePersistent[] = [];
  running = true;
  readonly #isAllowed: IsAllowed;
  readonly #stack: PickleValue[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue>();
  readonly #globals = new Map<string, PickleGlobal>();
  #containers = 0;

  constructor(input: PickleInput, isAllowed: IsAllowed) {
    this.input = input;
    this.#isAllowed = isAllowed;
  }

  get isEmpty(): boolean {
    return this.#stack.length === 0;
  }

  push(value: PickleValue): void {
    if (this.#stack.length >= MAX_STACK)
      throw tooLarge(`its pickle pushes more than ${MAX_STACK} values onto its stack`);
    this.#stack.push(value);
  }

  /** Pushes a newly created value, which counts towards the limit of objects. */
  pushNew(value: PickleValue): void {
    if (++this.#containers > MAX_CONTAINERS)
      throw tooLarge(`its pickle creates more than ${MAX_CONTAINERS} objects`);
    this.push(value);
  }

  pop(): PickleValue {
    this.#checkNotEmpty();
    return this.#stack.pop()!;
  }

  top(): PickleValue {
    this.#checkNotEmpty();
    return this.#stack[this.#stack.length - 1];
  }

  mark(): void {
    if (this.#marks.length >= MAX_NESTING)
      throw tooLarge(`its pickle is nested more than ${MAX_NESTING} deep`);
    this.#marks.push(this.#stack.length);
  }

  /** Pops everything above the last mark, and the mark. */
  popMark(): PickleValue[] {
    const from = this.#marks.pop();
    if (from === undefined) throw malformed('its pickle closes a group that was never opened');
    return this.#stack.splice(from);
  }

  /** Stores the top of the stack in the memo, at the next free index unless one is given. */
  memoize(index = this.#memo.size): void {
    this.#memo.set(index, this.top());
    if (this.#memo.size > MAX_MEMO)
      throw tooLarge(`its pickle stores more than ${MAX_MEMO} values in its memo`);
  }

  pushFromMemo(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw malformed('its pickle reads a value that is not in its memo');
    this.push(value);
  }

  /** Pushes a global. Throws `forbidden` when it is not allowed. */
  pushGlobal(module: string, name: string): void {
    const fullName = `${ownValue(RENAMED, module) ?? module}.${name}`;
    let global = this.#globals.get(fullName);
    if (!global) {
      if (!this.#isAllowed(fullName))
        throw forbidden(`imports ${printableName(`${module}.${name}`)}`);
      global = { kind: 'global', name: fullName };
      this.#globals.set(fullName, global);
    }
    this.push(global);
  }

  pushPersistent(id: PickleValue): void {
    const value: PicklePersistent = { kind: 'persistent', id };
    this.persistent.push(value);
    this.pushNew(value);
  }

  stop(): void {
    this.running = false;
  }

  /** Values below the last mark are out of reach. */
  #checkNotEmpty(): void {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0))
      throw malformed('its pickle takes a value from an empty stack');
  }
}
