import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/support/queue/queue.ts';
import { DarkroomError } from '../../errors.ts';
import { lockFolder } from './folder-lock.ts';

describe.runIf(process.platform === 'linux')('the lock of a folder', () => {
  let folder: string;
  let other: ChildProcess;
  let startTime: string;
  const writeLock = (text: string): void => writeFileSync(join(folder, 'lock'), text);

  beforeEach(async () => {
    folder = temporaryFolder('lock');
    other = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)']);
    await once(other, 'spawn');
    startTime = readFileSync(`/proc/${other.pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')[19];
  });
  afterEach(() => {
    other.kill('SIGKILL');
  });

  it('is held by a living process', () => {
    writeLock(`${other.pid} ${startTime}`);
    expect(() => lockFolder(folder)).toThrow(`used by process ${other.pid}`);
  });

  it('is free when the process id belongs to a later process', () => {
    writeLock(`${other.pid} 1`);
    lockFolder(folder)();
    expect(existsSync(join(folder, 'lock'))).toBe(false);
  });

  it('is free when its process has died, and is held by the one that takes it', async () => {
    writeLock(`${other.pid} ${startTime}`);
    other.kill('SIGKILL');
    await once(other, 'exit');
    const unlock = lockFolder(folder);
    expect(() => lockFolder(folder)).toThrow(DarkroomError);
    unlock();
  });
});
