// Python's repr() of floats and texts.
import { pythonRepr } from '../formats/dumps-json.ts';

/** `repr(float)` */
export const floatRepr = (x: number): string =>
  Number.isFinite(x) ? pythonRepr(x) : Number.isNaN(x) ? 'nan' : x > 0 ? 'inf' : '-inf';

const ESCAPES: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\\': '\\\\',
};

/** `repr(text)` */
export function textRepr(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  let body = '';
  for (const c of text) {
    const code = c.codePointAt(0)!;
    if (c === mark) body += `\\${c}`;
    else if (ESCAPES[c]) body += ESCAPES[c];
    else if (code < 0x20 || (code >= 0x7f && code < 0xa1) || code === 0xad)
      body += `\\x${code.toString(16).padStart(2, '0')}`;
    else body += c;
  }
  return mark + body + mark;
}
