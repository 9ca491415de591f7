// The node types of one file, from the node declarations and the definitions in the file.
import type { Json, JsonObject } from '../../formats/json.ts';
import { declarationOf, type FoundDeclaration } from '../../nodes/index.ts';
import type { Input } from '../../nodes/input-types.ts';
import { ownValue } from '../../own-value.ts';
import { socketTypeOf } from '../input-spec.ts';
import type { NodeTable } from '../node-table.ts';
import type { NodeTypes } from './node-types.ts';
import { componentTemplate } from './templates/component.ts';
import { definitionsIn, type FindDefinition } from './templates/definitions.ts';
import { groupTemplate } from './templates/group.ts';
import { instanceLayout, subgraphTemplate } from './templates/subgraph.ts';
import type { Template } from './templates/template.ts';
import { notUi, type UiInput, type UiNode, type UiOutput } from './ui-graph.ts';
import {
  declaredLayouts,
  guessedLayout,
  hasWidget,
  type WidgetSlot,
  withChoices,
} from './widget-slots.ts';
import { fileValues, type WidgetValues, widgetValues } from './widget-values.ts';

const TEMPLATES = {
  subgraph: (_, json, types) => subgraphTemplate(json, types),
  group: groupTemplate,
  component: componentTemplate,
} satisfies Record<string, (name: string, json: JsonObject, types: NodeTypes) => Template>;

/** What comes with a file. */
export interface BesideFile {
  /** Definitions of components that are stored beside the file, by type or name. */
  readonly components?: Readonly<JsonObject>;
  /** The prompt of the same image: it names the values of nodes of unknown types. */
  readonly sent?: Readonly<JsonObject>;
}

/** Looks node types up in the node table and in the definitions of one file; results are stored. */
export class FileNodeTypes implements NodeTypes {
  readonly #nodes: NodeTable;
  readonly #sent: Readonly<JsonObject>;
  readonly #findDefinition: FindDefinition;
  readonly #templates = new Map<string, Template | undefined>();
  /** Types whose template is being built. */
  readonly #building = new Set<string>();
  readonly #inputs = new WeakMap<UiNode, readonly UiInput[]>();
  readonly #values = new WeakMap<UiNode, WidgetValues>();

  constructor(root: JsonObject, nodes: NodeTable, { components, sent }: BesideFile = {}) {
    this.#nodes = nodes;
    this.#sent = sent ?? {};
    this.#findDefinition = definitionsIn(root, components);
  }

  classType(type: string): string {
    return this.#declarationOf(type)?.declaration.type ?? type;
  }

  isDeclared(type: string): boolean {
    return this.#declarationOf(type) !== undefined;
  }

  displayName(type: string): string | undefined {
    return this.#declarationOf(type)?.declaration.display;
  }

