// The jobs of a grid: every value of one field with every value of another.
import type { Field } from './form-values.ts';
import type { GridValue } from './grid-values.ts';

/** A field with its values. */
export interface GridSide {
  readonly name: string;
  readonly field: Field;
  /** Its text in the form. */
  readonly text: string;
  readonly values: readonly GridValue[];
}

/** The texts of fields for one cell. */
export interface GridCell {
  readonly column: number;
  readonly row: number;
  readonly edits: readonly { readonly id: string; readonly input: string; readonly text: string }[];
  /** `Steps 10 · CFG 4` */
  readonly label: string;
}

/** The maximum number of jobs of a grid. */
export const MAX_CELLS = 400;

/** Plain data about a grid, which is stored with the tab. */
export interface Grid {
  readonly title: string;
  readonly xName: string;
  readonly yName?: string;
  readonly columns: readonly string[];
  /** One without a label where there is no second setting. */
  readonly rows: readonly string[];
  /** The jobs, by row and column; null until they are queued. */
  readonly jobs: (string | null)[][];
}

/** A grid without jobs. */
export function gridOf(title: string, x: GridSide, y: GridSide | undefined): Grid {
  const columns = x.values.map(({ label }) => label);
  const rows = y ? y.values.map(({ label }) => label) : [''];
  const jobs = rows.map(() => columns.map(() => null));
  return { title, xName: x.name, yName: y?.name, columns, rows, jobs };
}

/** The cells in the order in which they are to run: a model is loaded as rarely as possible. */
export function gridCells(x: GridSide, y: GridSide | undefined): GridCell[] {
  const rows = y ? [...y.values.keys()] : [0];
  const columns = [...x.values.keys()];
  const cell = (column: number, row: number): GridCell => cellOf(x, column, y, row);
  const columnsFirst = x.field.kind === 'choice' && y?.field.kind !== 'choice';
  return columnsFirst
    ? columns.flatMap((column) => rows.map((row) => cell(column, row)))
    : rows.flatMap((row) => columns.map((column) => cell(column, row)));
}

function cellOf(x: GridSide, column: number, y: GridSide | undefined, row: number): GridCell {
  const chosen = [{ side: x, value: x.values[column] }];
  if (y) chosen.push({ side: y, value: y.values[row] });
  const edits = new Map<string, GridCell['edits'][number]>();
  for (const { side, value } of chosen) {
    const { id, input } = side.field;
    const key = JSON.stringify([id, input]);
    // both sides may change one text
    edits.set(key, { id, input, text: value.apply(edits.get(key)?.text ?? side.text) });
  }
  const label = chosen.map(({ side, value }) => `${side.name} ${value.label}`).join(' · ');
  return { column, row, edits: [...edits.values()], label };
}
