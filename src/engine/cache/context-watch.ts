// Finds out whether a node does or reads more than its inputs and files say. The results of such a
// node are not stored for later runs of the program.
import type { NodeContext } from '../../nodes/context.ts';

/** The members of a context that make a result depend on more than inputs and files. */
const IMPURE: ReadonlySet<string | symbol> = new Set<keyof NodeContext>([
  'prompt',
  'extra',
  'graph',
  'subgraph',
  'state',
  'random',
  'send',
  'interrupt',
  'save',
  'saveLarge',
  'metadata',
]);

/** The same context; `onImpureUse` is called each time one of those members is read. */
export const watchContext = (context: NodeContext, onImpureUse: () => void): NodeContext =>
  new Proxy(context, {
    get(target, name, receiver) {
      if (IMPURE.has(name)) onImpureUse();
      return Reflect.get(target, name, receiver);
    },
  });
