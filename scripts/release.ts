// npm run release [-- FOLDER] : makes what is published, in release/ by default. The package itself
// without a native library, which npm takes from one of the packages of platforms beside it
// (optional dependencies, of which it installs the one that fits). Then, in this order:
//   for folder in release/onnxruntime-* release/darkroom-engine; do npm publish --access public $folder; done
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PLATFORMS, platformPackage } from '../src/runtime/native-library.ts';
import { makeNativeFolders } from './native.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

type Manifest = Readonly<Record<string, unknown>> & {
  readonly dependencies: Readonly<Record<string, string>>;
};

/**
 * The package.json that is published: with the platforms' packages, without those of development.
 */
export function releaseManifest(own: Manifest): Record<string, unknown> {
  const { devDependencies: _, overrides: __, scripts: ___, ...rest } = own;
  const version = own.dependencies['onnxruntime-common'];
  return {
    ...rest,
    optionalDependencies: Object.fromEntries(
      PLATFORMS.map((platform) => [platformPackage(platform), version]),
    ),
  };
}

function makeRelease(target: string): void {
  makeNativeFolders(PLATFORMS);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  for (const platform of PLATFORMS)
    cpSync(join(ROOT, 'native', platform), join(target, `onnxruntime-${platform}`), {
      recursive: true,
    });
  const packed = mkdtempSync(join(tmpdir(), 'darkroom-release-'));
  try {
    execFileSync('npm', ['pack', '--silent', '--pack-destination', packed], {
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: process.platform === 'win32',
    });
    execFileSync('tar', ['-xzf', join(packed, readdirSync(packed)[0]), '-C', target]);
  } finally {
    rmSync(packed, { recursive: true, force: true });
  }
  const folder = join(target, 'darkroom-engine');
  cpSync(join(target, 'package'), folder, { recursive: true });
  rmSync(join(target, 'package'), { recursive: true });
  rmSync(join(folder, 'native'), { recursive: true });
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const text = `${JSON.stringify(releaseManifest(manifest), null, 2)}\n`;
  writeFileSync(join(folder, 'package.json'), text);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  makeRelease(resolve(process.argv[2] ?? join(ROOT, 'release')));
