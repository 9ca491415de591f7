// darkroom frontend install: fetches ComfyUI's own frontend with pip, or says how to get it. Nothing of it comes with Darkroom.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import {
  FRONTEND_PACKAGE,
  FRONTEND_VERSION,
  frontendFolder,
} from '../../server/http/frontend-files.ts';
import { cacheFolder } from '../../user-cache-folder.ts';
import type { Invocation } from '../command.ts';

const PYTHONS = ['python3', 'python', 'py'];
const WHAT = `${FRONTEND_PACKAGE}==${FRONTEND_VERSION}`;

/** Runs the command; gives the exit code. */
export async function installCommand({
  values,
  positionals,
  terminal,
}: Invocation): Promise<number> {
  if (positionals.length !== 1 || positionals[0] !== 'install')
    throw new DarkroomError('DR_BAD_USAGE', {
      message: 'frontend knows one thing to do: install',
      hint: 'See darkroom frontend --help.',
    });
  const folder = values.out ?? join(cacheFolder(), 'frontend');
  terminal.err(`Fetching ${WHAT} (GPL-3) into ${folder}\n`);
  const options = [
    '--no-deps',
    '--upgrade',
    '--quiet',
    '--disable-pip-version-check',
    '--target',
    folder,
    WHAT,
  ];
  let said = 'Python was not found';
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
    if (started) said = errors.trim().split('\n').at(-1) ?? `pip ended with ${code}`;
  }
  throw new DarkroomError('DR_BAD_USAGE', {
    message: `the frontend can't be fetched with pip: ${said}`,
    hint: `Download the wheel of ${WHAT} from the package index, unzip it, and give its folder: darkroom serve --frontend DIR.`,
  });
}

interface Ended {
  /** False when there is no such program. */
  readonly started: boolean;
  readonly code: number | null;
  readonly errors: string;
}

const runProgram = (program: string, args: readonly string[]): Promise<Ended> =>
  new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (part) => {
      errors += String(part);
    });
    child.on('error', () => resolve({ started: false, code: null, errors }));
    child.on('close', (code) => resolve({ started: true, code, errors }));
  });
