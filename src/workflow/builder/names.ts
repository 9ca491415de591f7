// Names and texts as TypeScript writes them.
import type { Output } from '../../nodes/declare.ts';

export const isIdentifier = (name: string): boolean => /^[A-Za-z_$][\w$]*$/.test(name);

/** A text in single quotes. */
export const quote = (text: string): string =>
  `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;

export const keyOf = (name: string): string => (isIdentifier(name) ? name : quote(name));

/** The keys of outputs: their names, or their numbers if an earlier output has the name. */
export const outputKeys = (outputs: readonly Output[]): (string | number)[] =>
  outputs.map(({ name }, i) =>
    name === '' || outputs.findIndex((o) => o.name === name) < i ? i : name,
  );

/** The type of texts that are one of these. */
export const unionOf = (options: readonly string[]): string => options.map(quote).join(' | ');
