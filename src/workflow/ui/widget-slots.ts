// The slots of `widgets_values`: which value belongs to which input. Their order follows from the
// node's declaration.
import {
  entriesOf,
  isJsonObject,
  type Json,
  type JsonObject,
  numberOf,
} from '../../formats/json.ts';
import type { NodeDeclaration } from '../../nodes/declare.ts';
import type { AutogrowInput, Input, SocketInput } from '../../nodes/input-types.ts';
import { chosenOption, flatDeclaration } from '../../nodes/nested-inputs.ts';
import { WIDGET_TYPES } from '../../nodes/widget-types.ts';
import { linkOf } from '../api-graph.ts';
import type { UiNode } from './ui-graph.ts';

/** A position in `widgets_values`. */
export type WidgetSlot =
  | { readonly kind: 'value'; readonly name: string; readonly input?: Input }
  /**
   * A widget that only the editor uses and no prompt contains: the control of a seed after each
   * run, the filter of a list, the upload button.
   */
  | { readonly kind: 'editor'; readonly fits: (value: Json) => boolean };

/** Values of `control_after_generate`, which was a switch in the first versions of the editor. */
export const CONTROL_VALUES: ReadonlySet<Json> = new Set([
  'fixed',
  'increment',
  'decrement',
  'randomize',
  'increment-wrap',
  true,
  false,
]);
const CONTROL: WidgetSlot = { kind: 'editor', fits: (value) => CONTROL_VALUES.has(value) };
const FILTER: WidgetSlot = { kind: 'editor', fits: (value) => typeof value === 'string' };
const NUMBER: WidgetSlot = { kind: 'editor', fits: (value) => numberOf(value) !== undefined };
const UPLOAD: WidgetSlot = { kind: 'editor', fits: (value) => value === 'image' || value === null };

/** Names of INT inputs that have a control unless their declaration says otherwise. */
const SEED_NAMES: ReadonlySet<string> = new Set(['seed', 'noise_seed']);

/** Whether the editor shows a widget for an input. */
export const hasWidget = (
  input: Input | undefined,
): input is Exclude<Input, SocketInput | AutogrowInput> =>
  input !== undefined && input.kind !== 'SOCKET' && input.kind !== 'COMFY_AUTOGROW_V3';

/** The slots of one input: its value, and the controls beside it. */
export function slotsOf(name: string, input: Input | undefined): WidgetSlot[] {
  const value: WidgetSlot = { kind: 'value', name, input };
  if (input?.kind === 'INT' && (input.control_after_generate ?? SEED_NAMES.has(name)))
    return [value, CONTROL];
  if (input?.kind === 'COMBO' && 'control_after_generate' in input && input.control_after_generate)
    return [value, CONTROL, FILTER];
  if (input?.kind === 'WIDGET') {
    const { fields = 0 } = WIDGET_TYPES[input.type];
    return [value, ...Array.from({ length: fields }, () => NUMBER)];
  }
  return [value];
}

/**
 * Whether an input without a widget used to have one: inputs with `forceInput` in older editors,
 * and inputs whose type was a list before it became a type of its own.
 */
const hadWidget = (input: Input): boolean =>
  hasWidget(input) ? input.forceInput === true : input.kind === 'SOCKET' && input.inline === true;

const layoutsByDeclaration = new WeakMap<NodeDeclaration, readonly (readonly WidgetSlot[])[]>();

/**
 * The layouts that a declared node may have in files: the current one, then the one with former
 * widgets.
 */
export function declaredLayouts(
  declaration: NodeDeclaration,
  values: UiNode['values'],
): readonly (readonly WidgetSlot[])[] {
  if (declaration.editorWidgets) return [editorLayout(declaration, values)];
  const existing = layoutsByDeclaration.get(declaration);
  if (existing) return existing;
  const layouts = Object.values(declaration.inputs).some(hadWidget)
    ? [layoutOf(declaration, false), layoutOf(declaration, true)]
    : [layoutOf(declaration, false)];
  layoutsByDeclaration.set(declaration, layouts);
  return layouts;
}

