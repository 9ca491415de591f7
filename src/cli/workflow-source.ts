// FILE on the command line: a path, `-` for standard input, an http(s) URL of this machine, or the
// name of an official template.
import { existsSync } from 'node:fs';
import { DarkroomError } from '../errors.ts';
import { isLocalHost } from '../local-host.ts';
import { maskUrl } from '../mask-secrets.ts';
import { didYouMean } from '../near-matches.ts';
import {
  type ReadOptions,
  readWorkflowBytes,
  readWorkflowFile,
  type Workflow,
} from '../workflow/read/read.ts';
import { MAX_BYTES, missingFile } from '../workflow/read/read-errors.ts';
import { mayBeTemplate, type OfficialTemplate, officialTemplates } from './official-templates.ts';

export interface Source {
  /** A path, or the bytes that were read. */
  readonly content: string | Uint8Array;
  /** Its name in messages. */
  readonly name: string;
  readonly template?: OfficialTemplate;
}

const TIMEOUT_MS = 30_000;

/**
 * Reads FILE; a path is returned unread. Throws DR_BAD_USAGE for URLs of other machines,
 * DR_FILE_MISSING for what is neither a file nor a template, DR_FILE_UNREADABLE.
 */
export async function openSource(name: string): Promise<Source> {
  if (name === '-')
    return { content: await collect(process.stdin, 'standard input'), name: 'standard input' };
  if (/^https?:\/\//i.test(name)) return { content: await download(name), name: maskUrl(name) };
  return isTemplateName(name) ? templateSource(name) : { content: name, name };
}

/** Whether a name is no file, and may be that of an official template. */
export const isTemplateName = (name: string): boolean => mayBeTemplate(name) && !existsSync(name);

function templateSource(name: string): Source {
  const templates = officialTemplates();
  const template = templates?.find((one) => one.name === name);
  if (template) return { content: template.file, name, template };
  const known = templates?.map((one) => one.name);
  throw missingFile(
    name,
    known
      ? `No official template has this name. ${didYouMean(name, known) || LIST_TEMPLATES}`
      : INSTALL_TEMPLATES,
  );
}

const LIST_TEMPLATES = 'Run darkroom templates list to see their names.';
const INSTALL_TEMPLATES =
  'If it is an official template of ComfyUI, install them first: darkroom templates install';

/** Reads the workflow of a source. Throws the errors of readWorkflowFile. */
export const readSource = ({ content, name }: Source, options: ReadOptions): Workflow =>
  typeof content === 'string'
    ? readWorkflowFile(content, options)
    : readWorkflowBytes(content, name, options);

async function download(address: string): Promise<Uint8Array> {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const text = maskUrl(address);
  if (!url || !isLocalHost(url.hostname))
    throw new DarkroomError('DR_BAD_USAGE', {
      message: `${text} is not on this machine`,
      hint: 'Only URLs of localhost are read. Download the file first and use its path.',
      file: text,
    });
  try {
    const response = await fetch(url, {
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok || !response.body) throw new Error(`the server answered ${response.status}`);
    return await collect(response.body, text);
  } catch (error) {
    if (error instanceof DarkroomError) throw error;
    const { message, cause } = error as Error;
    throw new DarkroomError('DR_FILE_UNREADABLE', {
      message: `${text} can't be read: ${cause instanceof Error ? cause.message : message}`,
      hint: 'Check that the server runs and that the address is right; redirects are not followed.',
      file: text,
      cause: error,
    });
  }
}

async function collect(stream: AsyncIterable<Uint8Array>, name: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > MAX_BYTES)
      throw new DarkroomError('DR_FILE_UNREADABLE', {
        message: `${name} is larger than ${MAX_BYTES / 1024 / 1024} MiB`,
        hint: 'Check that it is a workflow.',
        file: name,
      });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
