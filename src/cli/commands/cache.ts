// darkroom cache list | clear [NAME…]: what the cache folder holds, and removing it.

import { DarkroomError } from '../../errors.ts';
import { cacheEntries, chosenEntries, clearEntries } from '../../storage/cache-entries.ts';
import { cacheFolder } from '../../user-cache-folder.ts';
import type { Invocation } from '../command.ts';
import { jsonLine, printable } from '../terminal.ts';

/** Runs the command; gives the exit code, or throws what is to be reported. */
export async function cacheCommand({ values, positionals, terminal }: Invocation): Promise<number> {
  const [what, ...names] = positionals;
  const folder = cacheFolder();
  const entries = cacheEntries(folder);
  if (what === 'list' && names.length === 0) {
    if (values.json) terminal.out(jsonLine({ folder, entries }));
    else {
      for (const { name, about, bytes, used } of entries)
        terminal.out(
          `${megabytes(bytes).padStart(11)}  ${new Date(used).toISOString().slice(0, 10)}  ${name}  ${printable(about)}`,
        );
      terminal.out(
        `${megabytes(entries.reduce((sum, { bytes }) => sum + bytes, 0)).padStart(11)}  in ${folder}`,
      );
    }
    return 0;
  }
  if (what === 'clear') {
    const { chosen, unknown } = chosenEntries(entries, names);
    if (unknown.length > 0)
      throw new DarkroomError('DR_BAD_USAGE', {
        message: `the cache has no '${unknown[0]}'`,
        hint: 'See darkroom cache list.',
      });
    const bytes = removed(() => clearEntries(chosen), folder);
    if (values.json)
      terminal.out(jsonLine({ folder, cleared: chosen.map(({ name }) => name), bytes }));
    else terminal.out(`${megabytes(bytes)} cleared in ${folder}`);
    return 0;
  }
  throw new DarkroomError('DR_BAD_USAGE', {
    message: 'cache knows two things to do: list and clear',
    hint: 'See darkroom cache --help.',
  });
}

function removed(work: () => number, folder: string): number {
  try {
    return work();
  } catch (cause) {
    throw new DarkroomError('DR_OUTPUT_UNWRITABLE', {
      message: `${folder} can't be cleared: ${(cause as Error).message}`,
      hint: 'Close other programs that use it, and check its permissions.',
      file: folder,
      cause,
    });
  }
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
