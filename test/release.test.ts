import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { platformManifest } from '../scripts/native.ts';
import { releaseManifest } from '../scripts/release.ts';

const own = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

it('the published package takes its native library from packages of platforms', () => {
  const { optionalDependencies, ...manifest } = releaseManifest(own);
  expect(optionalDependencies).toEqual(
    Object.fromEntries(
      ['linux-x64', 'linux-arm64', 'darwin-arm64', 'win32-x64', 'win32-arm64'].map((platform) => [
        `@darkroom-engine/onnxruntime-${platform}`,
        own.dependencies['onnxruntime-common'],
      ]),
    ),
  );
  expect(manifest).toMatchObject({ name: 'darkroom-engine', dependencies: own.dependencies });
  for (const name of ['devDependencies', 'overrides', 'scripts'])
    expect(manifest).not.toHaveProperty(name);
});

it('the pictures that README shows are in the package', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const pictures = [...readme.matchAll(/!\[[^\]]*\]\(([^):]+)\)|<img[^>]*src="([^":]+)"/g)];
  expect(pictures.length).toBeGreaterThan(0);
  for (const [, markdown, html] of pictures) expect(own.files).toContain(markdown ?? html);
});

it('a package of a platform is installed there alone, and has the version of ONNX Runtime', () => {
  expect(platformManifest('linux-arm64')).toMatchObject({
    name: '@darkroom-engine/onnxruntime-linux-arm64',
    version: own.dependencies['onnxruntime-common'],
    os: ['linux'],
    cpu: ['arm64'],
    libc: ['glibc'],
  });
  expect(platformManifest('win32-x64')).not.toHaveProperty('libc');
});

it('no package of the program has an install script', () => {
  const { packages } = JSON.parse(
    readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'),
  ) as { packages: Record<string, { dev?: boolean; hasInstallScript?: boolean }> };
  const installed = Object.entries(packages).filter(([path, { dev }]) => path !== '' && !dev);
  expect(installed.filter(([, { hasInstallScript }]) => hasInstallScript)).toEqual([]);
});
