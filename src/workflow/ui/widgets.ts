// Which value of `widgets_values` belongs to which input. The order of the widgets follows from the declaration; files that older
// versions saved have fewer or more values, and are laid along today's widgets by what fits where.
import { isJsonObject, type Json, type JsonObject, numberOf } from '../../formats/json.ts';
import type { Input, NodeDeclaration } from '../../nodes/declare.ts';
import type { UiNode } from './ui-graph.ts';

/** A place in `widgets_values`. */
export type WidgetSlot =
  | { readonly kind: 'value'; readonly name: string; readonly input?: Input }
  /** Of the editor alone: what happens to a seed after each run, a filter of a list, the upload button. Never in a prompt. */
  | { readonly kind: 'editor'; readonly fits: (value: Json) => boolean };

/** Values by input name; `note` says when they could not simply be read one after the other. */
export interface WidgetValues {
  readonly values: ReadonlyMap<string, Json>;
  readonly note?: string;
}

const CONTROLS: ReadonlySet<Json> = new Set([
  'fixed',
  'increment',
  'decrement',
  'randomize',
  'increment-wrap',
  true,
  false,
]);
/** control_after_generate; the first versions had a switch in its place. */
const CONTROL: WidgetSlot = { kind: 'editor', fits: (value) => CONTROLS.has(value) };
const FILTER: WidgetSlot = { kind: 'editor', fits: (value) => typeof value === 'string' };
const UPLOAD: WidgetSlot = { kind: 'editor', fits: (value) => value === 'image' || value === null };

/** What BOOLEAN inputs were called when they were lists. */
const SWITCHES: ReadonlySet<string> = new Set([
  'enable',
  'enabled',
  'disable',
  'disabled',
  'true',
  'false',
  'on',
  'off',
  'yes',
  'no',
]);

const SEEDS: ReadonlySet<string> = new Set(['seed', 'noise_seed']);

/** Whether the editor shows a widget for an input. */
export const hasWidget = (input: Input | undefined): input is Exclude<Input, { kind: 'SOCKET' }> =>
  input !== undefined && input.kind !== 'SOCKET';

/** The places that one input takes in the list. */
export function slotsOf(name: string, input: Input | undefined): WidgetSlot[] {
  const own: WidgetSlot = { kind: 'value', name, input };
  if (input?.kind === 'INT' && (input.control_after_generate ?? SEEDS.has(name)))
    return [own, CONTROL];
  if (input?.kind === 'COMBO' && 'control_after_generate' in input && input.control_after_generate)
    return [own, CONTROL, FILTER];
  return [own];
}

const layouts = new WeakMap<NodeDeclaration, readonly (readonly WidgetSlot[])[]>();

/** Inputs that had a widget: in editors that gave `forceInput` one, and those whose type was a list before it was a type of its own. */
const hadWidget = (input: Input): boolean =>
  hasWidget(input) ? input.forceInput === true : input.kind === 'SOCKET' && input.inline === true;

/** The layouts a declared node may have in files: today's first, then the one with the widgets of old. */
export function declaredLayouts(declaration: NodeDeclaration): readonly (readonly WidgetSlot[])[] {
  const known = layouts.get(declaration);
  if (known) return known;
  const layout = (forced: boolean): WidgetSlot[] => {
    const shown = Object.entries(declaration.inputs).filter(([, input]) =>
      hadWidget(input) ? forced : hasWidget(input),
    );
    const upload = shown.some(([, input]) => input.kind === 'COMBO' && input.image_upload)
      ? [UPLOAD]
      : [];
    return [
      ...shown
        .filter(([, input]) => !input.optional)
        .flatMap(([name, input]) => slotsOf(name, input)),
      ...upload,
      ...shown
        .filter(([, input]) => input.optional)
        .flatMap(([name, input]) => slotsOf(name, input)),
    ];
  };
  const forced = Object.values(declaration.inputs).some(hadWidget);
  const made = forced ? [layout(false), layout(true)] : [layout(false)];
  layouts.set(declaration, made);
  return made;
}

