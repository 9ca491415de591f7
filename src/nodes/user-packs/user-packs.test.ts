// Packs are found, imported and left out with a sentence.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packFolder, textPack, writeFiles } from '../../../test/support/packs.ts';
import { loadNodes } from '../load-nodes.ts';
import { isCompatible } from '../pack-api/version.ts';
import { findPacks } from './find-packs.ts';
import { tryPacks } from './try-packs.ts';

const GOOD = textPack('Good', "return outputs('good ' + value)");

const namesOf = (names: readonly string[], models: readonly string[] = [], cwd?: string) =>
  findPacks(names, models, cwd).sources.map(({ name }) => name);

describe('findPacks', () => {
  it.each([
    ['a folder with pack.ts', { 'one/pack.ts': GOOD }, 'one', ['one']],
    ['a folder with index.mjs', { 'one/index.mjs': GOOD }, 'one', ['one']],
    ['a folder of packs', { 'all/a/pack.ts': GOOD, 'all/b/pack.js': GOOD }, 'all', ['a', 'b']],
    ['a single file', { 'single.mts': GOOD }, 'single.mts', ['single']],
    [
      'the main file of a package',
      {
        'p/package.json': '{"name":"film","version":"2.1.0","exports":"./lib/a.js"}',
        'p/lib/a.js': '',
      },
      'p',
      ['film'],
    ],
    [
      'an installed package',
      {
        'node_modules/@me/film/package.json':
          '{"name":"@me/film","exports":{".":{"import":"./a.js"}}}',
        'node_modules/@me/film/a.js': '',
      },
      '@me/film',
      ['@me/film'],
    ],
  ])('finds %s', (_, files, name, expected) => {
    expect(namesOf([name], [], packFolder(files))).toEqual(expected);
  });

  it('finds the packs in custom_nodes beside the models, and leaves Python packs alone', () => {
    const folder = packFolder({
      'custom_nodes/python-pack/__init__.py': '',
      'custom_nodes/python-pack/package.json': '{"main":"web.js"}',
      'custom_nodes/python-pack/web.js': 'process.exit(1)',
      'custom_nodes/ours/pack.ts': GOOD,
      'custom_nodes/package/package.json':
        '{"main":"a.js","peerDependencies":{"darkroom-engine":"*"}}',
      'custom_nodes/package/a.js': '',
    });
    expect(namesOf([], [join(folder, 'models')])).toEqual(['ours', 'package']);
  });

  it('says which pack does not exist', () => {
    expect(findPacks(['no-such-pack']).problems[0].message).toContain("no pack 'no-such-pack'");
  });
});

describe('loadNodes with packs', () => {
  const load = async (files: Readonly<Record<string, string>>) => {
    const { sources } = findPacks([packFolder(files)]);
    return await loadNodes({ packs: sources });
  };

  it('imports TypeScript with enums and several files, and leaves out what fails', async () => {
    const set = await load({
      'a-good/pack.ts': textPack(
        'Good',
        'return outputs(label(Kind.B) + value)',
        "import { Kind, label } from './parts';",
      ),
      'a-good/parts.ts':
        'export enum Kind { A, B }\nexport const label = (kind: Kind): string => Kind[kind];\n',
      'b-throws/pack.ts': `throw new Error('no licence');\n${GOOD}`,
      'c-duplicate/pack.ts': textPack('Good', 'return outputs("")'),
      'd-built-in/pack.ts': textPack('KSampler', 'return outputs("")'),
      'e-future/pack.ts': textPack('Future', 'return outputs("")').replace("'1.0'", "'2.3'"),
      'f-syntax/pack.ts': 'export default {{',
      'g-no-pack/pack.ts': 'export default 7;',
    });
    const { nodes, problems } = set.loaded();
    expect([...nodes.keys()]).toEqual(['Good']);
    const result = await nodes.get('Good')!.run({ value: 3 } as never, {} as never);
    expect(result.outputs).toEqual(['B3']);
    expect(problems.map(({ message }) => message.replace(/ \(\/.*?\)/, ''))).toEqual([
      "the pack b-throws is left out: it can't be imported: no licence",
      "the node 'Good' of the pack c-duplicate is left out: Pack of Good has a node of this type",
      "the node 'KSampler' of the pack d-built-in is left out: ComfyUI itself has a node of this type",
      'the pack e-future is left out: it is for version 2.3 of the pack API, and this Darkroom has 1.0',
      expect.stringContaining("the pack f-syntax is left out: it can't be imported: "),
      'the pack g-no-pack is left out: its default export is no pack; write export default definePack({ … })',
    ]);
    expect(set.of().get('Good')?.origin).toMatchObject({
      pack: 'Pack of Good',
      module: 'custom_nodes.a-good',
    });
    expect(set.of('0.3.64').has('KSampler')).toBe(true);
  });

  it('reads changed files again, those that a pack imports included', async () => {
    const folder = packFolder({
      'pack.ts': textPack('Changing', 'return outputs(text)', "import { text } from './text.ts';"),
      'text.ts': "export const text = 'before';\n",
    });
    const set = await loadNodes({ packs: findPacks([folder]).sources, watchesPacks: true });
    const run = async () =>
      (
        await set
          .of()
          .get('Changing')!
          .run({} as never, {} as never)
      ).outputs[0];
    const before = set.of().get('Changing')!.origin!.code;
    expect(await run()).toBe('before');
    writeFiles(folder, { 'text.ts': "export const text = 'after now';\n" });
    await set.refresh();
    expect(await run()).toBe('after now');
    expect(set.of().get('Changing')!.origin!.code).not.toBe(before);
  });
});

describe('tryPacks', () => {
  it('leaves out packs that loop or exit while they are imported', {
    timeout: 90_000,
  }, async () => {
    const folder = packFolder({
      'a/pack.ts': GOOD,
      'b/pack.ts': 'for (;;);',
      'c/pack.ts': 'process.exit(3);',
      'd/pack.ts': textPack('Other', 'return outputs("")'),
      'e/pack.ts': 'throw new Error("no");',
    });
    const { sources, problems } = await tryPacks(findPacks([folder]).sources, 15_000);
    expect(sources.map(({ name }) => name)).toEqual(['a', 'd']);
    expect(problems.map(({ message }) => message.replace(/ \(\/.*?\)/, ''))).toEqual([
      'the pack b is left out: importing it took more than 15 s',
      'the pack c is left out: it ended its process while it was imported',
      "the pack e is left out: it can't be imported: no",
    ]);
  });
});

describe('isCompatible', () => {
  it.each([
    ['1.0', true],
    ['1', true],
    ['1.0.3', true],
    ['1.1', false],
    ['2.0', false],
    ['^1.0', false],
    ['', false],
  ])('%s: %s', (written, expected) => {
    expect(isCompatible(written, '1.0')).toBe(expected);
  });
});
