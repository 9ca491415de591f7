// Converts one widget value of a prompt to the type of its input, and checks range, list and file.
import { isJsonObject, type Json } from '../../formats/json.ts';
import type { Input } from '../../nodes/input-types.ts';
import { chosenOption } from '../../nodes/nested-inputs.ts';
import { WIDGET_TYPES } from '../../nodes/widget-types.ts';
import { convertWidgetValue, socketTypeOf, unionMembers } from '../input-spec.ts';
import * as issues from './issues.ts';
import { floatJson, PythonError, str, toFloat, typeName } from './python-values.ts';
import type { ValidationEnvironment } from './validation-environment.ts';

/** Socket types whose values may be written in the prompt instead of a link. */
const LITERAL_TYPES: ReadonlySet<string> = new Set([
  '*',
  'INT',
  'FLOAT',
  'STRING',
  'BOOLEAN',
  'COMBO',
  'ARRAY',
  'DICT',
]);

export interface ConvertedValue {
  /** The value after the conversion; undefined when it could not be converted. */
  readonly value?: Json;
  readonly issue?: issues.Issue;
}

/**
 * Converts a value and checks it. `location` is called only for an issue, as it lists model files.
 * With `checkedByNode`, range and list are left to the node's own check.
 */
export function convertInputValue(
  raw: Json,
  input: Input,
  location: () => issues.InputLocation,
  environment: ValidationEnvironment,
  checkedByNode: boolean,
): ConvertedValue {
  const type = socketTypeOf(input);
  let value = isJsonObject(raw) && Object.hasOwn(raw, '__value__') ? raw['__value__'] : raw;
  try {
    value = type === 'FLOAT' ? floatJson(toFloat(value)) : convertWidgetValue(value, input);
    if (needsLink(input, value))
      throw new PythonError('TypeError', `not a link but ${typeName(value)}`);
    if (input.kind === 'WIDGET' && !WIDGET_TYPES[input.type].fits(value))
      throw new PythonError(
        'TypeError',
        `not ${WIDGET_TYPES[input.type].expected} but ${typeName(value)}`,
      );
  } catch (error) {
    if (!(error instanceof PythonError)) throw error;
    return { issue: issues.conversionFailed(location(), type, value, error) };
  }
  if (input.kind === 'COMBO' && typeof value === 'string' && /[\\/]/.test(value))
    value = environment.optionOf(input, value) ?? value;
  if (checkedByNode) return { value };
  return { value, issue: valueIssue(value, input, location, environment) };
}

/**
 * Whether an input accepts only a link. ComfyUI accepts a widget value there, and the node fails
 * when it runs.
 */
const needsLink = (input: Input, value: Json): boolean =>
  input.kind === 'SOCKET' &&
  !input.inline &&
  !unionMembers(socketTypeOf(input)).some((type) => LITERAL_TYPES.has(type)) &&
  !(value === null && input.optional);

function valueIssue(
  value: Json,
  input: Input,
  location: () => issues.InputLocation,
  environment: ValidationEnvironment,
): issues.Issue | undefined {
  if (input.kind === 'INT' || input.kind === 'FLOAT') {
    const isFloat = input.kind === 'FLOAT';
    const number = isFloat ? toFloat(value) : (value as number | bigint);
    if (number < input.min) return issues.outOfRange(location(), 'min', value, input.min, isFloat);
    if (number > input.max) return issues.outOfRange(location(), 'max', value, input.max, isFloat);
    return undefined;
  }
  const nearest = (candidates: readonly string[]): string =>
    environment.didYouMean(str(value), candidates);
  const notIn = (options: readonly string[], folder?: string): issues.Issue =>
    issues.notInList(
      location(),
      { value, options, near: nearest(options), folder },
      environment.forms,
    );
  if (input.kind === 'COMFY_DYNAMICCOMBO_V3')
    return chosenOption(input, value) === undefined ? notIn(input.options) : undefined;
  if (input.kind !== 'COMBO' || input.editorOnly) return undefined;
  if (input.image_upload)
    return typeof value === 'string' && environment.hasInput(value)
      ? undefined
      : issues.noInputFile(location(), str(value), nearest(environment.inputFiles()));
  if (typeof value === 'string' && environment.optionOf(input, value) !== undefined)
    return undefined;
  return notIn(environment.optionsOf(input), input.folder);
}
