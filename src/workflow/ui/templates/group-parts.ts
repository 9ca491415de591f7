// The widgets, sockets and outputs that an inner node contributes to its group node, as the
// editor's groupNode.ts collects them.
import type { Input } from '../../../nodes/input-types.ts';
import type { UiNode } from '../ui-graph.ts';
import { isVirtual, PRIMITIVE, REROUTE } from '../virtual.ts';
import { slotsOf, type WidgetSlot } from '../widget-slots.ts';
import { type GroupDefinition, inputAt, targetOf } from './group-definition.ts';

/** A widget or socket of an inner node. */
export interface GroupPart {
  readonly name: string;
  readonly type: string;
  /** Slots in `widgets_values`; undefined for sockets. */
  readonly slots?: readonly WidgetSlot[];
}

/** An inner node's parts in the order of its declaration; undefined for nodes without parts. */
export function partsOf(group: GroupDefinition, node: UiNode): readonly GroupPart[] | undefined {
  if (node.type === PRIMITIVE) return primitiveParts(group, node);
  if (node.type === REROUTE)
    return isInnerReroute(group, node)
      ? undefined
      : [{ name: node.inputs[0]?.name ?? '', type: outputTypes(group, node)[0] }];
  if (isVirtual(node.type)) return undefined;
  const widgets = widgetParts(group.types.layoutOf(node));
  const widgetNames = new Set(widgets.map(({ name }) => name));
  const sockets = group.types
    .inputsOf(node)
    .filter((input) => !widgetNames.has(input.name) && input.widget === undefined);
  return [...widgets, ...sockets.map(({ name, type }): GroupPart => ({ name, type }))];
}

/** Each value of a layout with the editor's own widgets that follow it. */
function widgetParts(layout: readonly WidgetSlot[]): GroupPart[] {
  const slotsByName = new Map<string, WidgetSlot[]>();
  let slots: WidgetSlot[] = [];
  for (const slot of layout) {
    if (slot.kind === 'value') {
      slots = [];
      slotsByName.set(slot.name, slots);
    }
    slots.push(slot);
  }
  return [...slotsByName].map(([name, own]) => ({ name, type: widgetType(own[0]), slots: own }));
}

const widgetType = (slot: WidgetSlot): string =>
  slot.kind === 'value' ? (slot.input?.kind ?? '*') : '*';

/** The widget of a primitive, like the widget that it is linked to. */
function primitiveParts(group: GroupDefinition, node: UiNode): GroupPart[] | undefined {
  const link = group.links.find(({ from }) => from === node.id);
  if (!link) return undefined;
  const target = targetOf(group, link);
  const name = inputAt(group, target, link.input)?.name;
  const input = target && name !== undefined ? group.types.inputOf(target, name) : undefined;
  return [{ name: 'value', type: link.type, slots: primitiveSlots(input, link.type) }];
}

/**
 * The slots of a primitive's widget: with a control for numbers and lists, even if the widget that
 * it is linked to has none.
 */
function primitiveSlots(input: Input | undefined, type: string): WidgetSlot[] {
  const kind = input?.kind ?? type;
  const control = kind === 'INT' || kind === 'COMBO' ? { control_after_generate: true } : {};
  const int = { kind: 'INT', wide: true, default: 0, min: -Infinity, max: Infinity };
  const similar = (input ?? (kind === 'INT' ? int : undefined)) as Input | undefined;
  return slotsOf('value', similar && { ...similar, ...control });
}

/** Whether a reroute is linked on both sides inside the group, and not to the outside. */
const isInnerReroute = ({ links, external }: GroupDefinition, node: UiNode): boolean =>
  links.some(({ to }) => to === node.id) &&
  links.some(({ from }) => from === node.id) &&
  !external.has(`${node.id}:0`);

/** The types of an inner node's outputs. */
export function outputTypes(group: GroupDefinition, node: UiNode): readonly string[] {
  if (node.type === PRIMITIVE)
    return group.links
      .filter(({ from }) => from === node.id)
      .slice(0, 1)
      .map(({ type }) => type);
  if (node.type === REROUTE) return isInnerReroute(group, node) ? [] : [rerouteType(group, node)];
  return isVirtual(node.type) ? [] : group.types.outputsOf(node).map(({ type }) => type);
}

/** The type on either side of a reroute, or the type of its link to the outside. */
function rerouteType(group: GroupDefinition, node: UiNode): string {
  const { nodes, links, external, types } = group;
  const incoming = links.find(({ to }) => to === node.id);
  const outgoing = links.find(({ from }) => from === node.id);
  const source = incoming && nodes[Number(incoming.from)];
  const candidates = [
    outgoing && inputAt(group, targetOf(group, outgoing), outgoing.input)?.type,
    source && types.outputsOf(source)[incoming.slot]?.type,
    external.get(`${node.id}:0`),
  ];
  return candidates.find((type) => type !== undefined && type !== '*') ?? '*';
}
