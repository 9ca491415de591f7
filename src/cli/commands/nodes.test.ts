// darkroom nodes: packs with their origin, new packs, declarations from a ComfyUI server, and typed
// functions; check and convert with nodes of packs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runMain } from '../../../test/support/memory-terminal.ts';
import { packFolder, textPack, writeFiles } from '../../../test/support/packs.ts';
import { testPack } from '../../nodes/pack-api/testing.ts';

const pack = (): string =>
  packFolder({
    'film/package.json': '{"name":"film","version":"2.1.0","exports":"./pack.ts"}',
    'film/pack.ts': textPack('FilmSay', "return outputs('' + value)"),
    'broken/pack.ts': "throw new Error('no')",
    'flow.json': JSON.stringify({
      1: { class_type: 'FilmSay', inputs: { value: 2 } },
      2: { class_type: 'PreviewAny', inputs: { source: ['1', 0] } },
    }),
  });

it('lists packs with version and origin, and says which are left out', async () => {
  const folder = pack();
  const { code, out, err } = await runMain(['nodes', 'list', '--nodes', folder]);
  expect(code).toBe(0);
  expect(out.join('\n')).toMatch(/^ComfyUI itself .* built in$/m);
  expect(out.at(-1)).toMatch(
    new RegExp(`^Pack of FilmSay +2\\.1\\.0 +1 node +${join(folder, 'film')}$`),
  );
  expect(err).toContain('the pack broken');
  expect(err).toContain("is left out: it can't be imported: no");
});

it('describes a node of a pack', async () => {
  const folder = pack();
  const { out } = await runMain(['nodes', 'describe', 'FilmSay', '--nodes', join(folder, 'film')]);
  expect(out).toContain(`  of the pack Pack of FilmSay (${join(folder, 'film')})`);
  expect(out).toContain('    value: INT, 0 to 16384, default 1');
});

it('check and convert know the nodes of packs', async () => {
  const folder = pack();
  const [flow, film] = [join(folder, 'flow.json'), join(folder, 'film')];
  expect((await runMain(['check', flow, '--nodes', film])).out[0]).toMatch(/: runnable$/);
  const without = await runMain(['check', flow]);
  expect(without.code).toBe(2);
  expect(without.out.join('\n')).toContain(
    "no port of the pack of 'FilmSay' for Darkroom is known; to begin one from a ComfyUI server " +
      'that has it: darkroom nodes new --from object_info.json "FilmSay"',
  );
  const { out } = await runMain(['convert', flow, '--to', 'ts', '--nodes', film]);
  expect(out.join('\n')).toContain("import { FilmSay } from './nodes.ts';");
  expect(out.join('\n')).toContain(`openDarkroom({ nodes: ['${film}'] })`);
});

it('prints typed functions for the nodes of packs alone', async () => {
  const { out } = await runMain(['nodes', '--types', '--nodes', join(pack(), 'film')]);
  expect(out.join('\n')).toContain('export const FilmSay: NodeFunction<{');
  expect(out.join('\n')).not.toContain('KSampler');
  expect((await runMain(['nodes', '--types'])).code).toBe(2);
});

/** As ComfyUI's server sends it. */
const INFO = {
  'Film Grain (mtb)': {
    input: {
      required: {
        image: ['IMAGE'],
        mode: [['soft', "it's"], { tooltip: 'How' }],
        amount: ['FLOAT', { default: 0.5, min: 0, max: 1, step: 0.01 }],
        seed: ['INT', { default: 0, min: 0, max: 2 ** 64, control_after_generate: true }],
        'odd name': ['STRING', { multiline: true }],
        rig: ['MTB_RIG'],
      },
      optional: { mask: ['MASK'] },
    },
    output: ['IMAGE', 'MTB_RIG'],
    output_is_list: [false, true],
    output_name: ['image', 'MTB_RIG'],
    display_name: 'Film Grain',
    description: 'Grain.',
    category: 'mtb/film',
    output_node: false,
  },
};

it('begins a node from the /object_info of a ComfyUI server', async () => {
  const folder = packFolder({ 'object_info.json': JSON.stringify(INFO) });
  const info = join(folder, 'object_info.json');
  const out = join(folder, 'film-grain');
  const { code } = await runMain([
    'nodes',
    'new',
    '--from',
    info,
    'Film Grain (mtb)',
    '--out',
    out,
  ]);
  expect(code).toBe(0);
  const text = readFileSync(join(out, 'pack.ts'), 'utf8');
  expect(text).toContain("mode: combo(['soft', 'it\\'s'], { tooltip: 'How' })");
  expect(text).toContain("mask: socket('MASK', { optional: true })");
  const written = await testPack(out);
  expect(written.types).toEqual(['Film Grain (mtb)']);
  await expect(written.run('Film Grain (mtb)', {})).rejects.toThrow('run() is still to be written');
  const described = await runMain(['nodes', 'Film Grain (mtb)', '--nodes', out]);
  expect(described.out).toEqual([
    'Film Grain (mtb) (Film Grain), mtb/film',
    '  Grain.',
    `  of the pack film-grain-mtb (${out})`,
    '  inputs:',
    '    image: IMAGE',
    "    mode: COMBO, one of soft, it's",
    '    amount: FLOAT, 0 to 1, default 0.5',
    '    seed: INT, 0 to 18446744073709551615, default 0',
    '    odd name: STRING',
    '    rig: MTB_RIG',
    '    mask: MASK, optional',
    '  outputs:',
    '    image: IMAGE',
    '    MTB_RIG: MTB_RIG list',
  ]);
});

it('refuses what it cannot begin', async () => {
  const folder = packFolder({ 'object_info.json': JSON.stringify(INFO) });
  writeFiles(folder, { 'there/pack.ts': '' });
  const info = join(folder, 'object_info.json');
  for (const args of [[], ['Bad Name'], ['--from', info, 'Film'], ['there', '--out', folder]])
    expect((await runMain(['nodes', 'new', ...args])).code, String(args)).toBe(2);
});
