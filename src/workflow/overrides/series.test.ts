import { describe, expect, it } from 'vitest';
import { textToImage } from '../../../test/support/workflows/override-workflows.ts';
import { NODES } from '../../nodes/index.ts';
import { readSeries, withSuccessiveSeeds } from './series.ts';
import { seedOf } from './shorthands.ts';

describe('readSeries', () => {
  it('returns one run per line, with quoted and empty cells and any separator', () => {
    const table =
      '\ufeffprompt;seed;5.cfg\r\n' + '"a; ""b""\nc";1;\r\n' + '\r\n' + ';2;3\r\n' + 'e';
    expect(readSeries(table)).toEqual([
      { line: 2, set: { prompt: 'a; "b"\nc', seed: '1' } },
      { line: 5, set: { seed: '2', '5.cfg': '3' } },
      { line: 6, set: { prompt: 'e' } },
    ]);
  });

  it('keeps quotes in cells that do not begin with one, and doubled ones', () => {
    // list(csv.reader(io.StringIO('a,b\nq "w" r, "z"\n"""hi""\nthere",""""\n')))[1:]
    expect(readSeries('prompt,seed\nq "w" r, "z"\n"""hi""\nthere",""""\n')).toEqual([
      { line: 2, set: { prompt: 'q "w" r', seed: ' "z"' } },
      { line: 3, set: { prompt: '"hi"\nthere', seed: '"' } },
    ]);
  });

  it('returns a run with an error for a line with too many cells', () => {
    const [good, bad] = readSeries('prompt;seed\r\na;1\r\nd;3;4', 't.csv');
    expect(good.error).toBeUndefined();
    expect(bad).toMatchObject({ line: 3, set: { prompt: 'd', seed: '3' } });
    expect(bad.error?.message).toBe('t.csv line 3: there are 3 cells for 2 columns');
  });

  it.each([
    ['promt\nx', "t.csv: there is no override 'promt'"],
    ['seed,seed\n1,2', "two columns 'seed'"],
    ['seed,\n1,2', 'column 2 has no name'],
    ['seed\n', 'no lines below'],
    ['', 'no lines below'],
    ['prompt,seed\nfox,1\n"panda, 2\nghost,3\npizza,4\n', 't.csv line 3: a cell that begins with'],
    ['prompt,seed\nfox,1\n"a, 2\nghost,3\n"pizza",4\n', 't.csv line 3: a cell that begins with'],
    ['prompt,seed\r\n"a\r\nb",1\r\n"a"b,1\r\n', 't.csv line 4: a cell that begins with'],
  ])('rejects %j', (table, message) => {
    expect(() => readSeries(table, 't.csv')).toThrow(message);
  });
});

describe('withSuccessiveSeeds', () => {
  it('starts from the seed of the workflow', () => {
    expect(seedOf(textToImage(), NODES)).toBe(5n);
    expect(withSuccessiveSeeds({ prompt: 'x' }, 3, textToImage(), NODES)).toEqual([
      { prompt: 'x' },
      { prompt: 'x', seed: 6n },
      { prompt: 'x', seed: 7n },
    ]);
  });

  it('starts from the seed that is set, by meaning or by node', () => {
    expect(withSuccessiveSeeds({ seed: '9' }, 2, textToImage(), NODES)).toEqual([
      { seed: '9' },
      { seed: 10n },
    ]);
    expect(withSuccessiveSeeds({ '5.seed': 9 }, 2, textToImage(), NODES)).toEqual([
      { '5.seed': 9 },
      { '5.seed': 9, seed: 10n },
    ]);
  });
});
