// Conditionings in files: features of prompts that were encoded before (ComfyUI
// comfy_extras/nodes_cond.py). The tensor `conditioning`, others by their names in the
// conditioning, lists of them with numbers behind, and plain values in the metadata.
import { DarkroomError } from '../../errors.ts';
import { isJsonObject, type Json, numberOf } from '../../formats/json.ts';
import { withModelFile } from '../../formats/model-file.ts';
import { parseJson } from '../../formats/parse-json.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { ConditioningEntry } from '../sampling-types.ts';

const FEATURES = 'conditioning';
const VALUES = 'conditioning_options';
/** A tensor of a list: its name and its number. */
const LISTED = /^(.*)\.(\d+)$/;

/**
 * Reads the conditioning in a file. Throws DR_MODEL_PART_MISSING for a file without one, and what
 * openModelFile throws.
 */
export function readConditioning(file: string): Promise<ConditioningEntry> {
  return withModelFile(file, async ({ tensors, metadata, read }) => {
    if (!tensors.has(FEATURES))
      throw new DarkroomError('DR_MODEL_PART_MISSING', {
        message: `${file} contains no conditioning`,
        hint: 'Choose a file that SaveConditioning has written.',
        file,
      });
    const others: Record<string, Tensor> = {};
    const lists = new Map<string, (readonly [number: number, tensor: Tensor])[]>();
    for (const name of tensors.keys()) {
      if (name === FEATURES) continue;
      const value = await read(name);
      const [, list, number] = LISTED.exec(name) ?? [];
      if (list === undefined) others[name] = value;
      else lists.set(list, [...(lists.get(list) ?? []), [Number(number), value]]);
    }
    const inOrder = [...lists].map(([name, list]) => [
      name,
      list.sort(([a], [b]) => a - b).map(([, value]) => value),
    ]);
    return {
      ...valuesIn(metadata[VALUES], file),
      ...others,
      ...Object.fromEntries(inOrder),
      cond: await read(FEATURES),
    };
  });
}

/** The values beside the tensors, which are texts, booleans and numbers. */
function valuesIn(text: string | undefined, file: string): Record<string, Json> {
  if (text === undefined) return {};
  const values = parseJson(text, { file });
  if (!isJsonObject(values)) return {};
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, numberOf(value) ?? value]),
  );
}
