// Figures and tables that the pages of coverage share.
import type { MissingNode } from '../../src/workflow/validate/find-problems.ts';
import { doesRun, isComplete, isValid, type Row, wasTried } from './rows.ts';

export const cell = (text: string): string => text.replaceAll('|', '\\|').replace(/\s+/g, ' ');
/** Rounded down, so that 100 % is all of them. */
export const percent = (part: number, whole: number): string =>
  `${Math.floor((1000 * part) / whole) / 10} %`;
export const share = (part: number, whole: number): string =>
  `${part} of ${whole}${whole > 0 ? ` (${percent(part, whole)})` : ''}`;
export const count = <T>(list: readonly T[], holds: (item: T) => boolean): number =>
  list.filter(holds).length;

/** Cells of a group of files: complete, valid, run and not tried ones; empty for none. */
export function runCells(rows: readonly Row[]): string[] {
  const complete = rows.filter(isComplete);
  const tried = complete.filter(wasTried);
  const of = (part: number, whole: number): string => (whole > 0 ? `${part} of ${whole}` : '');
  return [
    `${complete.length}`,
    of(count(complete, isValid), complete.length),
    of(count(tried, doesRun), tried.length),
    `${complete.length - tried.length || ''}`,
  ];
}

/** Items by the value of a key, in their order. */
export function groupsOf<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

/** The largest group first. */
export const grouped = <T>(items: readonly T[], key: (item: T) => string): [string, T[]][] =>
  [...groupsOf(items, key)].sort(([, a], [, b]) => b.length - a.length);

export interface MissingType<R extends Row> {
  readonly pack: string | undefined;
  readonly reason: string | undefined;
  /** The files that need the type. */
  readonly rows: R[];
  /** Those of them that need nothing else. */
  readonly last: R[];
}

/** The node types that are missing, those that most files need first. */
export function missingTypes<R extends Row>(rows: readonly R[]): [string, MissingType<R>][] {
  const types = new Map<string, MissingType<R>>();
  const entryOf = ({ type, pack, reason }: MissingNode): MissingType<R> => {
    const entry = types.get(type) ?? { pack, reason, rows: [], last: [] };
    types.set(type, entry);
    return entry;
  };
  for (const row of rows)
    for (const node of row.missing) {
      const entry = entryOf(node);
      entry.rows.push(row);
      if (row.missing.length === 1) entry.last.push(row);
    }
  return [...types].sort(
    ([a, x], [b, y]) =>
      y.rows.length - x.rows.length || y.last.length - x.last.length || (a < b ? -1 : 1),
  );
}

/** What a file does, in one cell; empty where types are missing. */
export function outcome(row: Row): string {
  if (row.failure !== undefined) return cell(`does not convert: ${row.failure}`);
  if (!isComplete(row)) return '';
  const faults = row.problems.slice(0, 2).join('; ');
  if (!wasTried(row)) return cell(faults || (row.runs ?? 'valid'));
  const runs = row.runs === 'yes' ? 'runs' : row.runs === 'in part' ? 'runs in part' : row.runs!;
  return cell(isValid(row) || !doesRun(row) ? runs : `${runs}: ${faults}`);
}

export const missingCell = ({ missing }: Row): string =>
  cell(missing.map(({ type }) => `\`${type}\``).join(', '));
