// The inputs that come with the options of a combo, as the editor fills them in.
import { type Json, type JsonObject, objectOf } from '../../formats/json.ts';
import type { DynamicComboInput, Inputs } from '../../nodes/input-types.ts';
import { editorDefault } from '../builder/defaults.ts';

/** By option: the values of its inputs, by their names in a prompt. */
export const choiceInputs = (
  name: string,
  { options, choices }: DynamicComboInput,
): Readonly<Record<string, JsonObject>> =>
  Object.fromEntries(
    options.map((option) => [option, objectOf(valuesOf(choices[option], `${name}.`))]),
  );

const valuesOf = (inputs: Inputs, prefix: string): [string, Json][] =>
  Object.entries(inputs).flatMap(([own, input]): [string, Json][] => {
    const value = editorDefault(input);
    if (value === undefined) return [];
    const name = prefix + own;
    if (input.kind !== 'COMFY_DYNAMICCOMBO_V3') return [[name, value]];
    return [[name, value], ...valuesOf(input.choices[String(value)], `${name}.`)];
  });
