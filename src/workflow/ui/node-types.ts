// What is known of the node types in one file.
import type { Input } from '../../nodes/input-types.ts';
import type { Template } from './templates/template.ts';
import type { UiInput, UiNode, UiOutput } from './ui-graph.ts';
import type { WidgetSlot } from './widget-slots.ts';
import type { WidgetValues } from './widget-values.ts';

/**
 * The node types of a file: declared ones, those that the file defines itself (subgraphs, group
 * nodes, components), and unknown ones, for which the file's own slots are all there is.
 */
export interface NodeTypes {
  /** Today's class type: the new name of a renamed one. */
  classType(type: string): string;
  isDeclared(type: string): boolean;
  displayName(type: string): string | undefined;
  /** The template of a type that the file defines. Throws DR_WORKFLOW_FORMAT. */
  templateOf(type: string): Template | undefined;
  /**
   * A node's inputs in the order of today's editor: sockets, widgets, then what only the file has.
   */
  inputsOf(node: UiNode): readonly UiInput[];
  outputsOf(node: UiNode): readonly UiOutput[];
  /** The slots of `widgets_values` in files of today. */
  layoutOf(node: UiNode): readonly WidgetSlot[];
  /** The declaration of an input; undefined where there is none. */
  inputOf(node: UiNode, name: string): Input | undefined;
  /** The widget values of a node by input name. */
  valuesOf(node: UiNode): WidgetValues;
}
