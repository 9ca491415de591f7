// darkroom cache list | clear [NAME…]: lists the contents of the cache folder, or clears it.
import { DarkroomError } from '../../errors.ts';
import { cacheEntries, removeEntries, selectEntries } from '../../storage/cache/cache-entries.ts';
import { cacheFolder } from '../../user-cache-folder.ts';
import { badUsage } from '../bad-usage.ts';
import type { Invocation } from '../command.ts';
import { jsonLine, printable } from '../terminal.ts';

/** Runs the command; returns the exit code. */
export async function cacheCommand(invocation: Invocation): Promise<number> {
  const [action, ...names] = invocation.positionals;
  if (action === 'list' && names.length === 0) return listCache(invocation);
  if (action === 'clear') return clearCache(invocation, names);
  throw badUsage('cache needs an action: list or clear', 'See darkroom cache --help.');
}

function listCache({ values, terminal }: Invocation): number {
  const folder = cacheFolder();
  const entries = cacheEntries(folder);
  if (values.json) {
    terminal.out(jsonLine({ folder, entries }));
    return 0;
  }
  for (const { name, about, bytes, used } of entries) {
    const date = new Date(used).toISOString().slice(0, 10);
    terminal.out(`${megabytes(bytes).padStart(11)}  ${date}  ${name}  ${printable(about)}`);
  }
  const total = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  terminal.out(`${megabytes(total).padStart(11)}  in ${folder}`);
  return 0;
}

function clearCache({ values, terminal }: Invocation, names: readonly string[]): number {
  const folder = cacheFolder();
  const { selected, unknown } = selectEntries(cacheEntries(folder), names);
  if (unknown.length > 0)
    throw badUsage(
      `the cache contains no '${unknown[0]}'`,
      'Run darkroom cache list to see what it contains.',
    );
  const bytes = clear(() => removeEntries(selected), folder);
  if (values.json)
    terminal.out(jsonLine({ folder, cleared: selected.map(({ name }) => name), bytes }));
  else terminal.out(`cleared ${megabytes(bytes)} in ${folder}`);
  return 0;
}

function clear(clearing: () => number, folder: string): number {
  try {
    return clearing();
  } catch (cause) {
    throw new DarkroomError('DR_OUTPUT_UNWRITABLE', {
      message: `${folder} can't be cleared: ${(cause as Error).message}`,
      hint: 'Close other programs that use the folder, and check its permissions.',
      file: folder,
      cause,
    });
  }
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
