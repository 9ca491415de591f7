// Component definitions that lie beside a workflow file: `name.component.json`, as ComfyUI-Workflow-Component keeps them.
import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import { isJsonObject, type JsonObject, parseJson } from '../../formats/json.ts';
import { textOf } from '../ui/ui-graph.ts';

const TYPE = /^## (.+) \[[0-9a-f]{6}\]$/;
const MAX_BYTES = 16 * 1024 * 1024;

/** Definitions by name, of the components that a workflow uses and doesn't bring along. Reads only plain files of that folder. */
export function componentsBeside(workflow: JsonObject, folder: string): JsonObject {
  const found: JsonObject = {};
  const visit = (definition: JsonObject): void => {
    for (const node of Array.isArray(definition['nodes']) ? definition['nodes'] : []) {
      const name = isJsonObject(node) ? TYPE.exec(textOf(node['type']) ?? '')?.[1] : undefined;
      if (name === undefined || /[/\\\0]/.test(name) || Object.hasOwn(found, name)) continue;
      const beside = read(join(folder, `${name}.component.json`));
      if (!beside) continue;
      found[name] = beside;
      visit(beside);
    }
  };
  visit(workflow);
  return found;
}

function read(file: string): JsonObject | undefined {
  const stat = lstatSync(file, { throwIfNoEntry: false });
  if (!stat?.isFile() || stat.size > MAX_BYTES) return undefined;
  try {
    const json = parseJson(readFileSync(file, 'utf8'), { file });
    return isJsonObject(json) ? json : undefined;
  } catch (error) {
    if (error instanceof DarkroomError) return undefined;
    throw error;
  }
}
