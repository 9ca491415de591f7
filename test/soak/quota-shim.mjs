// Loaded by the processes of the soak where no small disk can be mounted: writes below
// SOAK_QUOTA_ROOT fail with ENOSPC while the file SOAK_QUOTA_MARKER exists.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { SOAK_QUOTA_ROOT: root, SOAK_QUOTA_MARKER: marker } = process.env;
const { existsSync, openSync, writeFileSync } = fs;
const { open, writeFile } = fs.promises;

const check = (path, writes) => {
  if (!writes || !String(path).startsWith(root) || !existsSync(marker)) return;
  const error = new Error(`ENOSPC: no space left on device, open '${path}'`);
  throw Object.assign(error, { code: 'ENOSPC', errno: -28, syscall: 'open', path });
};
const writesWith = (flags) => flags !== undefined && flags !== 'r';

fs.openSync = (path, flags, ...rest) => {
  check(path, writesWith(flags));
  return openSync(path, flags, ...rest);
};
fs.writeFileSync = (path, ...rest) => {
  check(path, true);
  return writeFileSync(path, ...rest);
};
fs.promises.open = async (path, flags, ...rest) => {
  check(path, writesWith(flags));
  return open(path, flags, ...rest);
};
fs.promises.writeFile = async (path, ...rest) => {
  check(path, true);
  return writeFile(path, ...rest);
};
syncBuiltinESMExports();
