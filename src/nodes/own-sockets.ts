// Socket types that packs define for values of their own.
import type { InputWith, Options, Output, SocketCodec } from './input-builders.ts';
import type { OwnSocketType, SocketInput } from './input-types.ts';

type SocketOptions<T> = Options<SocketInput<OwnSocketType<T>>, 'type'>;

/** A socket type with values of type T. */
export interface OwnSocket<T> {
  /** Its name in workflows, in capitals: `PALETTE`. */
  readonly type: OwnSocketType<T>;
  /** An input of this type. */
  input<const O extends SocketOptions<T>>(options?: O): InputWith<SocketInput<OwnSocketType<T>>, O>;
  /** An output of this type. */
  output(name?: string): Output<OwnSocketType<T>>;
  /** An output that returns a list: the nodes behind it run once for each item. */
  listOutput(name?: string): Output<OwnSocketType<T>> & { readonly isList: true };
}

/**
 * Defines a socket type. Values that are plain data (objects, lists, texts, numbers, Float32Array)
 * can be kept in the result cache as they are; for others, such as instances of classes, `codec`
 * converts them. Values are never changed after they are made: several nodes may receive the same.
 *
 * @example
 * const PALETTE = defineSocket<readonly string[]>('PALETTE');
 */
export function defineSocket<T>(name: string, codec?: SocketCodec<T>): OwnSocket<T> {
  const type = name as OwnSocketType<T>;
  const common = { type, ...(codec && { codec: codec as unknown as SocketCodec }) };
  return {
    type,
    input: <const O extends SocketOptions<T>>(options: O = {} as O) =>
      ({ kind: 'SOCKET', type, ...options }) as unknown as InputWith<
        SocketInput<OwnSocketType<T>>,
        O
      >,
    output: (label = name) => ({ ...common, name: label }),
    listOutput: (label = name) => ({ ...common, name: label, isList: true }),
  };
}
