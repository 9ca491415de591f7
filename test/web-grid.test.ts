// The page's grids without a browser: values as they are typed, jobs, the layout of their picture.
import { describe, expect, it } from 'vitest';
import { parseJson } from '../web/exact-json.ts';
import type { Field } from '../web/form-values.ts';
import { gridLayout, textLines } from '../web/grid-layout.ts';
import { type GridSide, gridCells, gridOf } from '../web/grid-plan.ts';
import { parseGridValues, splitList } from '../web/grid-values.ts';

const field = (kind: Field['kind'], rest: Partial<Field> = {}): Field => ({
  ...{ id: '1', input: 'x', label: 'X', kind, value: 1 },
  ...rest,
});
const parse = (of: Field, typed: string, current = ''): string[] | string => {
  const parsed = parseGridValues(of, typed, current);
  return parsed.problem ?? parsed.values.map((value) => value.apply(current));
};
const steps = field('int', { min: 1, max: 10_000 });
const cfg = field('float', { min: 0, max: 100 });

describe('the values of a grid', () => {
  it.each([
    [steps, '10, 20', ['10', '20']],
    [steps, '1-5', ['1', '2', '3', '4', '5']],
    [steps, '1-10 (+3)', ['1', '4', '7', '10']],
    [steps, '10-1 (+3)', ['10', '7', '4', '1']],
    [steps, '5..3, 9', ['5', '4', '3', '9']],
    [steps, '10-40 [4]', ['10', '20', '30', '40']],
    [steps, '1-10 [4]', ['1', '4', '7', '10']],
    [cfg, '1-2 (+0.25)', ['1', '1.25', '1.5', '1.75', '2']],
    [cfg, '0-1 [5]', ['0', '0.25', '0.5', '0.75', '1']],
    [cfg, '0.1-0.3 (+0.1)', ['0.1', '0.2', '0.3']],
    [field('float', { min: -5, max: 5 }), '-2-2 (+2)', ['-2', '0', '2']],
  ])('of a number may be ranges: %#', (of, typed, values) => {
    expect(parse(of, typed)).toEqual(values);
  });

  it('of a seed are exact', () => {
    const seed = field('seed', { min: 0, max: parseJson('18446744073709551615') });
    expect(parse(seed, '18446744073709551613-18446744073709551615')).toEqual([
      '18446744073709551613',
      '18446744073709551614',
      '18446744073709551615',
    ]);
  });

  it.each([
    [steps, '', 'Enter values, separated by commas.'],
    [steps, 'many', 'many: Enter a number.'],
    [steps, '0-3', '0: Enter at least 1.'],
    [steps, '1-1000000000000', '1-1000000000000: 1000000000000 values; 50 are possible.'],
    [steps, '1-40, 1-40', 'These are 80 values; 50 are possible.'],
    [steps, '1-5 (+0)', '1-5 (+0): The step must not be 0.'],
    [steps, '1-5 [1]', '1-5 [1]: The count must be from 2 to 50.'],
    [steps, '1.5', '1.5: Enter a whole number.'],
    [field('switch'), 'perhaps', 'Enter “on, off”.'],
  ])('are refused with a reason: %#', (of, typed, problem) => {
    expect(parse(of, typed)).toBe(problem);
  });

  it('of a list are its options, in whole or by a part that only one has', () => {
    const models = field('choice', {
      options: ['xl/base.safetensors', 'sd15.ckpt', 'xl/base-refiner.safetensors', 'euler'],
    });
    expect(parse(models, 'base, SD15, refiner, euler')).toEqual([
      'xl/base.safetensors',
      'sd15.ckpt',
      'xl/base-refiner.safetensors',
      'euler',
    ]);
    expect(parse(models, 'flux')).toBe('flux is not in the list.');
    expect(parse(models, 'xl')).toBe(
      'xl may be xl/base.safetensors or xl/base-refiner.safetensors.',
    );
  });

  it('of a switch are on and off', () => {
    expect(parse(field('switch'), 'on, No')).toEqual(['true', 'false']);
  });

  it('of a text replace the first one, as text', () => {
    const prompt = field('lines');
    expect(parse(prompt, 'cat, dog, "$& <b>, owl", ""', 'a cat and a cat')).toEqual([
      'a cat and a cat',
      'a dog and a dog',
      'a $& <b>, owl and a $& <b>, owl',
      'a  and a ',
    ]);
    expect(parse(prompt, 'bird, dog', 'a cat')).toBe(
      '“bird” is not in the text. The first value is what the others replace.',
    );
  });

  it.each([
    ['a, b\nc,,', ['a', 'b', 'c']],
    ['"a, b", "say ""hi"""', ['a, b', 'say "hi"']],
    ['"open, b', ['"open', 'b']],
    ['5" disk, b', ['5" disk', 'b']],
    [' , ', []],
  ])('are separated by commas and lines outside quotes: %#', (text, items) => {
    expect(splitList(text)).toEqual(items);
  });
});

