// The completion scripts, run by the shells that are installed here.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runMain } from '../../../test/support/memory-terminal.ts';
import { COMMANDS } from '../commands.ts';

const root = mkdtempSync(join(tmpdir(), 'darkroom-completion-'));
afterAll(() => rmSync(root, { recursive: true }));

const hasShell = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0;
async function scriptOf(shell: string): Promise<string> {
  const { out } = await runMain(['completion', shell]);
  const file = join(root, `darkroom.${shell}`);
  writeFileSync(file, `${out.join('\n')}\n`);
  return file;
}
function linesOf(shell: string, ...args: string[]): string[] {
  const { stdout, stderr, status } = spawnSync(shell, args, { encoding: 'utf8', cwd: root });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout.split('\n').filter(Boolean).sort();
}

const PRINT_REPLY = `for word in "\${COMPREPLY[@]}"; do echo "$word"; done`;

/** Command lines with the word that is completed last, and what is offered for it. */
const CASES: readonly (readonly [string[], string[]])[] = [
  [['ch'], ['check']],
  [['help', 'fr'], ['frontend']],
  [['run', '--dev'], ['--device']],
  [
    ['run', 'w.json', '--device', 'c'],
    ['cpu', 'cuda'],
  ],
  [['serve', '--log-level', 'w'], ['warn']],
  [['models', 'g'], ['get']],
  [['completion', 'z'], ['zsh']],
  [['run', '--keep', 'r'], ['results']],
  [['check', '--cs'], []],
];

describe.skipIf(!hasShell('bash'))('bash', () => {
  it.each(CASES)('%j', async (words, expected) => {
    const script = await scriptOf('bash');
    const line = ['darkroom', ...words].map((word) => `'${word}'`).join(' ');
    const program =
      `source '${script}'; COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _darkroom; ` +
      PRINT_REPLY;
    expect(linesOf('bash', '--noprofile', '--norc', '-c', program)).toEqual(expected);
  });

  it('offers all commands', async () => {
    const script = await scriptOf('bash');
    const program = `source '${script}'; COMP_WORDS=(darkroom ''); COMP_CWORD=1; _darkroom; ${PRINT_REPLY}`;
    expect(linesOf('bash', '--norc', '-c', program)).toEqual(
      expect.arrayContaining(COMMANDS.map(({ name }) => name)),
    );
  });
});

describe.skipIf(!hasShell('fish'))('fish', () => {
  it.each(CASES.filter(([words]) => words[0] !== 'help'))('%j', async (words, expected) => {
    const script = await scriptOf('fish');
    const program = `source '${script}'; complete -C 'darkroom ${words.join(' ')}'`;
    const offered = linesOf('fish', '--no-config', '-c', program).map(
      (line) => line.split('\t')[0],
    );
    expect(offered).toEqual(expected);
  });
});

describe.skipIf(!hasShell('zsh'))('zsh', () => {
  it('passes the options and actions of the command on', async () => {
    const script = await scriptOf('zsh');
    const program =
      'compdef() { : }; _describe() { print -rl -- $commands }; _arguments() { print -rl -- "$@" }; ' +
      `source '${script}'; words=(darkroom models g); CURRENT=3; _darkroom`;
    const lines = linesOf('zsh', '-f', '-c', program);
    expect(lines).toContain('1:action:(list inspect get)');
    expect(lines.find((line) => line.includes('--models['))).toMatch(
      /^\*--models\[.*\]:DIR:_files$/,
    );
    const first = linesOf(
      'zsh',
      '-f',
      '-c',
      program.replace('models g); CURRENT=3', 'g); CURRENT=2'),
    );
    for (const { name } of COMMANDS) expect(first.join('\n')).toContain(`${name}:`);
  });
});

it('other shells are refused', async () => {
  expect((await runMain(['completion'])).err).toContain('completion needs a shell');
  expect((await runMain(['completion', 'zhs'])).err).toContain("Did you mean 'zsh'?");
});
