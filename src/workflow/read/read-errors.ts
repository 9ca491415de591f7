// Errors of reading workflow files.
import { readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { NOT_REGULAR, type TooLargeError } from '../../formats/regular-file.ts';
import { didYouMean } from '../../near-matches.ts';
import type { ForeignJson } from './foreign-json.ts';

/** Largest workflow file, in bytes. */
export const MAX_BYTES = 64 * 1024 * 1024;
const MIB = 1024 * 1024;

const EXPORT = 'menu Workflow > Save, or Workflow > Export (API).';

export const emptyFile = (file: string): DarkroomError =>
  new DarkroomError('DR_JSON_INVALID', {
    message: `${file} is empty`,
    hint: `Save the workflow again: ${EXPORT}`,
    file,
  });

export const tooLarge = (file: string, size: number): DarkroomError =>
  new DarkroomError('DR_FILE_UNREADABLE', {
    message:
      `${file} is ${Math.round(size / MIB)} MiB large; ` +
      `a workflow file must not exceed ${MAX_BYTES / MIB} MiB`,
    hint: 'Check that it is a workflow: a .json file that ComfyUI exports, or an image it saved.',
    file,
  });

/** `problem` completes the sentence that begins with the file. */
export const notApiFormat = (file: string, problem: string, nodeId?: string): DarkroomError =>
  new DarkroomError('DR_WORKFLOW_INVALID', {
    message: `${file} ${problem}`,
    hint:
      'An API workflow has the form {"1": {"class_type": "…", "inputs": {…}}, …}. ' +
      `Export it from ComfyUI: ${EXPORT}`,
    file,
    nodeId,
  });

/** A file that is recognised as something other than a workflow. */
export const notWorkflow = (file: string, { what, hint }: ForeignJson): DarkroomError =>
  new DarkroomError('DR_WORKFLOW_INVALID', { message: `${file} ${what}`, hint, file });

/** `paths` are where the workflows are in the file. */
export const severalWorkflows = (file: string, paths: readonly string[]): DarkroomError =>
  new DarkroomError('DR_WORKFLOW_INVALID', {
    message: `${file} has ${paths.length} workflows: ${quotedList(paths)}`,
    hint: 'Save the one to run in a file of its own.',
    file,
  });

const MAX_LISTED = 5;

/** Lists names in quotes: `'a', 'b' and 3 more`. */
export function quotedList(names: readonly string[]): string {
  const listed = names.slice(0, MAX_LISTED).map((name) => `'${name}'`);
  const more = names.length - listed.length;
  return listed.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

export const nothingRuns = (file: string): DarkroomError =>
  new DarkroomError('DR_WORKFLOW_INVALID', {
    message: `${file} has no nodes that run`,
    hint: 'Open it in ComfyUI and check whether all nodes are muted or bypassed.',
    file,
  });

export const imageWithoutWorkflow = (file: string, format: string): DarkroomError =>
  new DarkroomError('DR_WORKFLOW_FORMAT', {
    message: `${file} is a ${format} image without a workflow in it`,
    hint:
      'Use the image as ComfyUI saved it: chat programs and image editors remove the workflow ' +
      'when they save or send an image.',
    file,
  });

export function unreadable(file: string, error: NodeJS.ErrnoException): DarkroomError {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return missingFile(file);
  if (error.code === 'EISDIR')
    return new DarkroomError('DR_FILE_UNREADABLE', {
      message: `${file} is a folder`,
      hint: 'Name the workflow file itself.',
      file,
    });
  if (error.code === 'EFBIG') return tooLarge(file, (error as TooLargeError).size);
  return new DarkroomError('DR_FILE_UNREADABLE', {
    message: `${file} can't be read: ${error.message}`,
    hint:
      error.code === NOT_REGULAR
        ? 'Name a workflow file; for what another program writes, use - and its output.'
        : 'Check the permissions of the file.',
    file,
    cause: error,
  });
}

/** `hint` is for where no file has a similar name. */
export const missingFile = (file: string, hint = 'Check the path.'): DarkroomError =>
  new DarkroomError('DR_FILE_MISSING', {
    message: `there is no file ${file}`,
    hint: similarFiles(file) || hint,
    file,
  });

function similarFiles(file: string): string {
  try {
    return didYouMean(basename(file), readdirSync(dirname(file)));
  } catch {
    return '';
  }
}
