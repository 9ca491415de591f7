// The widget values of a node by input name, from `widgets_values` of a file.
import type { Json, JsonObject } from '../../formats/json.ts';
import { replacedOption } from '../../nodes/former-options.ts';
import type { Input } from '../../nodes/input-types.ts';
import { WIDGET_TYPES } from '../../nodes/widget-types.ts';
import { initialOption } from '../input-spec.ts';
import type { UiNode } from './ui-graph.ts';
import { align } from './widget-alignment.ts';
import { hasWidget, type WidgetSlot } from './widget-slots.ts';

/** Values by input name. */
export interface WidgetValues {
  readonly values: ReadonlyMap<string, Json>;
  /** A sentence for the user, when the values did not match the slots one by one. */
  readonly note?: string;
}

type ValuedNode = Pick<UiNode, 'values' | 'type' | 'id'>;
type Layouts = readonly (readonly WidgetSlot[])[];

/** A node's values, aligned with its best layout; slots without a value have the default. */
export function widgetValues(node: ValuedNode, layouts: Layouts): WidgetValues {
  const { values: saved, note } = fileValues(node, layouts);
  const values = new Map<string, Json>();
  for (const slot of layouts[0]) {
    if (slot.kind !== 'value') continue;
    const value = saved.get(slot.name) ?? defaultOf(slot.input);
    if (value !== undefined) values.set(slot.name, currentValue(value, slot.input));
  }
  // a value that is still part of the prompt although its input has become a socket
  for (const slot of layouts.slice(1).flat())
    if (slot.kind === 'value' && slot.input?.kind === 'SOCKET' && saved.has(slot.name))
      values.set(slot.name, saved.get(slot.name)!);
  return { values, note };
}

/** The values in the file, without defaults. */
export function fileValues(node: ValuedNode, layouts: Layouts): WidgetValues {
  if (!Array.isArray(node.values)) return { values: namedValues(node.values, layouts[0]) };
  const saved: readonly Json[] = node.values;
  const aligned = layouts.map((layout) => ({ layout, ...align(saved, layout) }));
  // of layouts with the same cost, the first with as many slots as values, else the first of all
  const best = aligned.reduce((a, b) =>
    b.cost < a.cost ||
    (b.cost === a.cost && b.layout.length === saved.length && a.layout.length !== saved.length)
      ? b
      : a,
  );
  const values = new Map<string, Json>();
  saved.forEach((value, i) => {
    const slot = best.layout[best.slots[i]];
    if (slot?.kind === 'value') values.set(slot.name, value);
  });
  const note = best.shifted
    ? `${node.type} (node ${node.id}) was saved by another version: its ${saved.length} values ` +
      'were matched with the current inputs by type; check them'
    : undefined;
  return { values, note };
}

/** `widgets_values` as an object: values by name. */
function namedValues(
  values: UiNode['values'],
  layout: readonly WidgetSlot[],
): ReadonlyMap<string, Json> {
  const named = values as Readonly<JsonObject>;
  return new Map(
    layout.flatMap((slot): [string, Json][] =>
      slot.kind === 'value' && Object.hasOwn(named, slot.name)
        ? [[slot.name, named[slot.name]]]
        : [],
    ),
  );
}

const currentValue = (value: Json, input: Input | undefined): Json =>
  (input?.kind === 'COMBO' ? replacedOption(value, input) : undefined) ?? value;

/** The editor's default; undefined for a list of files, where it is the first file. */
export function defaultOf(input: Input | undefined): Json | undefined {
  if (!hasWidget(input)) return undefined;
  if (input.kind === 'COMFY_DYNAMICCOMBO_V3') return input.options[0];
  if (input.kind === 'COMBO') return initialOption(input);
  if (input.kind === 'STRING') return input.default ?? '';
  if (input.kind === 'WIDGET') return input.default ?? WIDGET_TYPES[input.type].initial;
  return input.default;
}
