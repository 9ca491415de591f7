// Parses CSV (RFC 4180), also with a byte order mark, `;` or tabs instead of commas, and any line
// ends.

export interface CsvRow {
  /** The line where the row begins, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/**
 * The rows that are not empty. The separator is the first of `,`, `;` and tab that occurs in the
 * first line. An unclosed quote extends to the end of the text.
 */
export function parseCsv(text: string): CsvRow[] {
  const source = text.replace(/^\ufeff/, '');
  const separator = separatorOf(source);
  const rows: CsvRow[] = [];
  let cells: string[] = [];
  let cell = '';
  let quoted = false;
  let line = 1;
  let start = 1;
  const endRow = (): void => {
    cells.push(cell);
    cell = '';
    if (cells.length > 1 || cells[0].trim() !== '') rows.push({ line: start, cells });
    cells = [];
  };
  for (let at = 0; at < source.length; at++) {
    const c = source[at];
    if (c === '\n') line++;
    if (quoted) {
      if (c !== '"') cell += c;
      else if (source[at + 1] === '"') cell += source[++at];
      else quoted = false;
    } else if (c === '"' && cell === '') quoted = true;
    else if (c === separator) {
      cells.push(cell);
      cell = '';
    } else if (c === '\n' || (c === '\r' && source[at + 1] !== '\n')) {
      endRow();
      start = line;
    } else if (c !== '\r') cell += c;
  }
  endRow();
  return rows;
}

function separatorOf(text: string): string {
  const first = text.split(/[\r\n]/, 1)[0].replace(/"[^"]*"/g, '');
  return [',', ';', '\t'].find((c) => first.includes(c)) ?? ',';
}
