// Values of the socket types that packs define, as the result store keeps them: what their codecs
// make of them.
import type { NodeDeclaration } from '../../nodes/declare.ts';
import type { SocketCodec } from '../../nodes/input-builders.ts';
import { isBlocker } from '../../nodes/socket-values.ts';
import type { OutputLists } from '../execute/lists.ts';

type Convert = (codec: SocketCodec, value: unknown) => unknown;

/** The outputs of a node with the values of its own types as plain data. */
export const storedForm = (declaration: NodeDeclaration, outputs: OutputLists): OutputLists =>
  converted(declaration, outputs, ({ store }, value) => store(value as never));

/** The outputs that `storedForm` was given. */
export const restoredForm = (declaration: NodeDeclaration, outputs: OutputLists): OutputLists =>
  converted(declaration, outputs, ({ restore }, value) => restore(value as never));

const converted = (
  declaration: NodeDeclaration,
  outputs: OutputLists,
  convert: Convert,
): OutputLists =>
  outputs.map((list, i) => {
    const codec = declaration.outputs[i]?.codec;
    const isPlain = (value: unknown): boolean =>
      value === undefined || value === null || isBlocker(value);
    return codec ? list.map((value) => (isPlain(value) ? value : convert(codec, value))) : list;
  });
