// The error of a wildcard that nothing can be chosen from.
import { DarkroomError } from '../errors.ts';

const SHOWN = 200;

/** `written`: the wildcard as it is in the text. */
export function unusable(written: string, why: string): DarkroomError {
  const shown = written.length > SHOWN ? `${written.slice(0, SHOWN)}…` : written;
  return new DarkroomError('DR_INPUT_INVALID', {
    message: `nothing can be chosen from ${shown}: ${why}`,
    hint: 'Wildcards are written {a|b}, {3::a|b}, {2$$, $$a|b|c} or __list__.',
  });
}
