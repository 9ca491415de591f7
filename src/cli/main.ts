#!/usr/bin/env node
// The program `darkroom`.
import { main } from './cli.ts';
import { processTerminal } from './terminal.ts';

// a closed pipe (`| head`) is not an error
process.stdout.on('error', () => process.exit(0));
process.exitCode = await main(process.argv.slice(2), processTerminal());
