// Checks the options of the library: programs in JavaScript have no compiler that refuses a
// mistyped name or device.
import {
  type CheckOptions,
  type DarkroomOptions,
  KEPT_KINDS,
  type KeptKind,
  type RunOptions,
} from './darkroom-types.ts';
import { DarkroomError } from './errors.ts';
import { didYouMean } from './near-matches.ts';
import { DEVICE_CHOICES, deviceHint } from './runtime/device-names.ts';

/** What a value of an option has to be. */
export interface Rule {
  readonly expected: string;
  accepts(value: unknown): boolean;
  /** What a text that is not accepted may mean; empty if nothing is near. */
  readonly hintFor?: (text: string) => string;
}

const ofType = (type: string, expected: string): Rule => ({
  expected,
  accepts: (value) => typeof value === type,
});
export const TEXT = ofType('string', 'a text');
const YES_OR_NO = ofType('boolean', 'true or false');
export const FUNCTION = ofType('function', 'a function');
const OBJECT: Rule = {
  expected: 'an object',
  accepts: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
};
export const TEXTS: Rule = {
  expected: 'a list of texts',
  accepts: (value) => Array.isArray(value) && value.every(TEXT.accepts),
};
const FOLDERS: Rule = {
  expected: 'the path of a folder, or a list of them',
  accepts: (value) => TEXT.accepts(value) || TEXTS.accepts(value),
};
const FILES: Rule = {
  expected: 'an object with the bytes of each file (Uint8Array)',
  accepts: (value) =>
    OBJECT.accepts(value) &&
    Object.values(value as object).every((bytes) => bytes instanceof Uint8Array),
};
export const COUNT: Rule = {
  expected: 'a whole number from 1',
  accepts: (value) => Number.isSafeInteger(value) && (value as number) >= 1,
};
const SEED: Rule = {
  expected: 'a whole number',
  accepts: (value) => typeof value === 'bigint' || Number.isSafeInteger(value),
};
const oneOf = (
  options: readonly string[],
  hintFor = (text: string): string => didYouMean(text, options),
): Rule => ({
  expected: `one of ${options.join(', ')}`,
  accepts: (value) => options.includes(value as string),
  hintFor,
});

const DARKROOM_OPTIONS: Readonly<Record<keyof DarkroomOptions, Rule>> = {
  models: FOLDERS,
  input: TEXT,
  output: TEXT,
  temp: TEXT,
  inMemory: YES_OR_NO,
  onUnreadable: FUNCTION,
  device: oneOf(DEVICE_CHOICES, deviceHint),
  threads: COUNT,
  textEncoders: oneOf(['fp16', 'fp32']),
  // resolvePrecision, which also knows the environment and the device, checks which
  precision: TEXT,
  keep: {
    expected: `a list of ${KEPT_KINDS.join(', ')}`,
    accepts: (value) =>
      TEXTS.accepts(value) && (value as KeptKind[]).every((kind) => KEPT_KINDS.includes(kind)),
  },
  cacheWeights: YES_OR_NO,
  cache: TEXT,
  cacheSize: COUNT,
  // comfyuiVersion checks which
  comfyui: TEXT,
  nodeTimeout: COUNT,
  nodes: {
    expected: 'the name of a pack, or a list of them',
    accepts: (value) => FOLDERS.accepts(value) || OBJECT.accepts(value),
  },
};

const RUN_OPTIONS: Readonly<Record<keyof RunOptions, Rule>> = {
  signal: { expected: 'an AbortSignal', accepts: (value) => value instanceof AbortSignal },
  onEvent: FUNCTION,
  previews: YES_OR_NO,
  set: OBJECT,
  files: FILES,
  targets: TEXTS,
  strict: YES_OR_NO,
  // comfyuiVersion checks which
  comfyui: TEXT,
  dynamicSeed: SEED,
  extra: OBJECT,
};

/** Throws DR_BAD_USAGE for unknown options of `openDarkroom` and values they can't have. */
export const checkDarkroomOptions = (options: DarkroomOptions): void =>
  checkOptions('openDarkroom', options, DARKROOM_OPTIONS);

/** Throws DR_BAD_USAGE for unknown options of `run` and values they can't have. */
export const checkRunOptions = (options: RunOptions): void =>
  checkOptions('run', options, RUN_OPTIONS);

/** Throws DR_BAD_USAGE for unknown options of `check` and values they can't have. */
export const checkCheckOptions = (options: CheckOptions): void => {
  const { set, strict, comfyui } = RUN_OPTIONS;
  checkOptions('check', options, { set, strict, comfyui });
};

/** Throws DR_BAD_USAGE for options of the function `name` that are unknown or break their rule. */
export function checkOptions(
  name: string,
  options: object,
  rules: Readonly<Record<string, Rule>>,
): void {
  for (const [option, value] of Object.entries(options)) {
    const rule = Object.hasOwn(rules, option) ? rules[option] : undefined;
    if (!rule) throw unknownOption(name, option, Object.keys(rules));
    if (value !== undefined && !rule.accepts(value)) throw badValue(name, option, value, rule);
  }
}

const unknownOption = (name: string, option: string, names: readonly string[]): DarkroomError =>
  new DarkroomError('DR_BAD_USAGE', {
    message: `${name} has no option '${option}'`,
    hint: didYouMean(option, names) || `The options are ${names.join(', ')}.`,
    input: option,
  });

function badValue(name: string, option: string, value: unknown, rule: Rule): DarkroomError {
  const { expected, hintFor } = rule;
  const isText = typeof value === 'string';
  const shown = isText ? `'${value}'` : shownValue(value);
  const near = isText && hintFor?.(value);
  return new DarkroomError('DR_BAD_USAGE', {
    message: `option '${option}' of ${name} is ${shown}, not ${expected}`,
    hint: near || `Set it to ${expected}, or leave it out.`,
    input: option,
  });
}

/** A value in a sentence. */
function shownValue(value: unknown): string {
  if (value === null || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  return Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`;
}
