// A process that locks folders on request: `lock FOLDER` is answered with `held` or with the
// message of the error, `unlock` with `free`. Started with a folder, it locks that first.
import { createInterface } from 'node:readline';
import { type FolderLock, lockFolder } from '../../../src/queue/database/folder-lock.ts';

let lock: FolderLock | undefined;

async function answer(line: string): Promise<string> {
  const [word, folder] = line.split(/ (.*)/s);
  if (word === 'unlock') {
    lock?.unlock();
    lock = undefined;
    return 'free';
  }
  try {
    lock = await lockFolder(folder);
    return 'held';
  } catch (error) {
    return (error as Error).message;
  }
}

console.log('ready');
for await (const line of createInterface(process.stdin)) console.log(await answer(line));
process.exit(0);
