import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FROM_SOURCE } from '../../../test/support/from-source.ts';
import { startInNamespace, whyNoNamespaces } from '../../../test/support/pid-namespace.ts';
import { temporaryFolder } from '../../../test/support/queue/queue.ts';
import { startTimeOf } from '../../writer-identity.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import { readRecord, recordOfThisProcess, touchRecord, writeRecord } from './lock-record.ts';

const PROGRAM = fileURLToPath(new URL('../../../test/support/queue/lock-host.ts', import.meta.url));
const STDIO: SpawnOptions = { stdio: ['pipe', 'pipe', 'inherit'] };
const BEAT_MS = 50;

let folder: string;
beforeEach(() => {
  folder = temporaryFolder('lock');
});

/** A process that locks folders (lock-host.ts); `ask` sends it a line and returns the answer. */
interface Host {
  readonly process: ChildProcess;
  ask(line: string): Promise<string>;
}
const hosts: Host[] = [];
afterEach(() => {
  for (const host of hosts.splice(0)) host.process.kill('SIGKILL');
});

async function startHost(
  start = (): ChildProcess => spawn(process.execPath, [...FROM_SOURCE, PROGRAM], STDIO),
): Promise<Host> {
  const child = start();
  const lines = createInterface(child.stdout!)[Symbol.asyncIterator]();
  const host: Host = {
    process: child,
    ask: async (line) => {
      child.stdin!.write(`${line}\n`);
      return (await lines.next()).value;
    },
  };
  hosts.push(host);
  await lines.next();
  return host;
}

const unlock = (lock: FolderLock): true => {
  lock.unlock();
  return true;
};

describe('the lock of a folder', () => {
  it('is held until it is unlocked', async () => {
    const lock = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'DR_DATABASE' });
    lock.unlock();
    (await lockFolder(folder)).unlock();
  });

  it('says who holds it, where and since when', async () => {
    const { process: child, ask } = await startHost();
    expect(await ask(`lock ${folder}`)).toBe('held');
    await expect(lockFolder(folder)).rejects.toMatchObject({
      message: expect.stringMatching(
        new RegExp(`is used by process ${child.pid} on the host ${hostname()}, since 20..-`),
      ),
      hint: expect.stringContaining('Stop that process'),
    });
  });

  it('names nobody who has released it', async () => {
    const lock = await lockFolder(folder);
    const { record } = readRecord(folder)!;
    writeRecord(folder, { ...record, isReleased: true });
    await expect(lockFolder(folder)).rejects.toThrow('is used by another process');
    writeRecord(folder, record);
    lock.unlock();
  });

  it('holds though the files of the lock are removed', async () => {
    const lock = await lockFolder(folder, { beatMs: BEAT_MS });
    rmSync(join(folder, 'lock'));
    await expect(lockFolder(folder)).rejects.toThrow('is used by');
    await expect.poll(() => readRecord(folder)).toBeDefined();
    lock.check();
    lock.unlock();
  });

  it('outlives the suspension of its process, and ends when that is killed', async () => {
    const { process: child, ask } = await startHost();
    await ask(`lock ${folder}`);
    child.kill('SIGSTOP');
    await expect(lockFolder(folder)).rejects.toThrow(`process ${child.pid}`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    (await lockFolder(folder)).unlock();
  });

  it.runIf(process.platform === 'linux')('ends when its process is a zombie', async () => {
    // a shell that does not wait for its child
    const words = [process.execPath, ...FROM_SOURCE, PROGRAM].map((word) => `"${word}"`);
    const script = `${words.join(' ')} <&3 & exec sleep 60`;
    const { process: parent, ask } = await startHost(() =>
      spawn('sh', ['-c', `exec 3<&0; ${script}`], STDIO),
    );
    expect(await ask(`lock ${folder}`)).toBe('held');
    const { pid } = readRecord(folder)!.record;
    await expect(lockFolder(folder)).rejects.toThrow(`process ${pid}`);
    process.kill(pid, 'SIGKILL');
    // its last thread ends a little later than its first
    await expect.poll(() => lockFolder(folder).then(unlock)).toBe(true);
    expect(startTimeOf(pid)).toBe('');
    parent.kill('SIGKILL');
  });
});

