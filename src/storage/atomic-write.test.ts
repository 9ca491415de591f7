import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { removeAbandoned } from './atomic-write.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'darkroom-atomic-'));
});
afterEach(() => rmSync(root, { recursive: true }));

it('removes what dead processes left half-written, and nothing that others write', async () => {
  const dead = spawn(process.execPath, ['-e', '']);
  await once(dead, 'exit');
  const abandoned = `.a.png.tmp-${dead.pid}`;
  const own = `.a.png.tmp-${process.pid}`;
  const ofAnotherMachine = `.a.png.tmp-00000000-${dead.pid}`;
  for (const name of [abandoned, own, ofAnotherMachine, 'a.png'])
    writeFileSync(join(root, name), '');
  await removeAbandoned(root);
  expect(readdirSync(root).sort()).toEqual([own, ofAnotherMachine, 'a.png'].sort());
});

it('accepts a folder that does not exist', async () => {
  await removeAbandoned(join(root, 'nowhere'));
});
