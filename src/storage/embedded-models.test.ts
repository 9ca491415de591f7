import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { openEmbeddedModels } from './embedded-models.ts';
import { type Folders, openFolders } from './folders.ts';

describe('embedded models', () => {
  let assets: string;
  let cache: string;
  let writtenFolders: string[];
  let folders: Folders;
  beforeEach(() => {
    assets = mkdtempSync(join(tmpdir(), 'darkroom-assets-'));
    cache = mkdtempSync(join(tmpdir(), 'darkroom-embedded-'));
    mkdirSync(join(assets, 'checkpoints'));
    writeFileSync(join(assets, 'checkpoints', 'tiny.safetensors.gz'), gzipSync('weights'));
    writtenFolders = [];
    const onFolder = (folder: string): void => void writtenFolders.push(folder);
    folders = openFolders({ embedded: openEmbeddedModels({ assets, cache, onFolder }) });
  });

  it('are listed without being unpacked', () => {
    expect(folders.modelFiles('checkpoints')).toEqual(['tiny.safetensors']);
    expect(readdirSync(cache)).toEqual([]);
  });

  it('are unpacked once, when they are requested', () => {
    const path = folders.modelPath('checkpoints', 'tiny.safetensors');
    expect(readFileSync(path, 'utf8')).toBe('weights');
    expect(folders.modelPath('checkpoints', 'tiny.safetensors')).toBe(path);
    expect(writtenFolders).toHaveLength(1);
    expect(readdirSync(join(path, '..'))).toEqual(['tiny.safetensors']);
  });

  it('that are not packed are used where they are; other files are none', () => {
    const folder = join(assets, 'upscale_models');
    mkdirSync(folder);
    writeFileSync(join(folder, 'x4.safetensors'), 'weights');
    writeFileSync(join(folder, 'LICENSE'), '');
    expect(folders.modelFiles('upscale_models')).toEqual(['x4.safetensors']);
    const path = folders.modelPath('upscale_models', 'x4.safetensors');
    expect(path).toBe(join(folder, 'x4.safetensors'));
    expect(readdirSync(cache)).toEqual([]);
  });
});
