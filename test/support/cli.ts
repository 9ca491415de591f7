// Runs the command line from source in a process of its own, with the built-in nodes or those of
// nodes.ts.
import { main } from '../../src/cli/cli.ts';
import { processTerminal } from '../../src/cli/terminal.ts';
import { NODES, NODES_MODULE } from './nodes.ts';

process.exitCode = await main(process.argv.slice(2), processTerminal(), {
  table: NODES,
  module: NODES_MODULE,
});
