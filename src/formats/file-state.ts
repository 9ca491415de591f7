import { stat } from 'node:fs/promises';

/** Path, modification time and size of files: a text that changes when a file is replaced. */
export async function fileState(...files: readonly string[]): Promise<string> {
  const stats = await Promise.all(files.map((file) => stat(file)));
  return files.map((file, i) => `${file} ${stats[i].mtimeMs} ${stats[i].size}`).join('\n');
}
