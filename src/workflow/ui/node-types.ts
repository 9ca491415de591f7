// What the types of a file's nodes mean: a declaration, a template the file brings along, one of the editor's own nodes, or nothing known.
import type { JsonObject } from '../../formats/json.ts';
import { isJsonObject } from '../../formats/json.ts';
import type { Input } from '../../nodes/declare.ts';
import { declarationOf } from '../../nodes/index.ts';
import { socketTypeOf } from '../input-spec.ts';
import type { NodeTable } from '../validate/validate.ts';
import { componentTemplate } from './component.ts';
import { groupTemplate } from './group.ts';
import { instanceLayout, subgraphTemplate } from './subgraph.ts';
import type { Template } from './template.ts';
import { notUi, objectsOf, textOf, type UiInput, type UiNode, type UiOutput } from './ui-graph.ts';
import {
  declaredLayouts,
  givenValues,
  guessedLayout,
  hasWidget,
  type WidgetSlot,
  type WidgetValues,
  widgetValues,
} from './widgets.ts';

export interface NodeTypes {
  /** Today's class type: a renamed one under its new name. */
  classType(type: string): string;
  known(type: string): boolean;
  display(type: string): string | undefined;
  templateOf(type: string): Template | undefined;
  /** The sockets of a node as today's editor orders them: sockets, then widgets, then what the file has beyond them. */
  inputsOf(node: UiNode): readonly UiInput[];
  outputsOf(node: UiNode): readonly UiOutput[];
  layoutOf(node: UiNode): readonly WidgetSlot[];
  /** The declared input; undefined where nothing is known of it. */
  inputOf(node: UiNode, name: string): Input | undefined;
  valuesOf(node: UiNode): WidgetValues;
}

/** Type prefixes of group nodes, today's and the one of before frontend 1.2.63. */
const GROUP = /^workflow[>/]/;
const COMPONENT = /^## /;
/** ` [2c8c61]` at the end of a component's type: the hash of its definition. */
const HASH = / \[[0-9a-f]{6}\]$/;

const newName = (names: Readonly<Record<string, string>>, name: string): string =>
  Object.hasOwn(names, name) ? names[name] : name;

