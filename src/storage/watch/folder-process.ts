// The process that looks at folders for a server (folder-watch.ts). A share that does not answer
// blocks this process, which is then killed, and not the server.
import { statSync } from 'node:fs';
import { filesIn, filesUnder } from '../walk-folder.ts';
import { type FolderAnswer, type FolderQuestion, READY } from './folder-questions.ts';

const PROGRESS_MS = 500;

const send = (answer: FolderAnswer): void => {
  if (process.connected) process.send!(answer);
};

function answer({ id, kind, path, skip = [] }: FolderQuestion): FolderAnswer {
  const problems: (readonly [string, string])[] = [];
  const onUnreadable = (problem: string, at: string): void => void problems.push([problem, at]);
  if (kind === 'probe') {
    try {
      statSync(path, { throwIfNoEntry: false });
    } catch {
      // an error is an answer too
    }
    return { id, isDone: true };
  }
  if (kind === 'files') return { id, isDone: true, names: filesIn(path, onUnreadable), problems };
  let last = Date.now();
  const onFolder = (): void => {
    if (Date.now() - last < PROGRESS_MS) return;
    last = Date.now();
    send({ id, isDone: false });
  };
  const names = filesUnder(path, { skip: new Set(skip), onUnreadable, onFolder });
  return { id, isDone: true, names, problems };
}

process.on('message', (question: FolderQuestion) => send(answer(question)));
// Ctrl-C reaches the whole process group; the parent decides what it means
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(0));
send({ id: READY, isDone: false });
