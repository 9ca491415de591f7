import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { openFolders } from './folders.ts';

describe('wildcard files', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'darkroom-wildcards-'));
  });
  /** Writes a file below the models folder's `wildcards`. */
  const writeList = (name: string, content: string | Buffer): void =>
    write(join(root, 'models', 'wildcards', name), content);
  /** Writes a file below `custom_wildcards` beside the models folder. */
  const writeCustom = (name: string, content: string | Buffer): void =>
    write(join(root, 'custom_wildcards', name), content);
  const write = (path: string, content: string | Buffer): void => {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, content);
  };
  const open = () => {
    mkdirSync(join(root, 'models'), { recursive: true });
    return openFolders({ models: [join(root, 'models')], input: join(root, 'input') });
  };
  const lists = () => Object.fromEntries(open().wildcards());

  it('have one item per line, without comments and blank lines', () => {
    writeList('Deep Folder/Colors.txt', '# comment\nred\r\ngreen\n  # more\n\n \nblue\n');
    expect(lists()).toEqual({ 'deep-folder/colors': ['red', 'green', 'blue'] });
  });

  it('are read as Latin-1', () => {
    writeList('umlaut.txt', Buffer.from('gr\xfcn\n', 'latin1'));
    expect(lists()).toEqual({ umlaut: ['grün'] });
  });

  it('replace those of earlier folders', () => {
    writeList('base.txt', 'old\n');
    writeCustom('base.txt', 'new');
    expect(lists()).toEqual({ base: ['new'] });
  });

  it('may be maps of lists in YAML', () => {
    writeCustom(
      'tree.yml',
      'Animals:\n  Big Cats:\n    - lion\n    - "2::tiger"\n  one: panther\n' +
        'numbers: [1, 2.5, yes, null]\none: 3\nempty: null\nanimals: &a [x]\ncopy: *a\n',
    );
    expect(lists()).toEqual({
      'animals/big-cats': ['lion', '2::tiger'],
      'animals/one': ['panther'],
      numbers: ['1', '2.5', 'True', ''],
      one: ['3'],
      animals: ['x'],
      copy: ['x'],
    });
  });

  it('may be YAML in UTF-8', () => {
    writeCustom('utf.yaml', 'place: [Köln, Ärger]\n');
    expect(lists()).toEqual({ place: ['Köln', 'Ärger'] });
  });

  it('are left out with a problem when they cannot be parsed', () => {
    writeCustom('broken.yaml', 'a: [b\nc: {');
    writeCustom('good.txt', 'item');
    const folders = open();
    expect(Object.fromEntries(folders.wildcards())).toEqual({ good: ['item'] });
    expect(folders.wildcardProblems()).toEqual([expect.stringContaining('broken.yaml')]);
  });

  it('are text or YAML, not other files', () => {
    writeCustom('notes.md', 'not a list');
    expect(lists()).toEqual({});
  });

  it('need not exist', () => {
    expect(openFolders({ input: join(root, 'input') }).wildcards().size).toBe(0);
  });
});
