// Nodes on strings. Source: ComfyUI comfy_extras/nodes_string.py.
import { DarkroomError } from '../../../../errors.ts';
import {
  pythonRegex,
  pythonTemplate,
  RegexError,
  type RegexFlags,
} from '../../../../text/python-regex.ts';
import {
  capitalize,
  length,
  lstrip,
  replace,
  rstrip,
  slice,
  strip,
  title,
} from '../../../../text/python-string.ts';
import {
  boolean,
  combo,
  defineNode,
  int,
  type NodeDeclaration,
  output,
  outputs,
  string,
} from '../../../declare.ts';

const category = 'utils/string';
const text = () => string({ multiline: true });
const index = () => int({ min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY });

const StringConcatenate = defineNode({
  type: 'StringConcatenate',
  display: 'Concatenate',
  category,
  inputs: {
    string_a: text(),
    string_b: text(),
    delimiter: string({ default: '', multiline: false }),
  },
  outputs: [output('STRING')],
  run: ({ string_a, string_b, delimiter }) => outputs(string_a + delimiter + string_b),
});

const StringSubstring = defineNode({
  type: 'StringSubstring',
  display: 'Substring',
  category,
  inputs: { string: text(), start: index(), end: index() },
  outputs: [output('STRING')],
  run: ({ string, start, end }) => outputs(slice(string, start, end)),
});

const StringLength = defineNode({
  type: 'StringLength',
  display: 'Length',
  category,
  inputs: { string: text() },
  outputs: [output('INT', 'length')],
  run: ({ string }) => outputs(length(string)),
});

const CASES = {
  UPPERCASE: (value: string) => value.toUpperCase(),
  lowercase: (value: string) => value.toLowerCase(),
  Capitalize: capitalize,
  'Title Case': title,
} as const;

const CaseConverter = defineNode({
  type: 'CaseConverter',
  display: 'Case Converter',
  category,
  inputs: { string: text(), mode: combo(Object.keys(CASES) as (keyof typeof CASES)[]) },
  outputs: [output('STRING')],
  run: ({ string, mode }) => outputs(CASES[mode](string)),
});

const SIDES = { Both: strip, Left: lstrip, Right: rstrip } as const;

const StringTrim = defineNode({
  type: 'StringTrim',
  display: 'Trim',
  category,
  inputs: { string: text(), mode: combo(Object.keys(SIDES) as (keyof typeof SIDES)[]) },
  outputs: [output('STRING')],
  run: ({ string, mode }) => outputs(SIDES[mode](string)),
});

const StringReplace = defineNode({
  type: 'StringReplace',
  display: 'Replace',
  category,
  inputs: { string: text(), find: text(), replace: text() },
  outputs: [output('STRING')],
  run: (inputs) => outputs(replace(inputs.string, inputs.find, inputs.replace)),
});

const StringContains = defineNode({
  type: 'StringContains',
  display: 'Contains',
  category,
  inputs: { string: text(), substring: text(), case_sensitive: boolean({ default: true }) },
  outputs: [output('BOOLEAN', 'contains')],
  run({ string, substring, case_sensitive }) {
    const [text, part] = case_sensitive
      ? [string, substring]
      : [string.toLowerCase(), substring.toLowerCase()];
    return outputs(text.includes(part));
  },
});

const COMPARISONS = {
  'Starts With': (a: string, b: string) => a.startsWith(b),
  'Ends With': (a: string, b: string) => a.endsWith(b),
  Equal: (a: string, b: string) => a === b,
} as const;

const StringCompare = defineNode({
  type: 'StringCompare',
  display: 'Compare',
  category,
  inputs: {
    string_a: text(),
    string_b: text(),
    mode: combo(Object.keys(COMPARISONS) as (keyof typeof COMPARISONS)[]),
    case_sensitive: boolean({ default: true }),
  },
  outputs: [output('BOOLEAN')],
  run({ string_a, string_b, mode, case_sensitive }) {
    const [a, b] = case_sensitive
      ? [string_a, string_b]
      : [string_a.toLowerCase(), string_b.toLowerCase()];
    return outputs(COMPARISONS[mode](a, b));
  },
});

const flagInputs = {
  case_insensitive: boolean({ default: true }),
  multiline: boolean({ default: false }),
  dotall: boolean({ default: false }),
} as const;

interface Flags {
  readonly case_insensitive?: boolean;
  readonly multiline?: boolean;
  readonly dotall?: boolean;
}

/**
 * A Python pattern as a RegExp. Throws DR_INPUT_INVALID for a pattern that is invalid in Python or
 * not supported; if `lenient`, returns undefined for an invalid one.
 */
