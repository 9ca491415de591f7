// The string nodes against ComfyUI's.
import { expect, it } from 'vitest';
import { type GoldenCase, golden } from '../../../../../test/support/golden.ts';
import { runNode } from '../../../../../test/support/run-node.ts';

const g = golden('core_nodes', 'strings');
const run = async ({ params: { node, ...inputs } }: GoldenCase): Promise<readonly unknown[]> =>
  runNode(node, inputs);

/**
 * Notes of cases where Python raises a TypeError or returns None, because a group did not
 * participate in the match. Here such a group counts as empty.
 */
const LENIENT = /sequence item|NoneType/;

it('returns the same strings as the originals', async () => {
  const cases = g.cases.filter((one) => one.scalars);
  expect(cases.length).toBeGreaterThan(2000);
  const different: unknown[] = [];
  for (const one of cases) {
    const [value] = await run(one).catch((error: Error) => [error.message]);
    if (value !== (one.scalars!.value ?? ''))
      different.push({ ...one.params, value, expected: one.scalars!.value });
  }
  expect(different).toEqual([]);
});

it('refuses the inputs on which the originals fail', async () => {
  const cases = g.cases.filter(({ note }) => note && !LENIENT.test(note));
  expect(cases.length).toBeGreaterThan(30);
  for (const one of cases)
    await expect(run(one), `${one.id} ${one.note}`).rejects.toMatchObject({
      code: 'DR_INPUT_INVALID',
    });
});

it('refuses syntax that is not supported', async () => {
  for (const regex_pattern of ['(?>a)', 'a++', '(?i:a)', '(a)?(?(1)b|c)', '\\N{DIGIT ONE}'])
    await expect(
      run({ params: { node: 'RegexMatch', string: 'a', regex_pattern } } as unknown as GoldenCase),
      regex_pattern,
    ).rejects.toThrow('not supported');
});
