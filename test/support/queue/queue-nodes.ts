// More nodes for tests of the queue: one that ends its process once, one that sends many messages,
// one that shows previews, one that saves large files.
import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  defineNode,
  int,
  type NodeDeclaration,
  output,
  outputs,
  socket,
  string,
} from '../../../src/nodes/declare.ts';
import { NODES as COMMON } from '../nodes.ts';

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

const show = defineNode({
  ...common,
  type: 'TestShow',
  display: 'Show',
  inputs: { times: int(), nonce: int() },
  outputs: [output('INT')],
  run: async ({ times }, context) => {
    for (let i = 0; i < times; i++) {
      context.progress(i + 1, times, () => ({
        width: 8,
        height: 8,
        channels: 3,
        bytes: new Uint8Array(192).fill(128),
      }));
      await sleep(50);
    }
    return outputs(times);
  },
});

/** The last bytes of a whole file. */
export const END = '\nend of file';

const saveLong = defineNode({
  ...common,
  type: 'TestSaveLong',
  display: 'Save much',
  outputNode: true,
  inputs: { value: socket('*'), bytes: int({ max: 100_000_000 }), copies: int() },
  outputs: [],
  run: async ({ value, bytes, copies }, context) => {
    const file = Buffer.from(`${value}`.padEnd(bytes, '.') + END);
    const files = Array.from({ length: copies }, () => file);
    const images = await context.save({
      type: 'output',
      prefix: 'long',
      extension: 'txt',
      size: { width: 1, height: 1 },
      files,
    });
    return { outputs: [], ui: { images } };
  },
});

export const NODES: ReadonlyMap<string, NodeDeclaration> = new Map([
  ...COMMON,
  ...[exitOnce, talk, show, saveLong].map((node): [string, NodeDeclaration] => [
    node.type,
    node as NodeDeclaration,
  ]),
]);

/** The module for the engine process. */
export const NODES_MODULE = import.meta.url;
