// Removes characters from the ends of a text in linear time. An expression such as /,+$/ tries
// every run of commas in the text.

/** `text` without the characters of `removed` at its start. */
export function stripStart(text: string, removed: string): string {
  let start = 0;
  while (start < text.length && removed.includes(text[start])) start++;
  return text.slice(start);
}

/** `text` without the characters of `removed` at its end. */
export function stripEnd(text: string, removed: string): string {
  let end = text.length;
  while (end > 0 && removed.includes(text[end - 1])) end--;
  return text.slice(0, end);
}

/** `text` without the characters of `removed` at both ends. */
export const strip = (text: string, removed: string): string =>
  stripStart(stripEnd(text, removed), removed);