function compile(pattern: string, flags: Flags, lenient: boolean): RegExp | undefined {
  const regexFlags: RegexFlags = {
    ignoreCase: flags.case_insensitive ?? true,
    multiline: flags.multiline,
    dotAll: flags.dotall,
  };
  try {
    return pythonRegex(pattern, regexFlags);
  } catch (error) {
    if (lenient && error instanceof RegexError && error.kind === 'invalid') return undefined;
    throw asInputError(error, pattern, 'regex_pattern');
  }
}

/** The beginning of a pattern. */
const shown = (pattern: string): string =>
  pattern.length > 200 ? `${pattern.slice(0, 200)}…` : pattern;

/** A RegexError as DR_INPUT_INVALID; other errors unchanged. */
function asInputError(error: unknown, pattern: string, input: string): unknown {
  if (!(error instanceof RegexError)) return error;
  const problem =
    error.kind === 'invalid'
      ? 'invalid regular expression'
      : 'not supported in a regular expression';
  return new DarkroomError('DR_INPUT_INVALID', {
    message: `${problem}: ${error.message} in ${shown(pattern)}`,
    hint:
      'Use the syntax of Python without conditional groups, flags inside the pattern and ' +
      'possessive quantifiers.',
    input,
  });
}

const RegexMatch = defineNode({
  type: 'RegexMatch',
  display: 'Regex Match',
  category,
  inputs: { string: text(), regex_pattern: text(), ...flagInputs },
  outputs: [output('BOOLEAN', 'matches')],
  run: ({ string, regex_pattern, ...flags }) =>
    outputs(compile(regex_pattern, flags, true)?.test(string) ?? false),
});

/** The result of each mode. A group that did not participate in the match counts as empty. */
const EXTRACTS = {
  'First Match': ([first]: RegExpExecArray[]) => first?.[0] ?? '',
  'All Matches': (all: RegExpExecArray[]) =>
    all.map((match) => (match.length > 1 ? match[1] : match[0]) ?? '').join('\n'),
  'First Group': ([first]: RegExpExecArray[], group: number) => first?.[group] ?? '',
  'All Groups': (all: RegExpExecArray[], group: number) =>
    all
      .filter((match) => match.length > 1 && match.length > group)
      .map((match) => match[group] ?? '')
      .join('\n'),
} as const;

const RegexExtract = defineNode({
  type: 'RegexExtract',
  display: 'Regex Extract',
  category,
  inputs: {
    string: text(),
    regex_pattern: text(),
    mode: combo(Object.keys(EXTRACTS) as (keyof typeof EXTRACTS)[]),
    ...flagInputs,
    group_index: int({ default: 1, min: 0, max: 100 }),
  },
  outputs: [output('STRING')],
  run({ string, regex_pattern, mode, group_index, ...flags }) {
    const regex = compile(regex_pattern, flags, true);
    return outputs(
      regex ? EXTRACTS[mode]([...string.matchAll(regex)] as RegExpExecArray[], group_index) : '',
    );
  },
});

const RegexReplace = defineNode({
  type: 'RegexReplace',
  display: 'Regex Replace',
  category,
  description: 'Replaces the matches of a regular expression.',
  inputs: {
    string: text(),
    regex_pattern: text(),
    replace: text(),
    case_insensitive: boolean({ default: true, optional: true }),
    multiline: boolean({ default: false, optional: true }),
    dotall: boolean({
      default: false,
      optional: true,
      tooltip: 'The dot also matches line breaks.',
    }),
    count: int({
      default: 0,
      min: 0,
      max: 100,
      optional: true,
      tooltip: 'Maximum number of replacements; 0 means all.',
    }),
  },
  outputs: [output('STRING')],
  run({ string, regex_pattern, replace: template, count = 0, ...flags }) {
    const regex = compile(regex_pattern, flags, false)!;
    let remaining = count === 0 ? Number.POSITIVE_INFINITY : count;
    let position = 0;
    let result = '';
    try {
      const fill = pythonTemplate(template);
      for (const match of string.matchAll(regex)) {
        if (remaining-- <= 0) break;
        result += string.slice(position, match.index) + fill(match as RegExpExecArray);
        position = match.index + match[0].length;
      }
    } catch (error) {
      throw asInputError(error, template, 'replace');
    }
    return outputs(result + string.slice(position));
  },
});

export const STRING_NODES: readonly NodeDeclaration[] = [
  StringConcatenate,
  StringSubstring,
  StringLength,
  CaseConverter,
  StringTrim,
  StringReplace,
  StringContains,
  StringCompare,
  RegexMatch,
  RegexExtract,
  RegexReplace,
];
