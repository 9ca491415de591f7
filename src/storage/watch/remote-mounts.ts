// Whether this machine has mounted file systems that may stop to answer: those of other machines,
// and those that programs serve.
import { readFileSync } from 'node:fs';

const REMOTE = new RegExp(
  '^(9p|afs|autofs|beegfs|ceph|cifs|coda|davfs|fuse(blk)?(\\..+)?|gfs2?|glusterfs|gpfs|lustre|' +
    'ncpfs|nfs4?|ocfs2|orangefs|smb3?|smbfs|vboxsf|virtiofs)$',
);
/** Mounts of the system and of desktops, where nobody keeps models or images. */
const ELSEWHERE = /^\/(proc|sys|dev|run\/user)(\/|$)/;

/** True also on systems that do not list their mounts. Touches none of them. */
export function hasRemoteMounts(): boolean {
  try {
    return readsRemote(readFileSync('/proc/self/mountinfo', 'utf8'));
  } catch {
    return true;
  }
}

/** `mountinfo`: the content of /proc/self/mountinfo (proc(5)). */
export const readsRemote = (mountinfo: string): boolean =>
  mountinfo.split('\n').some((line) => {
    const [before, after] = line.split(' - ');
    const [mountPoint, type] = [before.split(' ')[4] ?? '', after?.split(' ')[0] ?? ''];
    return REMOTE.test(type) && !ELSEWHERE.test(mountPoint);
  });
