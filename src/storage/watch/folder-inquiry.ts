// Asks a process of its own about folders, one question after another, each with a time limit.
import type { ChildProcess } from 'node:child_process';
import { serial } from '../../serial.ts';
import { forkModule } from '../../start-module.ts';
import type { FolderAnswer, FolderQuestion } from './folder-questions.ts';
import { READY } from './folder-questions.ts';

export interface FolderInquiry {
  /** Returns undefined when there is no answer in time. */
  ask(question: Omit<FolderQuestion, 'id'>): Promise<FolderAnswer | undefined>;
  close(): void;
}

/** The time that a process may take to start. */
const START_MS = 20_000;
const HESITATION_MS = 100;

interface FolderProcess {
  readonly child: ChildProcess;
  isStarted: boolean;
  isEnded: boolean;
}

/** The process starts with the first question. `limitMs`: the time without a sign of life. */
export function createFolderInquiry(limitMs: number): FolderInquiry {
  const inTurn = serial();
  let current: FolderProcess | undefined;
  let isClosed = false;
  const askNow = async (
    question: Omit<FolderQuestion, 'id'>,
  ): Promise<FolderAnswer | undefined> => {
    if (isClosed) return undefined;
    if (!current || current.isEnded) current = startProcess();
    return await exchange(current, question, limitMs);
  };
  return {
    ask: (question) => inTurn(() => askNow(question)),
    close: () => {
      isClosed = true;
      current?.child.kill('SIGKILL');
    },
  };
}

/** Starts a process that does not keep this one from ending. */
function startProcess(): FolderProcess {
  const child = forkModule('./folder-process', import.meta.url, {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const started = { child, isStarted: false, isEnded: false };
  const end = (): void => {
    started.isEnded = true;
  };
  child.on('error', end);
  child.on('exit', end);
  child.unref();
  child.channel?.unref();
  return started;
}

let lastId = READY;

/**
 * Asks one question; kills a process that does not answer. One that fails to start or dies says
 * nothing about the folder, which then counts as answering, without names.
 */
function exchange(
  asked: FolderProcess,
  question: Omit<FolderQuestion, 'id'>,
  limitMs: number,
): Promise<FolderAnswer | undefined> {
  const { child } = asked;
  const id = ++lastId;
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout;
    const end = (answer?: FolderAnswer): void => {
      clearTimeout(timer);
      child.off('message', onMessage);
      child.off('exit', onFailure);
      child.off('error', onFailure);
      child.channel?.unref();
      resolve(answer);
    };
    const onFailure = (): void => end({ id, isDone: true });
    const giveUp = (): void => {
      asked.isEnded = true;
      child.kill('SIGKILL');
      end();
    };
    const wait = (ms: number): void => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        // an answer may have arrived while this process was busy or suspended
        timer = setTimeout(giveUp, HESITATION_MS);
      }, ms);
    };
    const onMessage = (answer: FolderAnswer): void => {
      asked.isStarted = true;
      if (answer.id === id && answer.isDone) end(answer);
      else wait(limitMs);
    };
    wait(asked.isStarted ? limitMs : START_MS + limitMs);
    child.on('message', onMessage);
    child.on('exit', onFailure);
    child.on('error', onFailure);
    child.channel?.ref();
    child.send({ ...question, id }, (error) => error && onFailure());
  });
}
