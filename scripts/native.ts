// npm run native [-- PLATFORM … | all] : puts ONNX Runtime's native library for this platform (or
// those named) into native/<platform>, each folder a package of its own. The library comes out of
// the npm package onnxruntime-node, which can't be a dependency: it has the libraries of all
// platforms (290 MB), and an install script that downloads CUDA's and fails where it can't.
import { execFileSync, execSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PLATFORMS, platformPackage } from '../src/runtime/native-library.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const OWN = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
/** onnxruntime-node has the version of onnxruntime-common; the hash is of its npm tarball. */
const VERSION: string = OWN.dependencies['onnxruntime-common'];
const INTEGRITY: Readonly<Record<string, string>> = {
  '1.30.0':
    'sha512-twhs1C2C/BFkz1yc5OY0KIU2GUq6DURO7hD4bx5Q2Qy3nAMJwRXW8xU3NVczE29VA9lolLOYepoD8fjTGOfIqw==',
};

/** A copy of a library under another name, which nothing loads. */
const COPY = /libonnxruntime\.\d+\.\d+\.\d+\.dylib$/;

const folderOf = (platform: string): string => join(ROOT, 'native', platform);

/** The package.json of a platform's package. */
export function platformManifest(platform: string): Record<string, unknown> {
  const [os, cpu] = platform.split('-');
  return {
    name: platformPackage(platform),
    version: VERSION,
    description: `ONNX Runtime's native library for ${OWN.name} on ${platform}`,
    license: 'MIT',
    repository: OWN.repository,
    os: [os],
    cpu: [cpu],
    ...(os === 'linux' && { libc: ['glibc'] }),
    preferUnplugged: true,
  };
}

const isPresent = (platform: string): boolean => {
  const file = join(folderOf(platform), 'package.json');
  return existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).version === VERSION;
};

/** Downloads onnxruntime-node through npm, which knows the registry, and checks its hash. */
function download(folder: string): string {
  // the flags of an outer npm call are in the environment
  const flags = '--silent --dry-run=false --global=false --workspaces=false';
  execSync(`npm pack onnxruntime-node@${VERSION} ${flags} --pack-destination "${folder}"`, {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const file = join(folder, readdirSync(folder)[0]);
  const hash = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;
  if (hash !== INTEGRITY[VERSION])
    throw new Error(`onnxruntime-node ${VERSION} has the hash ${hash}, not ${INTEGRITY[VERSION]}`);
  return file;
}

function unpack(tarball: string, platform: string, folder: string): void {
  const inside = ['package', 'bin', 'napi-v6', ...platform.split('-')];
  execFileSync('tar', ['-xzf', tarball, '-C', folder, inside.join('/')]);
  const target = folderOf(platform);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  cpSync(join(folder, ...inside), target, { recursive: true, filter: (file) => !COPY.test(file) });
  cpSync(join(ROOT, 'scripts', 'onnxruntime-LICENSE.txt'), join(target, 'LICENSE'));
  // last: it marks the folder as complete
  const manifest = `${JSON.stringify(platformManifest(platform), null, 2)}\n`;
  writeFileSync(join(target, 'package.json'), manifest);
}

/** Makes the folders that are missing. */
export function makeNativeFolders(platforms: readonly string[]): void {
  const missing = platforms.filter((platform) => !isPresent(platform));
  if (missing.length === 0) return;
  const folder = mkdtempSync(join(tmpdir(), 'darkroom-native-'));
  try {
    const tarball = download(folder);
    for (const platform of missing) unpack(tarball, platform, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** This platform, if there is a library for it. */
export const thisPlatform = (): readonly string[] =>
  PLATFORMS.filter((platform) => platform === `${process.platform}-${process.arch}`);

/** The platforms of the command line; this one by default. */
function requested(args: readonly string[]): readonly string[] {
  if (args.includes('all')) return PLATFORMS;
  const unknown = args.find((name) => !(PLATFORMS as readonly string[]).includes(name));
  if (unknown) throw new Error(`no platform ${unknown}; there are ${PLATFORMS.join(', ')}`);
  return args.length > 0 ? args : thisPlatform();
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  makeNativeFolders(requested(process.argv.slice(2)));
