import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startInNamespace, whyNoNamespaces } from '../../test/support/pid-namespace.ts';
import { PLACE, startTimeOf, WRITER } from '../writer-identity.ts';
import {
  isTemporary,
  removeAbandoned,
  removeAbandonedFolders,
  removeTemporary,
  writeAtomic,
  writeAtomicParts,
} from './atomic-write.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'darkroom-atomic-'));
});
afterEach(() => rmSync(root, { recursive: true }));
const writeEmpty = (...names: string[]): void => {
  for (const name of names) writeFileSync(join(root, name), '');
};
const here = PLACE.processes;
const DAY_S = 24 * 3600;
/** Makes a file as old as one that was last written `seconds` ago. */
const age = (name: string, seconds: number): void => {
  const time = Date.now() / 1000 - seconds;
  utimesSync(join(root, name), time, time);
};

it('removeTemporary removes the unfinished files of one process of this place only', () => {
  const others = [`.a.png.0-1.tmp-${here}-78-5`, '.a.png.0-1.tmp-00000000-77-5', 'a.png'];
  writeEmpty(`.a.png.0-1.tmp-${here}-77-5`, ...others);
  removeTemporary(root, 77);
  expect(readdirSync(root).sort()).toEqual(others.sort());
});

it('a name is temporary in the form of any version', () => {
  const names = ['.a.tmp-77', '.a.tmp-00000000-77', `.a.0-1.tmp-${WRITER}`, 'a.tmp-77'];
  expect(names.map(isTemporary)).toEqual([true, true, true, false]);
});

describe('writes of one name at the same time', () => {
  it('do not share a temporary file', async () => {
    const contents: string[] = [];
    const write = (text: string): Promise<void> => {
      async function* parts() {
        for (const letter of text) {
          await new Promise(setImmediate);
          yield Buffer.from(letter);
        }
      }
      return writeAtomicParts(root, 'a', parts(), (temporary) => {
        contents.push(readFileSync(temporary, 'utf8'));
      });
    };
    await Promise.all([write('aaaa'), write('bbbb')]);
    expect(contents.sort()).toEqual(['aaaa', 'bbbb']);
    expect(readdirSync(root)).toEqual([]);
  });

  it('accept the longest name that the file system has room for', () => {
    const name = '暗'.repeat(85);
    writeAtomic(root, name, Buffer.from('x'), (temporary) =>
      renameSync(temporary, join(root, name)),
    );
    expect(readdirSync(root)).toEqual([name]);
  });
});

describe('removeAbandoned', () => {
  it('removes the unfinished files of dead processes, and none of living ones', async () => {
    const dead = spawn(process.execPath, ['-e', '']);
    await once(dead, 'exit');
    const own = `.a.png.0-1.tmp-${WRITER}`;
    writeEmpty(`.a.png.0-1.tmp-${here}-${dead.pid}-5`, own, 'a.png');
    age(own, 9 * DAY_S);
    await removeAbandoned(root);
    expect(readdirSync(root).sort()).toEqual([own, 'a.png'].sort());
  });

  it('leaves those of other containers, machines and versions until they are a day old', async () => {
    const names = ['.a.tmp-00000000-1-5', '.a.tmp-00000000-1', '.a.tmp-1'];
    writeEmpty(...names);
    for (const name of names) age(name, DAY_S - 60);
    await removeAbandoned(root);
    expect(readdirSync(root).sort()).toEqual(names.sort());
    for (const name of names) age(name, DAY_S + 60);
    await removeAbandoned(root);
    expect(readdirSync(root)).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('knows a process id that is used again', async () => {
    writeEmpty(`.a.tmp-${here}-${process.pid}-1`);
    await removeAbandoned(root);
    expect(readdirSync(root)).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('removes those of zombies', async () => {
    // a shell that does not wait for its child
    const script = 'sleep 0.2 & echo $!; exec sleep 60';
    const parent = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
    try {
      const zombie = Number(String((await once(parent.stdout, 'data'))[0]));
      const name = `.a.tmp-${here}-${zombie}-${startTimeOf(zombie)}`;
      writeEmpty(name);
      await removeAbandoned(root);
      expect(readdirSync(root)).toEqual([name]);
      await expect.poll(() => startTimeOf(zombie)).toBe('');
      await removeAbandoned(root);
      expect(readdirSync(root)).toEqual([]);
    } finally {
      parent.kill('SIGKILL');
    }
  });

  it('accepts a folder that does not exist', async () => {
    await removeAbandoned(join(root, 'nowhere'));
  });
});

it('removeAbandonedFolders does the same for folders', async () => {
  const own = `.tmp-${WRITER}-x`;
  for (const name of [own, `.tmp-${here}-999999999-5-x`, '.tmp-00000000-1-5-x', '.tmp-1-x'])
    mkdirSync(join(root, name));
  age('.tmp-1-x', DAY_S + 60);
  await removeAbandonedFolders(root);
  expect(readdirSync(root).sort()).toEqual(['.tmp-00000000-1-5-x', own].sort());
});

const why = process.platform === 'linux' ? whyNoNamespaces() : 'only Linux has namespaces';
describe.skipIf(why)(`two containers of one host name${why ? ` (${why})` : ''}`, () => {
  const SLOW_WRITER = fileURLToPath(new URL('../../test/support/slow-writer.ts', import.meta.url));

  it('leave each other’s unfinished files alone', async () => {
    const start = (): ChildProcess =>
      startInNamespace(SLOW_WRITER, [root], { stdio: ['pipe', 'inherit', 'inherit'] });
    const writers = [start(), start()];
    const ended = writers.map((writer) => once(writer, 'exit'));
    const unfinished = () => readdirSync(root).filter(isTemporary).length;
    await expect.poll(unfinished).toBe(2);
    await removeAbandoned(root);
    expect(unfinished()).toBe(2);
    for (const writer of writers) writer.stdin!.end();
    expect(await Promise.all(ended)).toEqual([
      [0, null],
      [0, null],
    ]);
    expect(existsSync(join(root, 'whole'))).toBe(true);
    expect(unfinished()).toBe(0);
  });
});
