// The values that ComfyUI's editor fills in, and which inputs have none.
import type { Json } from '../../formats/json.ts';
import type { Input, Inputs } from '../../nodes/input-types.ts';
import { WIDGET_TYPES } from '../../nodes/widget-types.ts';
import { initialOption } from '../input-spec.ts';
import { hasWidget } from '../ui/widget-slots.ts';

export type Literal = Json;

/**
 * The value that the editor puts into a field of its own; undefined where the user has to choose: a
 * file, a text without a default, a link. Inputs that may be missing stay so.
 */
export function editorDefault(input: Input): Literal | undefined {
  if (input.optional || input.forceInput || !hasWidget(input)) return undefined;
  if (input.kind === 'WIDGET')
    return input.default ?? (WIDGET_TYPES[input.type].initial || undefined);
  if (input.kind === 'COMFY_DYNAMICCOMBO_V3')
    return needsNone(input.choices[input.options[0]]) ? input.options[0] : undefined;
  return input.kind === 'COMBO' ? initialOption(input) : input.default;
}

/** Whether a call without this input does not compile. */
export const mustBeGiven = (input: Input): boolean =>
  input.kind === 'COMFY_AUTOGROW_V3'
    ? !input.optional && input.required > 0
    : !input.optional && editorDefault(input) === undefined;

/** Whether none of the inputs has to be given. */
export const needsNone = (inputs: Inputs): boolean => !Object.values(inputs).some(mustBeGiven);
