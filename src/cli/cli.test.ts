// Help, versions, and suggestions for what is mistyped.
import { describe, expect, it } from 'vitest';
import { runMain } from '../../test/support/memory-terminal.ts';
import { versions } from '../engine/versions.ts';
import { COMMANDS } from './commands.ts';
import { wrap } from './help.ts';
import { OPTIONS } from './option-table.ts';
import { parseOptions } from './options.ts';
import { COMMAND_SYNONYMS, OPTION_SYNONYMS } from './synonyms.ts';

describe('help', () => {
  it.each([[['help']], [['--help']], [['-h']]])('%j lists the commands', async (args) => {
    const { code, out } = await runMain(args);
    for (const { name } of COMMANDS) expect(out[0]).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
    expect(code).toBe(0);
  });

  it.each([[['help', 'run']], [['run', '--help']], [['run', '-h']]])('%j', async (args) => {
    const { code, out } = await runMain(args);
    expect(out[0]).toContain('darkroom run FILE…');
    expect(out[0]).toContain('Examples:\n  darkroom run workflow.json');
    expect(code).toBe(0);
  });

  it('wraps to the terminal', async () => {
    for (const columns of [70, 80, 200])
      for (const { name, examples } of COMMANDS) {
        const { out } = await runMain(['help', name], { columns: () => columns });
        const width = Math.min(columns, 100);
        for (const line of out[0].split('\n'))
          if (!examples.includes(line.trim())) expect(line.length, line).toBeLessThanOrEqual(width);
      }
    expect(wrap('one two three', 7, '  ')).toEqual(['  one', '  two', '  three']);
  });

  it('examples are command lines that are understood', () => {
    for (const { name, options, examples } of COMMANDS) {
      expect(examples.length).toBeGreaterThan(0);
      for (const example of examples) {
        const [program, command, ...args] = example.replaceAll(/"[^"]*"/g, 'x').split(' ');
        expect([program, command]).toEqual(['darkroom', name]);
        expect(() => parseOptions(args, options)).not.toThrow();
      }
    }
  });

  it.each([[['version']], [['-V']], [['--version']]])('%j', async (args) => {
    expect(await runMain(args)).toEqual({ code: 0, out: [versions().version], err: '' });
  });
});

describe('suggestions', () => {
  it.each([
    [['hlep'], "Did you mean 'help'?"],
    [['help', 'rnu'], "Did you mean 'run'?"],
    [['generate'], "Did you mean 'darkroom run'?"],
    [['download'], "Did you mean 'darkroom models get'?"],
    [['fox.jpg'], 'To run this file: darkroom run fox.jpg'],
    [['run', 'x', '--width', '64'], "Did you mean '--size WIDTHxHEIGHT'?"],
    [['run', 'x', '--output-directory', 'y'], "Did you mean '--output DIR'?"],
    [['serve', '--host', '::'], "Did you mean '--listen ADDRESS'?"],
    [['check', 'x', '--width', '64'], 'See --help.'],
    [['run', 'x', '--device', 'gpu'], "Use 'cuda' for NVIDIA cards, 'webgpu' for others."],
    [['run', 'x', '--device', 'mps'], "Use 'webgpu'."],
    [['run', 'x', '--device', 'cdua'], "Did you mean 'cuda'?"],
  ])('%j', async (args, hint) => {
    const { code, err } = await runMain(args);
    expect(err).toContain(` hint: ${hint}\n`);
    expect(code).toBe(2);
  });

  it('name what exists', () => {
    const commands = COMMANDS.map(({ name }) => name);
    for (const synonym of Object.values(COMMAND_SYNONYMS))
      expect(commands).toContain(synonym.split(' ')[0]);
    for (const synonym of Object.values(OPTION_SYNONYMS))
      expect(Object.keys(OPTIONS)).toContain(synonym.split(' ')[0].slice(2));
  });
});
