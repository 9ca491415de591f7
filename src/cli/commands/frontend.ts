// darkroom frontend install: downloads ComfyUI's own frontend with pip. It is not part of Darkroom.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import {
  FRONTEND_PACKAGE,
  FRONTEND_VERSION,
  frontendFolder,
} from '../../server/http/frontend-files.ts';
import { cacheFolder } from '../../user-cache-folder.ts';
import { badUsage } from '../bad-usage.ts';
import type { Invocation } from '../command.ts';

const PYTHONS = ['python3', 'python', 'py'];
const REQUIREMENT = `${FRONTEND_PACKAGE}==${FRONTEND_VERSION}`;

/** Runs the command; returns the exit code. */
export async function installCommand({
  values,
  positionals,
  terminal,
}: Invocation): Promise<number> {
  if (positionals.length !== 1 || positionals[0] !== 'install')
    throw badUsage('frontend needs an action: install', 'See darkroom frontend --help.');
  const folder = values.out ?? join(cacheFolder(), 'frontend');
  terminal.err(`downloading ${REQUIREMENT} (GPL-3) into ${folder}\n`);
  const options = [
    '--no-deps',
    '--upgrade',
    '--quiet',
    '--disable-pip-version-check',
    '--target',
    folder,
    REQUIREMENT,
  ];
  let problem = 'Python was not found';
  for (const python of PYTHONS) {
    const { started, code, errors } = await runProgram(python, [
      '-m',
      'pip',
      'install',
      ...options,
    ]);
    if (started && code === 0) {
      terminal.out(`darkroom serve --frontend ${JSON.stringify(frontendFolder(folder))}`);
      return 0;
    }
    if (started) problem = errors.trim().split('\n').at(-1) ?? `pip exited with ${code}`;
  }
  throw badUsage(
    `the frontend can't be downloaded with pip: ${problem}`,
    `Download the wheel of ${REQUIREMENT} from the Python package index, unzip it, ` +
      'and use its folder: darkroom serve --frontend DIR.',
  );
}

interface ProgramResult {
  /** False when the program does not exist. */
  readonly started: boolean;
  readonly code: number | null;
  readonly errors: string;
}

const runProgram = (program: string, args: readonly string[]): Promise<ProgramResult> =>
  new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (part) => {
      errors += String(part);
    });
    child.on('error', () => resolve({ started: false, code: null, errors }));
    child.on('close', (code) => resolve({ started: true, code, errors }));
  });