/** The layout of a node with widgets that the editor defines. */
function editorLayout(
  { inputs, editorWidgets }: NodeDeclaration,
  values: UiNode['values'],
): WidgetSlot[] {
  const names = Array.isArray(values) ? editorWidgets!.names(values) : Object.keys(values);
  return names.map((name) => ({
    kind: 'value',
    name,
    input: Object.hasOwn(inputs, name) ? inputs[name] : undefined,
  }));
}

/**
 * The flat declaration of a node with these values: the values of a choice come right after it, and
 * a value that is no choice counts as the first one.
 */
export function withChoices(
  declaration: NodeDeclaration,
  values: UiNode['values'],
): NodeDeclaration {
  const choices: Record<string, string> = {};
  for (;;) {
    const flat = flatDeclaration(declaration, choices);
    const layout = flat === declaration ? [] : layoutOf(flat, false);
    const position = layout.findIndex(
      (slot) => slot.kind === 'value' && isOpenChoice(slot, choices),
    );
    const slot = layout[position];
    if (slot?.kind !== 'value' || slot.input?.kind !== 'COMFY_DYNAMICCOMBO_V3') return flat;
    const value = isJsonObject(values as Json)
      ? (values as JsonObject)[slot.name]
      : (values as readonly Json[])[position];
    choices[slot.name] = chosenOption(slot.input, value) ?? slot.input.options[0];
  }
}

const isOpenChoice = (
  { name, input }: WidgetSlot & { kind: 'value' },
  choices: Readonly<Record<string, string>>,
): boolean => input?.kind === 'COMFY_DYNAMICCOMBO_V3' && !Object.hasOwn(choices, name);

/** Required inputs, the upload button, then optional inputs. */
function layoutOf({ inputs }: NodeDeclaration, withFormer: boolean): WidgetSlot[] {
  const shown = Object.entries(inputs).filter(([, input]) =>
    hadWidget(input) ? withFormer : hasWidget(input),
  );
  const hasUpload = shown.some(([, input]) => input.kind === 'COMBO' && input.image_upload);
  // the inputs of a choice stay behind it
  const isOptional = (name: string, input: Input): boolean => {
    const [outer] = name.split('.');
    const combo = inputs[outer]?.kind === 'COMFY_DYNAMICCOMBO_V3' ? inputs[outer] : input;
    return combo.optional ?? false;
  };
  const slots = (optional: boolean): WidgetSlot[] =>
    shown
      .filter(([name, input]) => isOptional(name, input) === optional)
      .flatMap(([name, input]) => slotsOf(name, input));
  return [...slots(false), ...(hasUpload ? [UPLOAD] : []), ...slots(true)];
}

/** The names of the values that the editor sent for a node. */
const sentNames = (node: UiNode, sent: Json = null): readonly string[] =>
  isJsonObject(sent) && sent['class_type'] === node.type && isJsonObject(sent['inputs'])
    ? entriesOf(sent['inputs']).flatMap(([name, value]) => (linkOf(value) ? [] : [name]))
    : [];

/**
 * The layout of a node of unknown type: one slot for each value, named after the node's widget
 * sockets, or after the inputs of the same node in the prompt that was `sent`, if there are as many
 * of them as values.
 */
export function guessedLayout(node: UiNode, sent?: Json): WidgetSlot[] {
  if (!Array.isArray(node.values))
    return Object.keys(node.values).map((name): WidgetSlot => ({ kind: 'value', name }));
  const isControl = node.values.map(
    (value, i) =>
      i > 0 &&
      numberOf((node.values as readonly Json[])[i - 1]) !== undefined &&
      typeof value === 'string' &&
      CONTROL_VALUES.has(value),
  );
  const count = isControl.filter((control) => !control).length;
  const sockets = node.inputs.map((input) => input.widget).filter((name) => name !== undefined);
  const names = sockets.length === count ? sockets : sentNames(node, sent);
  const allNamed = names.length === count;
  let next = 0;
  return isControl.map(
    (control, i): WidgetSlot =>
      control ? CONTROL : { kind: 'value', name: allNamed ? names[next++] : `widget_${i}` },
  );
}
