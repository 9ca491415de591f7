// The largest sizes of texts from users, which docs/server.md lists. Longer ones are refused with
// an error that names the limit.

/** Bytes of a path, and characters of the name of a wildcard list with `*`. */
export const MAX_PATH_BYTES = 4096;
/** Digits of an integer: Python's sys.get_int_max_str_digits(). */
export const MAX_INTEGER_DIGITS = 4300;
/** Levels of parentheses in a prompt, about as many as ComfyUI's recursion allows. */
export const MAX_PARENTHESES = 1000;
/** Characters of a text that wildcards expand to. */
export const MAX_EXPANDED_TEXT = 2 ** 20;
/** Characters that are read and written while the wildcards of one text are replaced. */
export const MAX_EXPANSION_WORK = 5e7;
/** Names in one text that are searched in all folders, about as many as in the Impact Pack. */
export const MAX_FOLDER_SEARCHES = 1000;
/** Repetitions of a name: the number in `3#__name__`. */
export const MAX_REPETITIONS = 100_000;
