// darkroom verify FILE.png: runs an image's workflow again and compares the result with the image.
import { DarkroomError } from '../../errors.ts';
import { readRegularFileSync } from '../../formats/regular-file.ts';
import { MAX_IMAGE_BYTES } from '../../image/codec/image-file.ts';
import { type Verification, verifyPicture } from '../../verify-image.ts';
import { badUsage } from '../bad-usage.ts';
import type { Invocation } from '../command.ts';
import { darkroomOptions } from '../options.ts';
import { createProgress } from '../progress.ts';
import { coloured, jsonLine, printable } from '../terminal.ts';

/** Runs the command; returns the exit code. */
export async function verifyCommand({
  values,
  positionals,
  terminal,
  nodes,
}: Invocation): Promise<number> {
  if (positionals.length !== 1)
    throw badUsage(
      positionals.length === 0
        ? 'verify needs an image'
        : `verify takes one image, not ${positionals.length}`,
      'For example: darkroom verify output/ComfyUI_00001_.png',
    );
  const [file] = positionals;
  const progress = values.quiet || values.json ? undefined : createProgress(terminal);
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.once('SIGINT', stop);
  let result: Verification;
  try {
    const { input, models, device, threads, comfyui } = darkroomOptions(values);
    result = await verifyPicture(read(file), file, {
      models,
      input,
      device,
      threads,
      comfyui,
      nodes,
      signal: controller.signal,
      onEvent: (event) => progress?.show(event),
    });
  } finally {
    progress?.end();
    process.off('SIGINT', stop);
  }
  if (values.json) terminal.out(jsonLine({ file, ...result }));
  else {
    const verdict = result.same
      ? coloured(terminal, 32, 'the same image')
      : coloured(terminal, 31, sentence(result));
    terminal.out(`${printable(file)}: ${verdict}`);
    for (const note of result.notes)
      terminal.out(`  ${coloured(terminal, 33, 'note:')} ${printable(note)}`);
  }
  return result.same ? 0 : 1;
}

function sentence({ difference }: Verification): string {
  if (!difference) return 'not the same: the run created no image of the same size';
  const percent = difference.share * 100;
  const share = percent < 0.01 ? 'less than 0.01' : percent.toFixed(2);
  return (
    `not the same: ${share} % of the values differ, ` +
    `by at most ${difference.worst} of 255 levels`
  );
}

function read(file: string): Uint8Array {
  try {
    return readRegularFileSync(file, MAX_IMAGE_BYTES);
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new DarkroomError(isMissing ? 'DR_FILE_MISSING' : 'DR_FILE_UNREADABLE', {
      message: isMissing
        ? `there is no file ${file}`
        : `${file} can't be read: ${(cause as Error).message}`,
      hint: 'Name an existing PNG file.',
      file,
      cause,
    });
  }
}
