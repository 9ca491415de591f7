import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeAbandoned, removeTemporary } from './atomic-write.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'darkroom-atomic-'));
});
afterEach(() => rmSync(root, { recursive: true }));
const writeEmpty = (...names: string[]): void => {
  for (const name of names) writeFileSync(join(root, name), '');
};

it('removeTemporary removes the unfinished files of one process only', () => {
  writeEmpty('.a_00001_.png.tmp-77', '.a_00001_.png.tmp-78', 'a_00001_.png');
  removeTemporary(root, 77);
  expect(readdirSync(root)).toEqual(['.a_00001_.png.tmp-78', 'a_00001_.png']);
});

describe('removeAbandoned', () => {
  it('removes the unfinished files of dead processes of this machine only', async () => {
    const dead = spawn(process.execPath, ['-e', '']);
    await once(dead, 'exit');
    const abandoned = `.a.png.tmp-${dead.pid}`;
    const own = `.a.png.tmp-${process.pid}`;
    const ofAnotherMachine = `.a.png.tmp-00000000-${dead.pid}`;
    writeEmpty(abandoned, own, ofAnotherMachine, 'a.png');
    await removeAbandoned(root);
    expect(readdirSync(root).sort()).toEqual([own, ofAnotherMachine, 'a.png'].sort());
  });

  it('accepts a folder that does not exist', async () => {
    await removeAbandoned(join(root, 'nowhere'));
  });
});
