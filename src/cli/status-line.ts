// The last line of standard error on a terminal, which is drawn again and again.
import type { Terminal } from './terminal.ts';

export const CLEAR_LINE = '\r\x1b[2K';

export interface StatusLine {
  /** Replaces the line; a text that is longer than the terminal is wide is cut off. */
  draw(text: string): void;
  /** Removes the line, if there is one. */
  clear(): void;
}

export function createStatusLine(terminal: Terminal): StatusLine {
  let isDrawn = false;
  return {
    draw: (text) => {
      const width = Math.max(10, terminal.columns() - 1);
      terminal.err(`${CLEAR_LINE}${text.slice(0, width)}`);
      isDrawn = true;
    },
    clear: () => {
      if (isDrawn) terminal.err(CLEAR_LINE);
      isDrawn = false;
    },
  };
}
