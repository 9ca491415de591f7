// Component definitions beside a workflow file: `name.component.json`, as
// ComfyUI-Workflow-Component saves them.
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject, type JsonObject } from '../../formats/json.ts';
import { parseJson } from '../../formats/parse-json.ts';
import { readRegularFileSync } from '../../formats/regular-file.ts';
import { textOf } from '../ui/ui-graph.ts';

const TYPE = /^## (.+) \[[0-9a-f]{6}\]$/;
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * The definitions of a workflow's components in the folder of its file, by name. Reads only regular
 * files of that folder.
 */
export function componentsBeside(workflow: JsonObject, folder: string): JsonObject {
  const definitions: JsonObject = {};
  const visit = (definition: JsonObject): void => {
    for (const node of Array.isArray(definition['nodes']) ? definition['nodes'] : []) {
      const name = isJsonObject(node) ? TYPE.exec(textOf(node['type']) ?? '')?.[1] : undefined;
      if (name === undefined || /[/\\\0]/.test(name) || Object.hasOwn(definitions, name)) continue;
      const inFile = read(join(folder, `${name}.component.json`));
      if (!inFile) continue;
      definitions[name] = inFile;
      visit(inFile);
    }
  };
  visit(workflow);
  return definitions;
}

function read(file: string): JsonObject | undefined {
  try {
    if (lstatSync(file).isSymbolicLink()) return undefined;
    const json = parseJson(readRegularFileSync(file, MAX_BYTES).toString('utf8'), { file });
    return isJsonObject(json) ? json : undefined;
  } catch {
    return undefined;
  }
}
