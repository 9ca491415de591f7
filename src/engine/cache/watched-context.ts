// A node's context that notices when the node does or reads more than its inputs and files say: then its results are not kept for later
// runs of the program.
import type { NodeContext } from '../../nodes/context.ts';

const MORE: ReadonlySet<string | symbol> = new Set<keyof NodeContext>([
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

/** `more` hears it. */
export const watchedContext = (context: NodeContext, more: () => void): NodeContext =>
  new Proxy(context, {
    get(target, name, receiver) {
      if (MORE.has(name)) more();
      return Reflect.get(target, name, receiver);
    },
  });