/** The layout of a node that is not known here: as many places as it has values, named as far as its sockets name them. */
export function guessedLayout(node: UiNode): WidgetSlot[] {
  if (!Array.isArray(node.values))
    return Object.keys(node.values).map((name): WidgetSlot => ({ kind: 'value', name }));
  const isControl = node.values.map(
    (value, i) =>
      i > 0 && isNumber(node.values, i - 1) && typeof value === 'string' && CONTROLS.has(value),
  );
  const names = node.inputs.map((input) => input.widget).filter((name) => name !== undefined);
  const named = names.length === isControl.filter((control) => !control).length;
  let next = 0;
  return isControl.map(
    (control, i): WidgetSlot =>
      control ? CONTROL : { kind: 'value', name: named ? names[next++] : `widget_${i}` },
  );
}

const isNumber = (values: UiNode['values'], i: number): boolean =>
  numberOf((values as readonly Json[])[i]) !== undefined;

/** How badly a value fits a place: 0 well, 7 not at all. */
function misfit(value: Json, slot: WidgetSlot): number {
  if (slot.kind === 'editor') return slot.fits(value) ? 0 : 7;
  const { input } = slot;
  if (input === undefined) return 0;
  if (input.kind === 'SOCKET') return typeof value === 'string' ? 0 : 3;
  // null is what a widget without a value was saved as; arrays and objects are what packs make of any widget
  if (value === null) return 2;
  if (isJsonObject(value) || Array.isArray(value)) return 5;
  switch (input.kind) {
    case 'INT':
    case 'FLOAT':
      return fitsNumber(value, input);
    case 'BOOLEAN':
      return typeof value === 'boolean' ||
        (typeof value === 'string' && SWITCHES.has(value.toLowerCase()))
        ? 0
        : 4;
    case 'STRING':
      return typeof value === 'string' ? (value !== '' && CONTROLS.has(value) ? 1 : 0) : 5;
    case 'COMBO': {
      if (typeof value !== 'string') return typeof value === 'boolean' ? 6 : 5;
      if (typeof input.options !== 'function')
        return input.options.includes(value) ? 0 : CONTROLS.has(value) ? 6 : 3;
      return CONTROLS.has(value) ? 6 : 0;
    }
    default:
      return 5;
  }
}

function fitsNumber(value: Json, input: Input): number {
  const number = numberOf(value);
  if (input.kind !== 'INT' && input.kind !== 'FLOAT') return 5;
  if (number === undefined)
    return typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))
      ? 2
      : 7;
  if (input.kind === 'INT' && !Number.isInteger(number)) return 5;
  return number < Number(input.min) || number > Number(input.max) ? 3 : 0;
}

const MISSING = 2;
const MISSING_AT_END = 0.5;
const SURPLUS = 6;
const SURPLUS_AT_END = 1;
const MAX_VALUES = 500;

interface Alignment {
  readonly cost: number;
  /** For each value the place it belongs to; -1 for none. */
  readonly places: readonly number[];
  /** Whether values or places had to be skipped before the end. */
  readonly shifted: boolean;
}

