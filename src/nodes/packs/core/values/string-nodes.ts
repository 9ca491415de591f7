// Nodes on texts. Source: ComfyUI comfy_extras/nodes_string.py.
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
const place = () => int({ min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY });

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
  inputs: { string: text(), start: place(), end: place() },
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
    const [whole, part] = case_sensitive
      ? [string, substring]
      : [string.toLowerCase(), substring.toLowerCase()];
    return outputs(whole.includes(part));
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

const switches = {
  case_insensitive: boolean({ default: true }),
  multiline: boolean({ default: false }),
  dotall: boolean({ default: false }),
} as const;

interface Switches {
  readonly case_insensitive?: boolean;
  readonly multiline?: boolean;
  readonly dotall?: boolean;
}

/** Throws DR_INPUT_INVALID, or gives undefined for a pattern that Python refuses when the node takes that for no match. */
function compile(pattern: string, switches: Switches, lenient: boolean): RegExp | undefined {
  const flags: RegexFlags = {
    ignoreCase: switches.case_insensitive ?? true,
    multiline: switches.multiline,
    dotAll: switches.dotall,
  };
  try {
    return pythonRegex(pattern, flags);
  } catch (error) {
    if (lenient && error instanceof RegexError && error.kind === 'invalid') return undefined;
    throw refused(error, pattern, 'regex_pattern');
  }
}

function refused(error: unknown, pattern: string, input: string): unknown {
  if (!(error instanceof RegexError)) return error;
  return new DarkroomError('DR_INPUT_INVALID', {
    message: `${error.kind === 'invalid' ? 'not a regular expression' : 'not supported in a regular expression'}: ${error.message} in ${pattern}`,
    hint: 'Patterns are those of Python; groups with conditions, flags inside the pattern and possessive counts are not supported.',
    input,
  });
}

const RegexMatch = defineNode({
  type: 'RegexMatch',
  display: 'Regex Match',
  category,
  inputs: { string: text(), regex_pattern: text(), ...switches },
  outputs: [output('BOOLEAN', 'matches')],
  run: ({ string, regex_pattern, ...flags }) =>
    outputs(compile(regex_pattern, flags, true)?.test(string) ?? false),
});

/** What each mode gives of the matches; a group that took no part counts as empty. */
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
    ...switches,
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
  description: 'Replaces what a regular expression finds.',
  inputs: {
    string: text(),
    regex_pattern: text(),
    replace: text(),
    case_insensitive: boolean({ default: true, optional: true }),
    multiline: boolean({ default: false, optional: true }),
    dotall: boolean({ default: false, optional: true, tooltip: 'The dot matches new lines too.' }),
    count: int({
      default: 0,
      min: 0,
      max: 100,
      optional: true,
      tooltip: 'So many matches are replaced; 0: all.',
    }),
  },
  outputs: [output('STRING')],
  run({ string, regex_pattern, replace: template, count = 0, ...flags }) {
    const regex = compile(regex_pattern, flags, false)!;
    let left = count === 0 ? Number.POSITIVE_INFINITY : count;
    let at = 0;
    let result = '';
    try {
      const fill = pythonTemplate(template);
      for (const match of string.matchAll(regex)) {
        if (left-- <= 0) break;
        result += string.slice(at, match.index) + fill(match as RegExpExecArray);
        at = match.index + match[0].length;
      }
    } catch (error) {
      throw refused(error, template, 'replace');
    }
    return outputs(result + string.slice(at));
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
