// Prints a graph as an API file, indented as the editor exports it. Integers and floats stay as
// they were, and texts are not escaped to ASCII.

import { dumpsJson } from '../../formats/dumps-json.ts';
import { entriesOf, isJsonObject, type Json, keysOf } from '../../formats/json.ts';
import { apiGraphOf, type Graph } from '../api-graph.ts';

/** The graph as JSON text with a line per value. */
export const printGraph = (graph: Graph): string => `${print(apiGraphOf(graph), '')}\n`;

function print(value: Json, indent: string): string {
  const deeper = `${indent}  `;
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value))
    return value.length === 0
      ? '[]'
      : `[\n${value.map((v) => deeper + print(v, deeper)).join(',\n')}\n${indent}]`;
  if (!isJsonObject(value)) return dumpsJson(value);
  if (keysOf(value).length === 0) return '{}';
  const lines = entriesOf(value).map(
    ([key, item]) => `${deeper}${JSON.stringify(key)}: ${print(item, deeper)}`,
  );
  return `{\n${lines.join(',\n')}\n${indent}}`;
}