describe('the jobs of a grid', () => {
  const side = (name: string, of: Field, typed: string, text = ''): GridSide => {
    const parsed = parseGridValues(of, typed, text);
    if (parsed.problem !== undefined) throw new Error(parsed.problem);
    return { name, field: of, text, values: parsed.values };
  };
  const label = (cells: readonly { readonly label: string }[]) => cells.map((cell) => cell.label);

  it('go row by row, or model by model', () => {
    const x = side('Steps', steps, '1, 2');
    const y = side('CFG', { ...cfg, id: '2' }, '4, 5');
    expect(label(gridCells(x, y))).toEqual([
      ...['Steps 1 · CFG 4', 'Steps 2 · CFG 4', 'Steps 1 · CFG 5', 'Steps 2 · CFG 5'],
    ]);
    const models = side('Model', field('choice', { options: ['a', 'b'] }), 'a, b');
    expect(label(gridCells(models, y))).toEqual([
      ...['Model a · CFG 4', 'Model a · CFG 5', 'Model b · CFG 4', 'Model b · CFG 5'],
    ]);
    expect(label(gridCells(x, undefined))).toEqual(['Steps 1', 'Steps 2']);
  });

  it('change one text twice where both sides are of one field', () => {
    const prompt = field('lines');
    const text = 'a cat at night';
    const cells = gridCells(
      side('Prompt', prompt, 'cat, dog', text),
      side('Prompt', prompt, 'night, noon', text),
    );
    expect(cells.map(({ edits }) => edits.map((edit) => edit.text))).toEqual([
      ['a cat at night'],
      ['a dog at night'],
      ['a cat at noon'],
      ['a dog at noon'],
    ]);
  });

  it('have their places in the table', () => {
    const grid = gridOf('T', side('Steps', steps, '1-3'), undefined);
    expect(grid).toMatchObject({
      columns: ['1', '2', '3'],
      rows: [''],
      jobs: [[null, null, null]],
    });
  });
});

describe('the picture of a grid', () => {
  it('has pictures in their size, and shrinks when it would be too large to draw', () => {
    const small = gridLayout(3, 2, { width: 512, height: 768 }, true);
    expect(small.cell).toEqual({ width: 512, height: 768 });
    const large = gridLayout(50, 8, { width: 1024, height: 1024 }, true);
    expect(large.width).toBeLessThanOrEqual(8192);
    expect(large.width * large.height).toBeLessThanOrEqual(40e6);
    expect(large.cell.width).toBeGreaterThan(100);
  });

  const fits = (line: string): boolean => line.length <= 10;
  it.each([
    ['short', ['short']],
    ['a red fox in snow', ['a red fox', 'in snow']],
    ['a red fox in the deep snow', ['a red fox', 'in the de…']],
    ['unbreakableword here', ['unbreakabl', 'eword here']],
    ['', []],
  ])('breaks the label %j into two lines', (text, lines) => {
    expect(textLines(text, 2, fits)).toEqual(lines);
  });
});
