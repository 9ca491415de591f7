// Access to the node types that one file uses.
import type { Json } from '../../formats/json.ts';
import type { Input } from '../../nodes/input-types.ts';
import type { Template } from './templates/template.ts';
import type { UiInput, UiNode, UiOutput } from './ui-graph.ts';
import type { WidgetSlot } from './widget-slots.ts';
import type { WidgetValues } from './widget-values.ts';

/**
 * The node types of a file: declared ones, those that the file defines itself (subgraphs, group
 * nodes, components), and unknown ones, which have only the slots that the file lists.
 */
export interface NodeTypes {
  /** The current class type: the new name if the type was renamed. */
  classType(type: string): string;
  isDeclared(type: string): boolean;
  displayName(type: string): string | undefined;
  /** The template of a type that the file defines. Throws DR_WORKFLOW_FORMAT. */
  templateOf(type: string): Template | undefined;
  /**
   * A node's inputs in the order of the current editor: sockets, widgets, then those that only the
   * file has.
   */
  inputsOf(node: UiNode): readonly UiInput[];
  outputsOf(node: UiNode): readonly UiOutput[];
  /** The slots of `widgets_values` in current files. */
  layoutOf(node: UiNode): readonly WidgetSlot[];
  /** The declaration of an input; undefined when there is none. */
  inputOf(node: UiNode, name: string): Input | undefined;
  /** Inputs that the editor computes from a node's other inputs. */
  computedInputs(
    node: UiNode,
    inputs: Readonly<Record<string, Json>>,
  ): Readonly<Record<string, Json>>;
  /** The widget values of a node by input name. */
  valuesOf(node: UiNode): WidgetValues;
}
