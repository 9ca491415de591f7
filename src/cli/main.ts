#!/usr/bin/env node
// The program `darkroom`.
import { main } from './cli.ts';
import { processTerminal } from './terminal.ts';

// a reader that went away (`| head`) is no error
process.stdout.on('error', () => process.exit(0));
process.exitCode = await main(process.argv.slice(2), processTerminal());
