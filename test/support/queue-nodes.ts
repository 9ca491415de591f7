// Further nodes for tests of the queue: one that ends its process once, one that talks much, one that shows previews.
import { existsSync, writeFileSync } from 'node:fs';
import { defineNode, int, type NodeDeclaration, output, outputs, string } from '../../src/nodes/declare.ts';
import { NODES as COMMON } from './nodes.ts';

const common = { category: 'test' };

const exitOnce = defineNode({
  ...common,
  type: 'TestExitOnce',
  display: 'Exit once',
  inputs: { marker: string(), value: int() },
  outputs: [output('INT')],
  run: ({ marker, value }) => {
    if (!existsSync(marker)) {
      writeFileSync(marker, '');
      process.kill(process.pid, 'SIGKILL');
    }
    return outputs(value);
  },
});

const talk = defineNode({
  ...common,
  type: 'TestTalk',
  display: 'Talk',
  inputs: { bytes: int({ max: 1_000_000 }), times: int() },
  outputs: [output('INT')],
  run: ({ bytes, times }, context) => {
    for (let i = 0; i < times; i++) context.send('test-talk', { i, text: 'é'.repeat(bytes) });
    return outputs(times);
  },
});

export const NODES: ReadonlyMap<string, NodeDeclaration> = new Map([
  ...COMMON,
  ...[exitOnce, talk].map((node): [string, NodeDeclaration] => [node.type, node as NodeDeclaration]),
]);

/** The module for the engine process. */
export const NODES_MODULE = import.meta.url;
