// The values of `%Node.widget%` in file names, after the editor's applyTextReplacements.
import { type Json, numberOf } from '../../formats/json.ts';
import type { Scope } from './expand.ts';
import type { NodeTypes } from './node-types.ts';
import { resolveInput } from './resolve.ts';
import type { UiNode } from './ui-graph.ts';
import { isVirtual, PRIMITIVE } from './virtual.ts';
import { CONTROL_VALUES } from './widget-slots.ts';

/** The property with the name that placeholders use for a node. */
const NAME_PROPERTY = 'Node name for S&R';

/** Types to which the editor does not give their class type as such a name. */
const WITHOUT_NAME: ReadonlySet<string> = new Set([
  'CLIPSave',
  'LoraSave',
  'ModelSave',
  'SaveAnimatedPNG',
  'SaveAnimatedWEBP',
  'SaveAudio',
  'SaveAudioAdvanced',
  'SaveAudioMP3',
  'SaveAudioOpus',
  'SaveGLB',
  'SaveImage',
  'SaveImageAdvanced',
  'SaveLatent',
  'SaveSVGNode',
  'SaveVideo',
  'SaveWEBM',
  'VAESave',
]);

/** The titles of virtual nodes that have none of their own. */
const VIRTUAL_TITLES: ReadonlyMap<string, string> = new Map([[PRIMITIVE, 'Primitive']]);
const CONTROL = 'control_after_generate';

interface ScopedUiNode {
  readonly node: UiNode;
  readonly scope: Scope;
}

/** Returns the text of a widget by the name or the title of its node. */
export type WidgetLookUp = (name: string, widget: string) => string | undefined;

/**
 * Looks widgets up in a workflow: at the first node of the name, else at the first of the title;
 * the nodes in a subgraph come before it.
 */
export function widgetLookUp(types: NodeTypes, root: Scope): WidgetLookUp {
  let nodes: { named: Map<Json, ScopedUiNode>; titled: Map<string, ScopedUiNode> } | undefined;
  return (name, widget) => {
    nodes ??= nodesByName(types, root);
    const found = nodes.named.get(name) ?? nodes.titled.get(name);
    const value = found && widgetValue(types, found, widget);
    return value === undefined ? undefined : value === null ? '' : jsText(value);
  };
}

function nodesByName(types: NodeTypes, root: Scope) {
  const named = new Map<Json, ScopedUiNode>();
  const titled = new Map<string, ScopedUiNode>();
  /** Group nodes and components, whose inner nodes the editor does not search. */
  const closed: Scope[] = [];
  const collect = (scope: Scope): void => {
    for (const node of scope.graph.nodes.values()) {
      const inner = scope.inner.get(node.id);
      if (inner?.outer?.template.subgraphName !== undefined) collect(inner);
      else if (inner) closed.push(inner);
      const name = nameOf(node);
      const title = titleOf(types, node);
      if (name !== undefined && !named.has(name)) named.set(name, { node, scope });
      if (!titled.has(title)) titled.set(title, { node, scope });
    }
  };
  collect(root);
  for (let inner = closed.shift(); inner; inner = closed.shift()) collect(inner);
  return { named, titled };
}

function nameOf({ type, properties }: UiNode): Json | undefined {
  const saved = properties[NAME_PROPERTY];
  return saved === undefined && !WITHOUT_NAME.has(type) && !isVirtual(type) ? type : saved;
}

const titleOf = (types: NodeTypes, { title, type }: UiNode): string =>
  title ??
  types.displayName(type) ??
  types.templateOf(type)?.subgraphName ??
  VIRTUAL_TITLES.get(type) ??
  type;

/** A widget's value: that of the primitive which is linked to it, or else its own. */
function widgetValue(
  types: NodeTypes,
  { node, scope }: ScopedUiNode,
  widget: string,
): Json | undefined {
  const list = Array.isArray(node.values) ? (node.values as readonly Json[]) : [];
  const control = list.find((value, i) => i > 0 && CONTROL_VALUES.has(value));
  if (widget === CONTROL && control !== undefined) return control;
  if (node.type === PRIMITIVE) return widget === 'value' ? list[0] : undefined;
  const socket = types.inputsOf(node).find((input) => input.name === widget);
  const source = socket && resolveInput(types, scope, node, socket);
  if (source && 'value' in source && source.primitive) return source.value;
  const { values } = types.valuesOf(node);
  const isKnown = types.isDeclared(node.type) || types.templateOf(node.type) !== undefined;
  // the only widget of an unknown type, whose name the file does not have
  return values.get(widget) ?? (!isKnown && values.size === 1 ? values.get('widget_0') : undefined);
}

/** A value as JavaScript prints it. */
const jsText = (value: Json): string =>
  String(numberOf(value) !== undefined && typeof value !== 'bigint' ? numberOf(value) : value);
