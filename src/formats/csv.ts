// Parses CSV (RFC 4180) with `,`, `;` or tabs between cells and any line ends.
import { CsvError, parse } from 'csv-parse/sync';
import { DarkroomError } from '../errors.ts';

export interface CsvRow {
  /** The line where the row begins, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

interface ParsedRow {
  readonly record: readonly string[];
  /** The row as in the text. */
  readonly raw: string;
}

/**
 * The rows that are not empty. The separator is the first of `,`, `;` and tab that occurs in the
 * first line. A quote within a cell that does not begin with one is an ordinary character. Throws
 * DR_BAD_USAGE, with the line where the row begins, for quotes that are not closed at the end of
 * their cell. `file` names the table.
 */
export function parseCsv(text: string, file = 'the table'): CsvRow[] {
  const rows: CsvRow[] = [];
  let line = 1;
  const addRow = ({ record: cells, raw }: ParsedRow): null => {
    if (!quotesMatch(cells, raw)) throw badQuotes(file, line);
    if (cells.length > 1 || cells[0].trim() !== '') rows.push({ line, cells });
    line += lineBreaksIn(raw);
    return null;
  };
  try {
    parse(text, {
      bom: true,
      delimiter: separatorOf(text),
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      relax_quotes: true,
      raw: true,
      on_record: (row) => addRow(row as unknown as ParsedRow),
    });
  } catch (error) {
    throw error instanceof CsvError ? badQuotes(file, line) : error;
  }
  return rows;
}

/** Whether each cell that begins with a quote is one of quotes within a cell in quotes. */
function quotesMatch(cells: readonly string[], raw: string): boolean {
  let from = 0;
  return cells.every((cell) => {
    if (!cell.startsWith('"')) return true;
    const written = `"${cell.replaceAll('"', '""')}"`;
    const at = raw.indexOf(written, from);
    from = at + written.length;
    return at >= 0;
  });
}

const lineBreaksIn = (raw: string): number => raw.match(/\r\n?|\n/g)?.length ?? 0;

const badQuotes = (file: string, line: number): DarkroomError =>
  new DarkroomError('DR_BAD_USAGE', {
    message: `${file} line ${line}: a cell that begins with a quote does not end with one`,
    hint: 'Put the whole cell in quotes, and write quotes inside it twice: "a ""b"", c".',
    file,
  });

function separatorOf(text: string): string {
  const first = text.split(/[\r\n]/, 1)[0].replace(/"[^"]*"/g, '');
  return [',', ';', '\t'].find((c) => first.includes(c)) ?? ',';
}