  templateOf(type: string): Template | undefined {
    if (this.#templates.has(type)) return this.#templates.get(type);
    if (this.#nodes.has(type)) return undefined;
    if (this.#building.has(type)) throw notUi(`has a definition that contains itself: ${type}`);
    this.#building.add(type);
    const definition = this.#findDefinition(type);
    const template =
      definition && TEMPLATES[definition.kind](definition.name, definition.json, this);
    this.#building.delete(type);
    this.#templates.set(type, template);
    return template;
  }

  inputsOf(node: UiNode): readonly UiInput[] {
    const inputs = this.#inputs.get(node) ?? this.#orderedInputs(node);
    this.#inputs.set(node, inputs);
    return inputs;
  }

  outputsOf(node: UiNode): readonly UiOutput[] {
    const outputs = this.#declarationOf(node.type)?.declaration.outputs;
    if (outputs)
      return [
        ...outputs.map(({ name, type }) => ({ name, type })),
        ...node.outputs.slice(outputs.length),
      ];
    const template = this.templateOf(node.type);
    return template?.outputs.map(({ type }) => ({ name: type, type })) ?? node.outputs;
  }

  layoutOf(node: UiNode): readonly WidgetSlot[] {
    return this.#layoutsOf(node)[0];
  }

  inputOf(node: UiNode, name: string): Input | undefined {
    const found = this.#declarationOfNode(node);
    if (found) {
      const { inputs } = found.declaration;
      return Object.hasOwn(inputs, name) ? inputs[name] : undefined;
    }
    const layout = this.templateOf(node.type)?.layout ?? [];
    const slot = layout.find((other) => other.kind === 'value' && other.name === name);
    return slot?.kind === 'value' ? slot.input : undefined;
  }

  computedInputs(
    node: UiNode,
    inputs: Readonly<Record<string, Json>>,
  ): Readonly<Record<string, Json>> {
    return this.#declarationOf(node.type)?.declaration.editorWidgets?.computed(inputs) ?? {};
  }

  valuesOf(node: UiNode): WidgetValues {
    const assign = this.templateOf(node.type) ? fileValues : widgetValues;
    const values =
      this.#values.get(node) ?? assign(this.#withNewNames(node), this.#layoutsOf(node));
    this.#values.set(node, values);
    return values;
  }

  #declarationOf(type: string): FoundDeclaration | undefined {
    return declarationOf(type, this.#nodes);
  }

  /** The declaration with the inputs of the choices that a node makes. */
  #declarationOfNode(node: UiNode): FoundDeclaration | undefined {
    const found = this.#declarationOf(node.type);
    return found && { ...found, declaration: withChoices(found.declaration, node.values) };
  }

  #orderedInputs(node: UiNode): readonly UiInput[] {
    const found = this.#declarationOfNode(node);
    if (found) return declaredInputs(node, found);
    const template = this.templateOf(node.type);
    return template ? templateInputs(node, template) : node.inputs;
  }

  /** The layouts that a node may have in files, the current one first. */
  #layoutsOf(node: UiNode): readonly (readonly WidgetSlot[])[] {
    const found = this.#declarationOfNode(node);
    if (found) return declaredLayouts(found.declaration, node.values);
    const template = this.templateOf(node.type);
    return [
      template
        ? instanceLayout(node, template)
        : guessedLayout(node, ownValue(this.#sent, String(node.id))),
    ];
  }

  /** The node with the new names of renamed inputs, where its values are saved by name. */
  #withNewNames(node: UiNode): UiNode {
    const names = this.#declarationOf(node.type)?.inputs ?? {};
    if (Array.isArray(node.values) || Object.keys(names).length === 0) return node;
    const values = Object.entries(node.values).map(([name, value]) => [
      newName(names, name),
      value,
    ]);
    return { ...node, values: Object.fromEntries(values) };
  }
}

/** Declared inputs, those without a widget first, then inputs that only the file has. */
function declaredInputs(node: UiNode, { declaration, inputs }: FoundDeclaration): UiInput[] {
  const ofFile = new Map(node.inputs.map((input) => [newName(inputs, input.name), input]));
  const declared = Object.entries(declaration.inputs).map(([name, input]): UiInput => {
    const isSocket = !hasWidget(input) || input.forceInput === true;
    return {
      ...ofFile.get(name),
      name,
      type: socketTypeOf(input),
      widget: isSocket ? undefined : name,
    };
  });
  const further = [...ofFile].filter(([name]) => !Object.hasOwn(declaration.inputs, name));
  return [
    ...declared.filter((input) => input.widget === undefined),
    ...declared.filter((input) => input.widget !== undefined),
    ...further.map(([name, input]) => ({ ...input, name })),
  ];
}

/**
 * The inputs of a template with the links of a node. An input is found by its name or, if the
 * definition has changed since, by its position among the sockets.
 */
function templateInputs(node: UiNode, { inputs }: Template): UiInput[] {
  const names = new Set(inputs.map((input) => input.name));
  const sockets = inputs.filter((input) => !input.widgetOnly);
  return inputs.map((input): UiInput => {
    const sameName = node.inputs.find(({ name }) => name === input.name);
    const samePosition = input.widgetOnly ? undefined : node.inputs[sockets.indexOf(input)];
    return {
      ...(sameName ?? (samePosition && !names.has(samePosition.name) ? samePosition : undefined)),
      name: input.name,
      type: input.type,
    };
  });
}

const newName = (names: Readonly<Record<string, string>>, name: string): string =>
  Object.hasOwn(names, name) ? names[name] : name;
