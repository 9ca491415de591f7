import { expect, it } from 'vitest';
import { readsRemote } from './remote-mounts.ts';

const line = (mountPoint: string, type: string): string =>
  `36 35 98:0 / ${mountPoint} rw,noatime master:1 - ${type} source rw\n`;
const LOCAL = line('/', 'ext4') + line('/tmp', 'tmpfs') + line('/sys/fs/fuse', 'fusectl');

it.each([
  ['/mnt/nas', 'nfs4'],
  ['/mnt/nas', 'cifs'],
  ['/models', 'fuse.sshfs'],
  ['/models', 'fuse'],
  ['/net', 'autofs'],
])('%s of the type %s may stop to answer', (mountPoint, type) => {
  expect(readsRemote(LOCAL + line(mountPoint, type))).toBe(true);
});

it.each([
  ['/', 'overlay'],
  ['/data', 'xfs'],
  ['/proc/sys/fs/binfmt_misc', 'autofs'],
  ['/run/user/1000/gvfs', 'fuse.gvfsd-fuse'],
])('%s of the type %s does not', (mountPoint, type) => {
  expect(readsRemote(LOCAL + line(mountPoint, type))).toBe(false);
});
