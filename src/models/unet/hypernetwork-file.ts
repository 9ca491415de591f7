// Hypernetworks as the web UI saves them: for each width of tokens two small networks, one before the keys and one before the values of
// attention. Source: ComfyUI comfy_extras/nodes_hypernetwork.py.
import { stat } from 'node:fs/promises';
import { withTorchFile } from '../../formats/model-file.ts';
import { unsupportedModel } from '../../formats/model-file-errors.ts';
import { entriesOf, isKind, type PickleValue } from '../../formats/pickle/pickle-values.ts';
import type { TensorInfo } from '../../formats/tensor-file.ts';
import { placeTensors } from '../../formats/torch/tensor-locations.ts';
import type { TorchTensor } from '../../formats/torch/torch-tensors.ts';

export const ACTIVATIONS = [
  'linear',
  'relu',
  'leakyrelu',
  'elu',
  'swish',
  'tanh',
  'sigmoid',
  'softsign',
  'mish',
] as const;
export type Activation = (typeof ACTIVATIONS)[number];

export interface Hypernetwork {
  readonly file: string;
  /** Path, time and size: another one when the file was replaced. */
  readonly identity: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** By width: the layers before keys and before values, in their order, by the names of their tensors without `.weight`. */
  readonly layers: ReadonlyMap<
    number,
    readonly [keys: readonly string[], values: readonly string[]]
  >;
  readonly activation: Activation;
  /** Every second layer normalises. */
  readonly layerNorm: boolean;
  readonly activateOutput: boolean;
}

const HINT = 'Hypernetworks of the web UI (.pt) are supported.';

/** Reads a hypernetwork's table. Throws DR_MODEL_UNSUPPORTED for other files, and what openModelFile throws. */
export async function openHypernetwork(file: string): Promise<Hypernetwork> {
  const found = await withTorchFile(file, {}, async (torch, source) => {
    const root = entriesOf(torch.root);
    const named = (key: string): PickleValue | undefined => root?.get(key);
    const given = new Map<string, TorchTensor>();
    const layers = new Map<number, [string[], string[]]>();
    for (const [key, value] of root ?? []) {
      const width =
        typeof key === 'number' || typeof key === 'bigint' || typeof key === 'string'
          ? Number(key)
          : Number.NaN;
      const pair = isKind(value, 'tuple') || isKind(value, 'list') ? value.items : [];
      if (!Number.isInteger(width) || pair.length !== 2) continue;
      const names = pair.map((part, which) => {
        const own: string[] = [];
        for (const [name, tensor] of entriesOf(part) ?? []) {
          const at = `${width}.${which}.${String(name)}`;
          const read = torch.tensorOf(tensor, at);
          if (read) given.set(at, read);
          if (read && at.endsWith('.weight')) own.push(at.slice(0, -'.weight'.length));
        }
        return own;
      });
      layers.set(width, [names[0], names[1]]);
    }
    if (layers.size === 0) throw unsupportedModel(file, 'holds no hypernetwork', HINT);
    const activation = named('activation_func') ?? 'linear';
    const known = ACTIVATIONS.find((one) => one === activation);
    if (!known)
      throw unsupportedModel(
        file,
        `is a hypernetwork with the activation ${String(activation)}`,
        `Known are ${ACTIVATIONS.join(', ')}.`,
      );
    return {
      tensors: await placeTensors(source, { ...torch, tensors: given }),
      layers,
      activation: known,
      layerNorm: named('is_layer_norm') === true,
      activateOutput: named('activate_output') === true,
    };
  });
  if (!found) throw unsupportedModel(file, 'holds no hypernetwork', HINT);
  const { mtimeMs, size } = await stat(file);
  return { file, identity: `${file} ${mtimeMs} ${size}`, ...found };
}
