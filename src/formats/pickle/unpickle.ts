// Reads a pickle as inert values. Nothing in it is run.
import { OPERATIONS } from './opcodes.ts';
import { malformed, tooLarge } from './pickle-error.ts';
import { PickleInput } from './pickle-input.ts';
import { type IsAllowed, PickleMachine } from './pickle-machine.ts';
import type { PicklePersistent, PickleValue } from './pickle-values.ts';

export interface UnpickleOptions {
  /** Whether the pickle may import a global. */
  readonly allowed: IsAllowed;
  /** The offset where the pickle begins. */
  readonly start?: number;
}

export interface Unpickled {
  readonly value: PickleValue;
  /** All references to things outside the pickle, whether or not they are part of the value. */
  readonly persistent: readonly PicklePersistent[];
  /** The offset behind the pickle. */
  readonly end: number;
}

const MAX_OPERATIONS = 8_000_000;

/** Reads one pickle of protocol 2 to 5. Throws PickleError. */
export function unpickle(bytes: Uint8Array, { allowed, start = 0 }: UnpickleOptions): Unpickled {
  const input = new PickleInput(bytes, start);
  const machine = new PickleMachine(input, allowed);
  for (let count = 0; machine.running; count++) {
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
  if (!machine.isEmpty) throw malformed('its pickle leaves values on its stack');
  return { value, persistent: machine.persistent, end: input.position };
}
