// Virtual nodes, which exist only in the editor and never in a prompt.

export const REROUTE = 'Reroute';
export const PRIMITIVE = 'PrimitiveNode';

/** How the editor resolves a link from such a node. */
export type VirtualKind =
  /** Its outputs, if any, have no value. */
  | 'note'
  /** The link continues from the input of the same number. */
  | 'reroute'
  /** Its own value is written into the widget at the other end. */
  | 'primitive'
  /** A `get` node continues from the input of the `set` node of the same name (KJNodes etc.). */
  | 'set'
  | 'get';

const VIRTUAL: ReadonlyMap<string, VirtualKind> = new Map<string, VirtualKind>([
  [REROUTE, 'reroute'],
  [PRIMITIVE, 'primitive'],
  ['Note', 'note'],
  ['MarkdownNote', 'note'],
  ['Reroute (rgthree)', 'reroute'],
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

/** The kind of a virtual node type; undefined for types that run. */
export const virtualKind = (type: string): VirtualKind | undefined => VIRTUAL.get(type);

export const isVirtual = (type: string): boolean => VIRTUAL.has(type);
