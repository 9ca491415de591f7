// What one validation reads of folders and lists: each listing once, and near matches for a limited
// amount of text, so that the time grows with the graph and not with its errors times the files.
import type { Json } from '../../formats/json.ts';
import { didYouMean, nearMatches } from '../../near-matches.ts';
import type { NodeEnvironment } from '../../nodes/context.ts';
import type { ComboInput, Input } from '../../nodes/input-types.ts';
import { withSlashes } from '../../slashes.ts';
import { inputConfig, optionsOf } from '../input-spec.ts';
import { type ErrorForms, NEWEST_FORMS } from './released-errors.ts';

export interface ValidationEnvironment extends NodeEnvironment {
  /** Returns the option of a combo that a value names, with `/` or `\` between folders. */
  optionOf(input: ComboInput, value: string): string | undefined;
  /** The options of a combo. */
  optionsOf(input: ComboInput): readonly string[];
  /** `[type, options]`; null for a long list of options after its first uses. */
  configOf(input: Input): Json[] | null;
  /** As `didYouMean`; empty when too much text has been compared. */
  didYouMean(word: string, candidates: readonly string[]): string;
  /** As `nearMatches`; empty when too much text has been compared. */
  nearMatches(word: string, candidates: readonly string[]): readonly string[];
  /** The form of errors. */
  readonly forms: ErrorForms;
}

/** Products of the lengths of the texts that are compared. The first comparison is always made. */
const MAX_COMPARED = 30_000_000;
const MAX_WORD = 200;
/** How often a list of more options than this is repeated in errors. */
const LONG_LIST = 20;
const MAX_LONG_LISTS = 5;

/**
 * An environment for one validation, with the errors of the newest release unless others are given;
 * one that exists is returned as it is.
 */
export function createValidationEnvironment(
  environment: NodeEnvironment | ValidationEnvironment,
  forms: ErrorForms = NEWEST_FORMS,
): ValidationEnvironment {
  if ('optionOf' in environment) return environment;
  const { modelFiles, inputFiles, hasInput, wildcards } = environment;
  const listInput = memoOf(() => inputFiles.call(environment));
  const once: NodeEnvironment = {
    modelFiles: memoOf((folder: string) => modelFiles.call(environment, folder)),
    inputFiles: () => listInput(''),
    hasInput: memoOf((name: string) => hasInput.call(environment, name)),
    wildcards: () => wildcards.call(environment),
  };
  const options = memoOf((input: ComboInput) => optionsOf(input, once));
  const optionsByName = memoOf((input: ComboInput) => {
    const own = options(input);
    const names = new Map(own.map((name) => [withSlashes(name), name]));
    for (const name of own) names.set(name, name);
    return names;
  });
  return {
    ...once,
    optionsOf: options,
    optionOf: (input, value) =>
      optionsByName(input).get(value) ?? optionsByName(input).get(withSlashes(value)),
    configOf: createConfigs(once),
    ...createMatches(),
    forms,
  };
}

function createConfigs(environment: NodeEnvironment): ValidationEnvironment['configOf'] {
  const configs = memoOf((input: Input) => ({ json: inputConfig(input, environment), uses: 0 }));
  return (input) => {
    const config = configs(input);
    const [list] = config.json;
    const isLong = Array.isArray(list) && list.length > LONG_LIST;
    return isLong && ++config.uses > MAX_LONG_LISTS ? null : config.json;
  };
}

/** Near matches for a limited amount of text. */
export function createMatches(): Pick<ValidationEnvironment, 'didYouMean' | 'nearMatches'> {
  const lengthOf = memoOf((candidates: readonly string[]) =>
    candidates.reduce((sum, { length }) => sum + Math.min(length, MAX_WORD), 0),
  );
  let compared = 0;
  const limited =
    <T>(find: (word: string, candidates: readonly string[]) => T, none: T) =>
    (word: string, candidates: readonly string[]): T => {
      if (compared >= MAX_COMPARED) return none;
      compared += Math.min(word.length, MAX_WORD) * lengthOf(candidates);
      return find(word, candidates);
    };
  return { didYouMean: limited(didYouMean, ''), nearMatches: limited(nearMatches, []) };
}

/** A function that computes its result once for each key. */
function memoOf<K, T>(compute: (key: K) => T): (key: K) => T {
  const results = new Map<K, T>();
  return (key) => {
    if (!results.has(key)) results.set(key, compute(key));
    return results.get(key)!;
  };
}
