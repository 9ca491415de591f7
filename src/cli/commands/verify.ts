// darkroom verify FILE.png: runs what made a picture again, and says whether it comes out the same.
import { readFileSync } from 'node:fs';
import { DarkroomError } from '../../errors.ts';
import { type Verification, verifyPicture } from '../../verify-image.ts';
import type { Invocation } from '../command.ts';
import { darkroomOptions } from '../options.ts';
import { createProgress } from '../progress.ts';
import { coloured, jsonLine, printable } from '../terminal.ts';

/** Runs the command; gives the exit code, or throws what is to be reported. */
export async function verifyCommand({
  values,
  positionals,
  terminal,
  nodes,
}: Invocation): Promise<number> {
  if (positionals.length !== 1)
    throw new DarkroomError('DR_BAD_USAGE', {
      message:
        positionals.length === 0
          ? 'verify needs a picture'
          : `verify takes one picture, not ${positionals.length}`,
      hint: 'For example: darkroom verify output/ComfyUI_00001_.png',
    });
  const [file] = positionals;
  const progress = values.quiet || values.json ? undefined : createProgress(terminal);
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.once('SIGINT', stop);
  let result: Verification;
  try {
    const { input, models, device, threads } = darkroomOptions(values);
    const onEvent = (event: Parameters<NonNullable<typeof progress>['show']>[0]): void =>
      progress?.show(event);
    result = await verifyPicture(read(file), file, {
      models,
      input,
      device,
      threads,
      nodes,
      signal: controller.signal,
      onEvent,
    });
  } finally {
    progress?.end();
    process.off('SIGINT', stop);
  }
  if (values.json) terminal.out(jsonLine({ file, ...result }));
  else {
    terminal.out(
      `${printable(file)}: ${result.same ? coloured(terminal, 32, 'the same picture') : coloured(terminal, 31, sentence(result))}`,
    );
    for (const note of result.notes)
      terminal.out(`  ${coloured(terminal, 33, 'note:')} ${printable(note)}`);
  }
  return result.same ? 0 : 1;
}

function sentence({ difference }: Verification): string {
  if (!difference) return 'not the same: the run made no picture of its size';
  const share = difference.share * 100;
  return `not the same: ${share < 0.01 ? 'less than 0.01' : share.toFixed(2)} % of its values differ, by at most ${difference.worst} of 255 levels`;
}

function read(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new DarkroomError(missing ? 'DR_FILE_MISSING' : 'DR_FILE_UNREADABLE', {
      message: missing
        ? `there is no file ${file}`
        : `${file} can't be read: ${(cause as Error).message}`,
      hint: 'Give the path of a PNG file.',
      file,
      cause,
    });
  }
}
