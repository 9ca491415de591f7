// The string nodes against ComfyUI's own.
import { expect, it } from 'vitest';
import { type GoldenCase, golden } from '../../../../../test/support/golden.ts';
import { runNode } from '../../../../../test/support/run-node.ts';

const g = golden('core_nodes', 'strings');
const run = async ({ params: { node, ...inputs } }: GoldenCase): Promise<readonly unknown[]> =>
  runNode(node, inputs);

/** Python fails here with a TypeError, or gives None: a group that took no part in the match counts as empty here. */
const LENIENT = /sequence item|NoneType/;

it('makes of texts what the originals make', async () => {
  const cases = g.cases.filter((one) => one.scalars);
  expect(cases.length).toBeGreaterThan(2000);
  const wrong: unknown[] = [];
  for (const one of cases) {
    const [value] = await run(one).catch((error: Error) => [error.message]);
    if (value !== (one.scalars!.value ?? ''))
      wrong.push({ ...one.params, value, want: one.scalars!.value });
  }
  expect(wrong).toEqual([]);
});

it('refuses what they fail on', async () => {
  const cases = g.cases.filter(({ note }) => note && !LENIENT.test(note));
  expect(cases.length).toBeGreaterThan(30);
  for (const one of cases)
    await expect(run(one), `${one.id} ${one.note}`).rejects.toMatchObject({
      code: 'DR_INPUT_INVALID',
    });
});

it('names what it does not support', async () => {
  for (const regex_pattern of ['(?>a)', 'a++', '(?i:a)', '(a)?(?(1)b|c)', '\\N{DIGIT ONE}'])
    await expect(
      run({ params: { node: 'RegexMatch', string: 'a', regex_pattern } } as unknown as GoldenCase),
      regex_pattern,
    ).rejects.toThrow('not supported');
});
