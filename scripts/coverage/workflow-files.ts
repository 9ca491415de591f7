// Which files of a checkout contain a workflow, decided without the readers that are measured.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { imageFormat, readImageTexts } from '../../src/image/codec/image-text.ts';

/** JSON files and images below a folder. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return entry.name.startsWith('.') ? [] : filesIn(path);
      return /\.(json|png|webp|jpe?g)$/i.test(entry.name) && !entry.name.endsWith('.component.json')
        ? [path]
        : [];
    })
    .sort();
}

const CLAIM = /"class_type"|"last_node_id"/;

/**
 * Whether a file claims to contain a workflow: nodes with class type and inputs, the lists of the
 * editor, or their words in a picture. It is decided without the readers that are measured.
 */
export function claimsWorkflow(bytes: Buffer): boolean {
  const stored = bytes.toString('latin1');
  if (imageFormat(bytes))
    return CLAIM.test(stored) || Object.values(textsIn(bytes)).some((text) => CLAIM.test(text));
  try {
    return hasWorkflow(JSON.parse(bytes.toString('utf8')));
  } catch {
    return CLAIM.test(stored);
  }
}

const isObject = (json: unknown): json is Record<string, unknown> =>
  typeof json === 'object' && json !== null && !Array.isArray(json);

function hasWorkflow(json: unknown): boolean {
  if (Array.isArray(json))
    return json.some((item) => !hasKeys(item, 'class_type') && hasWorkflow(item));
  if (!isObject(json)) return false;
  if (hasKeys(json, 'nodes', 'links')) return [json['nodes']].flat().every(isObject);
  const values = Object.values(json);
  return values.some((value) => hasKeys(value, 'class_type', 'inputs')) || values.some(hasWorkflow);
}

const hasKeys = (json: unknown, ...keys: readonly string[]): boolean =>
  isObject(json) && keys.every((key) => Object.hasOwn(json, key));

/** The texts of a picture, also of compressed chunks. */
function textsIn(bytes: Buffer): Record<string, string> {
  try {
    return readImageTexts(bytes, 'the picture');
  } catch {
    return {};
  }
}
