// Limits what one text can make of its wildcards. Lists that name themselves or each other can
// double a text in each of 99 rounds.
import { DarkroomError } from '../errors.ts';
import { MAX_EXPANDED_TEXT, MAX_EXPANSION_WORK } from '../limits.ts';

const HINT =
  'Use fewer wildcards in one text, and look for a list that names itself or that is named often.';

/** What a step costs besides its characters. */
const STEP = 100;

export class ExpansionBudget {
  #left = MAX_EXPANSION_WORK;
  readonly #maxLength: number;

  /** `text`: the text before the expansion; a long one may stay as long as it is. */
  constructor(text: string) {
    this.#maxLength = Math.max(MAX_EXPANDED_TEXT, text.length);
  }

  /**
   * Counts a step and the characters that it reads or writes. Throws DR_INPUT_INVALID at the limit.
   */
  spend(characters: number): void {
    this.#left -= STEP + characters;
    if (this.#left >= 0) return;
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: 'the wildcards of the text take too many steps to replace',
      hint: HINT,
    });
  }

  /** Throws DR_INPUT_INVALID if a text would be longer than the limit. */
  checkLength(characters: number): void {
    if (characters <= this.#maxLength) return;
    throw new DarkroomError('DR_INPUT_INVALID', {
      message: `the wildcards of the text expand to more than ${this.#maxLength} characters`,
      hint: HINT,
    });
  }
}
