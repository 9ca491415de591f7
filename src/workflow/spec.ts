// An input's declaration as ComfyUI words it: `[type, options]`, a combo's type being its list of options.
import { type Json, type JsonObject, objectOf, pyFloat } from '../formats/json.ts';
import type { NodeEnvironment } from '../nodes/context.ts';
import type { Input } from '../nodes/declare.ts';

/** The socket type: what a link to this input must carry. */
export const typeOf = (input: Input): string => (input.kind === 'SOCKET' ? input.type : input.kind);

export const optionsOf = (input: Input & { kind: 'COMBO' }, environment: NodeEnvironment): readonly string[] =>
  typeof input.options === 'function' ? input.options(environment) : input.options;

const OURS = new Set(['kind', 'type', 'wide', 'options', 'folder', 'optional']);

/** `[type, options]` as in /object_info and in `extra_info.input_config`. */
export function inputConfig(input: Input, environment: NodeEnvironment): [Json, JsonObject] {
  const options = objectOf(
    Object.entries(input)
      .filter(([key]) => !OURS.has(key))
      .map(([key, value]): [string, Json] => [key, input.kind === 'FLOAT' && typeof value === 'number' ? pyFloat(value) : value]),
  );
  return [input.kind === 'COMBO' ? [...optionsOf(input, environment)] : typeOf(input), options];
}

/** Whether a link of type `received` may enter an input of type `wanted`: equal, sets that share a member, or `*` on either side. */
export function typesMeet(received: string, wanted: string): boolean {
  if (received === wanted || received === '*' || wanted === '*') return true;
  const members = new Set(wanted.split(',').map((t) => t.trim()));
  return received.split(',').some((t) => members.has(t.trim()));
}