/** The cheapest way to lay values along places in order. A plain reading one after the other wins unless another fits much better. */
function align(values: readonly Json[], slots: readonly WidgetSlot[]): Alignment {
  const n = values.length;
  const m = slots.length;
  const plain = values.slice(0, m).map((value, i) => misfit(value, slots[i]));
  const plainCost =
    plain.reduce((a, b) => a + b, 0) +
    Math.max(0, n - m) * SURPLUS_AT_END +
    Math.max(0, m - n) * MISSING_AT_END;
  const inOrder: Alignment = {
    cost: plainCost,
    places: values.map((_, i) => (i < m ? i : -1)),
    shifted: false,
  };
  if (plain.every((cost) => cost === 0) || n > MAX_VALUES || m > MAX_VALUES) return inOrder;

  // best[i][j]: the cheapest way for the values from i and the places from j on
  const best: Float64Array[] = Array.from({ length: n + 1 }, () => new Float64Array(m + 1));
  for (let i = n; i >= 0; i--)
    for (let j = m; j >= 0; j--) {
      if (i === n) best[i][j] = (m - j) * MISSING_AT_END;
      else if (j === m) best[i][j] = (n - i) * SURPLUS_AT_END;
      else
        best[i][j] = Math.min(
          misfit(values[i], slots[j]) + best[i + 1][j + 1],
          MISSING + best[i][j + 1],
          (values[i] === null ? SURPLUS_AT_END : SURPLUS) + best[i + 1][j],
        );
    }
  if (best[0][0] >= plainCost) return inOrder;
  const places: number[] = [];
  let j = 0;
  for (let i = 0; i < n; ) {
    if (j < m && best[i][j] === misfit(values[i], slots[j]) + best[i + 1][j + 1]) {
      places.push(j++);
      i++;
    } else if (j < m && best[i][j] === MISSING + best[i][j + 1]) j++;
    else {
      places.push(-1);
      i++;
    }
  }
  return { cost: best[0][0], places, shifted: true };
}

type Layouts = readonly (readonly WidgetSlot[])[];

/** The values of a node by input name, laid along the best of its layouts. Places without a value get the input's default. */
export function widgetValues(
  node: Pick<UiNode, 'values' | 'type' | 'id'>,
  layouts: Layouts,
): WidgetValues {
  const { values: given, note } = givenValues(node, layouts);
  const values = new Map<string, Json>();
  for (const slot of layouts[0]) {
    const value =
      slot.kind === 'value' ? (given.get(slot.name) ?? defaultOf(slot.input)) : undefined;
    if (slot.kind === 'value' && value !== undefined) values.set(slot.name, value);
  }
  // a value that may still stand in the prompt, though its input shows as a socket today
  for (const slot of layouts.slice(1).flat())
    if (slot.kind === 'value' && slot.input?.kind === 'SOCKET' && given.has(slot.name))
      values.set(slot.name, given.get(slot.name)!);
  return { values, note };
}

/** The same without defaults: only what the file says. */
export function givenValues(
  node: Pick<UiNode, 'values' | 'type' | 'id'>,
  layouts: Layouts,
): WidgetValues {
  const values = new Map<string, Json>();
  if (!Array.isArray(node.values)) {
    const named = node.values as Readonly<JsonObject>;
    for (const slot of layouts[0])
      if (slot.kind === 'value' && Object.hasOwn(named, slot.name))
        values.set(slot.name, named[slot.name]);
    return { values };
  }
  const given: readonly Json[] = node.values;
  const aligned = layouts.map((slots) => ({ slots, ...align(given, slots) }));
  // of equally good layouts the one that has as many places as there are values, then the first
  const { slots, places, shifted } = aligned.reduce((a, b) =>
    b.cost < a.cost ||
    (b.cost === a.cost && b.slots.length === given.length && a.slots.length !== given.length)
      ? b
      : a,
  );
  given.forEach((value, i) => {
    const slot = slots[places[i]];
    if (slot?.kind === 'value') values.set(slot.name, value);
  });
  const note = shifted
    ? `${node.type} (node ${node.id}) was saved by another version: its ${given.length} values were matched to today's inputs by what fits; check them`
    : undefined;
  return { values, note };
}

/** What the editor fills in where a file has no value; undefined where it would be the first of the files at hand. */
function defaultOf(input: Input | undefined): Json | undefined {
  if (input === undefined || input.kind === 'SOCKET') return undefined;
  if (input.kind === 'COMBO')
    return input.default ?? (typeof input.options === 'function' ? undefined : input.options[0]);
  if (input.kind === 'STRING') return input.default ?? '';
  return input.default;
}
