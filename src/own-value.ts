// Looks up texts of users in tables. `table[name]` also finds what every object inherits, such as
// `constructor`.

/** The value of a key that the table itself has. */
export const ownValue = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;