const rounds = Number(process.env['DARKROOM_TEST_LOCK_ROUNDS'] ?? 20);
it(`one of three processes gets a stale lock (${rounds} rounds)`, async () => {
  const three = await Promise.all([startHost(), startHost(), startHost()]);
  const winners: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const own = temporaryFolder('lock');
    // as one leaves it that is killed
    writeRecord(own, { ...recordOfThisProcess('dead'), pid: 999_999_999, startTime: '1' });
    writeFileSync(join(own, 'lock.held'), '');
    const answers = await Promise.all(three.map(({ ask }) => ask(`lock ${own}`)));
    winners.push(answers.filter((answer) => answer === 'held').length);
    await Promise.all(three.map(({ ask }) => ask('unlock')));
  }
  expect(winners).toEqual(Array(rounds).fill(1));
});

const why = process.platform === 'linux' ? whyNoNamespaces() : 'only Linux has namespaces';
describe.skipIf(why)(`two containers${why ? ` (${why})` : ''}`, () => {
  const startContainer = () => startHost(() => startInNamespace(PROGRAM, [], STDIO));

  it('do not both get a folder', async () => {
    const [a, b] = await Promise.all([startContainer(), startContainer()]);
    expect(await a.ask(`lock ${folder}`)).toBe('held');
    expect(await b.ask(`lock ${folder}`)).toContain('is used by process');
    await expect(lockFolder(folder)).rejects.toThrow('is used by process');
    expect(await a.ask('unlock')).toBe('free');
    expect(await b.ask(`lock ${folder}`)).toBe('held');
  });
});

describe('a holder on a machine that shares no locks', () => {
  const elsewhere = { ...recordOfThisProcess('theirs'), kernel: '00000000', host: 'attic' };

  it('keeps the folder while it is awake', async () => {
    writeRecord(folder, elsewhere);
    const timer = setInterval(touchRecord, BEAT_MS, folder);
    await expect(lockFolder(folder, { beatMs: BEAT_MS })).rejects.toThrow('on the host attic');
    clearInterval(timer);
  });

  it('loses it when it has died', async () => {
    writeRecord(folder, elsewhere);
    (await lockFolder(folder, { beatMs: BEAT_MS })).unlock();
    expect(readRecord(folder)?.record).toMatchObject({ pid: process.pid, isReleased: true });
  });

  it('that has released it is not waited for', async () => {
    writeRecord(folder, { ...elsewhere, isReleased: true });
    (await lockFolder(folder, { beatMs: 1e9 })).unlock();
  });

  it('that takes the folder from a suspended process ends that before it writes', async () => {
    const lost: Error[] = [];
    const lock = await lockFolder(folder, {
      beatMs: BEAT_MS,
      onLost: (error) => lost.push(error),
    });
    lock.check();
    writeRecord(folder, elsewhere);
    const end = Date.now() + 4 * BEAT_MS;
    while (Date.now() < end); // no beat, as in a process that is suspended
    expect(() => lock.check()).toThrow('was taken over by process');
    expect(lost.length).toBe(1);
    await sleep(2 * BEAT_MS);
    lock.unlock();
    expect(readRecord(folder)?.record.token).toBe('theirs');
  });
});

describe.runIf(process.platform === 'linux')('beside Darkroom 0.1', () => {
  it('a folder that it holds is refused', async () => {
    writeFileSync(join(folder, 'lock'), `${process.pid} ${startTimeOf(process.pid)}`);
    await expect(lockFolder(folder)).rejects.toThrow(`used by process ${process.pid}`);
    writeFileSync(join(folder, 'lock'), `${process.pid} 1`);
    (await lockFolder(folder)).unlock();
  });

  it('a folder is refused to it', async () => {
    const lock = await lockFolder(folder);
    const [pid, startTime] = readFileSync(join(folder, 'lock'), 'utf8').split(' ');
    expect([pid, startTime]).toEqual([String(process.pid), startTimeOf(process.pid)]);
    lock.unlock();
  });
});
