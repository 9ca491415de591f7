// Nodes that exist in the editor alone: notes, wires that bend, values that stand apart. None of them is in a prompt.

export const REROUTE = 'Reroute';
export const PRIMITIVE = 'PrimitiveNode';

/** What the editor does with a link that comes from such a node. */
export type VirtualKind =
  /** Nothing: it has no outputs that matter. */
  | 'note'
  /** Follows the input of the same number. */
  | 'wire'
  /** Writes its own value into the widget at the other end. */
  | 'value'
  /** A wire's beginning and end that find each other by name (KJNodes and others). */
  | 'set'
  | 'get';

const VIRTUAL: ReadonlyMap<string, VirtualKind> = new Map<string, VirtualKind>([
  [REROUTE, 'wire'],
  [PRIMITIVE, 'value'],
  ['Note', 'note'],
  ['MarkdownNote', 'note'],
  ['Reroute (rgthree)', 'wire'],
  ['Label (rgthree)', 'note'],
  ['Bookmark (rgthree)', 'note'],
  ['Fast Groups Muter (rgthree)', 'note'],
  ['Fast Groups Bypasser (rgthree)', 'note'],
  ['Fast Muter (rgthree)', 'note'],
  ['Fast Bypasser (rgthree)', 'note'],
  ['Fast Actions Button (rgthree)', 'note'],
  ['Mute / Bypass Relay (rgthree)', 'note'],
  ['Mute / Bypass Repeater (rgthree)', 'note'],
  ['Node Collector (rgthree)', 'note'],
  ['Random Unmuter (rgthree)', 'note'],
  ['Note Plus (mtb)', 'note'],
  ['SetNode', 'set'],
  ['GetNode', 'get'],
  ['easy setNode', 'set'],
  ['easy getNode', 'get'],
]);

export const virtualKind = (type: string): VirtualKind | undefined => VIRTUAL.get(type);

export const isEditorOnly = (type: string): boolean => VIRTUAL.has(type);
