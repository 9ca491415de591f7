// Whether a downloaded file is what it should be: by its hash, else by its first bytes and, for
// safetensors, by its length.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { checkAborted, DarkroomError } from '../errors.ts';
import { foreignFile } from '../formats/identify/foreign-files.ts';
import { describeModelFile } from '../formats/model-file.ts';
import type { Download } from './download-types.ts';
import { failure } from './web-client.ts';

export const TRY_AGAIN = 'Try again, or download the file in a browser.';

/** Returns what is wrong with the file that was loaded. With the right hash, nothing is. */
export async function checkContent(download: Download): Promise<DarkroomError | undefined> {
  const { address, request, partial } = download;
  const { head, digest } = await readPartial(download);
  if (request.hash)
    return digest === request.hash.value
      ? undefined
      : failure(
          address,
          `is not the file that is expected: its ${request.hash.type} is ${digest}, not ` +
            `${request.hash.value}; nothing was kept`,
          'The file was changed or damaged. If you trust it, download it in a browser.',
        );
  const foreign = /\.onnx$/i.test(request.target) ? undefined : foreignFile(head);
  if (foreign) return failure(address, `leads to a file that ${foreign.what}`, foreign.hint);
  if (!/\.(safetensors|sft)$/i.test(request.target)) return undefined;
  const problem = await describeModelFile(partial.path).catch((error: unknown) => error);
  return problem instanceof DarkroomError
    ? failure(address, `leads to a broken file: ${nameIn(problem.message, download)}`, TRY_AGAIN)
    : undefined;
}

const nameIn = (message: string, { partial, request }: Download): string =>
  message.replaceAll(partial.path, basename(request.target));

const HEAD_BYTES = 512;

async function readPartial({ partial, request, signal, onProgress }: Download) {
  const hash = createHash(request.hash?.type ?? 'sha256');
  const total = partial.size();
  const head = Buffer.alloc(Math.min(HEAD_BYTES, total));
  const end = request.hash ? undefined : HEAD_BYTES - 1;
  let done = 0;
  for await (const part of createReadStream(partial.path, { highWaterMark: 2 ** 22, end })) {
    checkAborted(signal);
    (part as Buffer).copy(head, done);
    hash.update(part as Buffer);
    done += (part as Buffer).length;
    if (request.hash) onProgress?.({ phase: 'checking', done, total });
  }
  return { head, digest: hash.digest('hex') };
}