/** `components`: definitions beside the file, by type or name. */
export function createNodeTypes(
  root: JsonObject,
  nodes: NodeTable,
  components: Readonly<JsonObject> = {},
): NodeTypes {
  const subgraphs = new Map<string, JsonObject>();
  const collect = (json: JsonObject, depth: number): void => {
    const definitions = json['definitions'];
    if (!isJsonObject(definitions) || depth > 50) return;
    for (const definition of objectsOf(definitions['subgraphs'])) {
      const id = textOf(definition['id']);
      if (id !== undefined && !subgraphs.has(id)) subgraphs.set(id, definition);
      collect(definition, depth + 1);
    }
  };
  collect(root, 0);
  const extra = isJsonObject(root['extra']) ? root['extra'] : {};
  const groups = isJsonObject(extra['groupNodes']) ? extra['groupNodes'] : {};
  const brought = [root['components'], extra['components'], components].filter(isJsonObject);
  const componentOf = (type: string): JsonObject | undefined => {
    const name = type.replace(COMPONENT, '').replace(HASH, '');
    for (const key of [type, name])
      for (const set of brought)
        if (Object.hasOwn(set, key) && isJsonObject(set[key])) return set[key];
    return undefined;
  };

  const templates = new Map<string, Template | undefined>();
  const building = new Set<string>();
  const build = (type: string): Template | undefined => {
    const subgraph = subgraphs.get(type);
    if (subgraph) return subgraphTemplate(subgraph, types);
    const group = GROUP.test(type) ? type.replace(GROUP, '') : undefined;
    if (group !== undefined && Object.hasOwn(groups, group)) {
      const definition = groups[group];
      if (isJsonObject(definition)) return groupTemplate(group, definition, types);
    }
    const component = COMPONENT.test(type) ? componentOf(type) : undefined;
    return (
      component &&
      componentTemplate(type.replace(COMPONENT, '').replace(HASH, ''), component, types)
    );
  };
  const templateOf = (type: string): Template | undefined => {
    if (templates.has(type)) return templates.get(type);
    if (nodes.has(type)) return undefined;
    if (building.has(type)) throw notUi(`has a definition that contains itself: ${type}`);
    building.add(type);
    const template = build(type);
    building.delete(type);
    templates.set(type, template);
    return template;
  };

  const found = (node: UiNode) => declarationOf(node.type, nodes);
  const inputs = new WeakMap<UiNode, readonly UiInput[]>();
  const inputsOf = (node: UiNode): readonly UiInput[] => {
    const made = inputs.get(node) ?? orderedInputs(node);
    inputs.set(node, made);
    return made;
  };
  const orderedInputs = (node: UiNode): readonly UiInput[] => {
    const known = found(node);
    if (known) {
      const given = new Map(node.inputs.map((input) => [newName(known.inputs, input.name), input]));
      const declared = Object.entries(known.declaration.inputs).map(
        ([name, input]): UiInput & { socket: boolean } => {
          const socket = !hasWidget(input) || input.forceInput === true;
          return {
            ...given.get(name),
            name,
            type: socketTypeOf(input),
            widget: socket ? undefined : name,
            socket,
          };
        },
      );
      const others = [...given].filter(([name]) => !Object.hasOwn(known.declaration.inputs, name));
      return [
        ...declared.filter((input) => input.socket),
        ...declared.filter((input) => !input.socket),
        ...others.map(([name, input]) => ({ ...input, name })),
      ];
    }
    const template = templateOf(node.type);
    if (!template) return node.inputs;
    // a socket is found by its name; where the definition changed since, by its place
    const names = new Set(template.inputs.map((input) => input.name));
    const sockets = template.inputs.filter((input) => !input.widgetOnly);
    return template.inputs.map((input): UiInput => {
      const own = node.inputs.find((i) => i.name === input.name);
      const there = input.widgetOnly ? undefined : node.inputs[sockets.indexOf(input)];
      return {
        ...(own ?? (there && !names.has(there.name) ? there : undefined)),
        name: input.name,
        type: input.type,
      };
    });
  };

  const layoutsOf = (node: UiNode): readonly (readonly WidgetSlot[])[] => {
    const known = found(node);
    if (known) return declaredLayouts(known.declaration);
    const template = templateOf(node.type);
    return [template ? instanceLayout(node, template) : guessedLayout(node)];
  };
  const values = new WeakMap<UiNode, WidgetValues>();
  const valuesOf = (node: UiNode): WidgetValues => {
    const made =
      values.get(node) ??
      (templateOf(node.type) ? givenValues : widgetValues)(renamed(node), layoutsOf(node));
    values.set(node, made);
    return made;
  };
  const renamed = (node: UiNode): UiNode => {
    const names = found(node)?.inputs ?? {};
    if (Array.isArray(node.values) || Object.keys(names).length === 0) return node;
    return {
      ...node,
      values: Object.fromEntries(
        Object.entries(node.values).map(([name, value]) => [newName(names, name), value]),
      ),
    };
  };

  const types: NodeTypes = {
    classType: (type) => declarationOf(type, nodes)?.declaration.type ?? type,
    known: (type) => declarationOf(type, nodes) !== undefined,
    display: (type) => declarationOf(type, nodes)?.declaration.display,
    templateOf,
    inputsOf,
    outputsOf: (node) => {
      const known = found(node);
      if (!known)
        return (
          templateOf(node.type)?.outputs.map(({ type }) => ({ name: type, type })) ?? node.outputs
        );
      const { outputs } = known.declaration;
      return [
        ...outputs.map(({ name, type }) => ({ name, type })),
        ...node.outputs.slice(outputs.length),
      ];
    },
    layoutOf: (node) => layoutsOf(node)[0],
    inputOf: (node, name) => {
      const known = found(node);
      if (known)
        return Object.hasOwn(known.declaration.inputs, name)
          ? known.declaration.inputs[name]
          : undefined;
      const slot = templateOf(node.type)?.layout.find((s) => s.kind === 'value' && s.name === name);
      return slot?.kind === 'value' ? slot.input : undefined;
    },
    valuesOf,
  };
  return types;
}
