// The numbers of plain portable images (P1, P2, P3), with comments between them.

const withoutComments = (data: Buffer): string => data.toString('latin1').replace(/#[^\n\r]*/g, '');

const incomplete = (): Error => new Error('its end is missing');

/** The first `count` bits as levels: 0 is white. Throws an `Error` for fewer bits or other text. */
export function readPlainBits(data: Buffer, count: number): Uint16Array {
  if (data.length < count) throw incomplete();
  const bits = withoutComments(data).replace(/\s+/g, '').slice(0, count);
  if (/[^01]/.test(bits)) throw new Error('its pixels are not 0 and 1');
  if (bits.length < count) throw incomplete();
  const levels = new Uint16Array(count);
  for (let i = 0; i < count; i++) levels[i] = bits[i] === '1' ? 0 : 255;
  return levels;
}

/** The first `count` values. Throws an `Error` for fewer, other text, or values over `max`. */
export function readPlainValues(data: Buffer, count: number, max: number): Uint16Array {
  // a digit and a space each
  if (data.length < 2 * count - 1) throw incomplete();
  const values = new Uint16Array(count);
  let read = 0;
  for (const [token] of withoutComments(data).matchAll(/[^\s]+/g)) {
    if (read === count) break;
    if (!/^\d{1,10}$/.test(token) || Number(token) > max)
      throw new Error(`'${token.slice(0, 11)}' is not a value from 0 to ${max}`);
    values[read++] = Number(token);
  }
  if (read < count) throw incomplete();
  return values;
}
