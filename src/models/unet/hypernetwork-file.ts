// Reads hypernetworks as A1111's web UI saves them: for each token width, one small network for
// attention's keys and one for its values. Source: ComfyUI comfy_extras/nodes_hypernetwork.py.
import { fileState } from '../../formats/file-state.ts';
import { withTorchFile } from '../../formats/model-file.ts';
import { unsupportedModel } from '../../formats/model-file-errors.ts';
import { entriesOf, isKind, type PickleValue } from '../../formats/pickle/pickle-values.ts';
import type { TensorInfo } from '../../formats/tensor-file.ts';
import { locateTensors } from '../../formats/torch/tensor-locations.ts';
import type { TorchFile } from '../../formats/torch/torch-file.ts';
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
  /** Path, modification time and size of the file; another string after the file is replaced. */
  readonly identity: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /**
   * By width: the layers for keys and for values, in order, by their tensor names without
   * `.weight`.
   */
  readonly layers: ReadonlyMap<
    number,
    readonly [keys: readonly string[], values: readonly string[]]
  >;
  readonly activation: Activation;
  /** Every second layer is a norm. */
  readonly layerNorm: boolean;
  readonly activateOutput: boolean;
}

const HINT = 'Hypernetworks of the web UI (.pt) are supported.';

/**
 * Reads a hypernetwork file. Throws DR_MODEL_UNSUPPORTED for other files, and what openModelFile
 * throws.
 */
export async function openHypernetwork(file: string): Promise<Hypernetwork> {
  const found = await withTorchFile(file, {}, async (torch, source) => {
    const root = entriesOf(torch.root);
    const setting = (key: string): PickleValue | undefined => root?.get(key);
    const { tensors, layers } = readLayers(root ?? new Map(), torch);
    if (layers.size === 0) throw unsupportedModel(file, 'holds no hypernetwork', HINT);
    const activation = setting('activation_func') ?? 'linear';
    const supported = ACTIVATIONS.find((name) => name === activation);
    if (!supported)
      throw unsupportedModel(
        file,
        `is a hypernetwork with the activation ${String(activation)}`,
        `Supported activations: ${ACTIVATIONS.join(', ')}.`,
      );
    return {
      tensors: await locateTensors(source, { ...torch, tensors }),
      layers,
      activation: supported,
      layerNorm: setting('is_layer_norm') === true,
      activateOutput: setting('activate_output') === true,
    };
  });
  if (!found) throw unsupportedModel(file, 'holds no hypernetwork', HINT);
  return { file, identity: await fileState(file), ...found };
}

/** Reads the entries `width: [tensors for keys, tensors for values]`; others are settings. */
function readLayers(
  root: ReadonlyMap<PickleValue, PickleValue>,
  torch: TorchFile,
): { tensors: Map<string, TorchTensor>; layers: Map<number, [string[], string[]]> } {
  const tensors = new Map<string, TorchTensor>();
  const layers = new Map<number, [string[], string[]]>();
  for (const [key, value] of root) {
    const width = ['number', 'bigint', 'string'].includes(typeof key) ? Number(key) : Number.NaN;
    const pair = isKind(value, 'tuple') || isKind(value, 'list') ? value.items : [];
    if (!Number.isInteger(width) || pair.length !== 2) continue;
    const [keys, values] = pair.map((entries, index) => {
      const layerNames: string[] = [];
      for (const [entry, tensor] of entriesOf(entries) ?? []) {
        const name = `${width}.${index}.${String(entry)}`;
        const read = torch.tensorOf(tensor, name);
        if (!read) continue;
        tensors.set(name, read);
        if (name.endsWith('.weight')) layerNames.push(name.slice(0, -'.weight'.length));
      }
      return layerNames;
    });
    layers.set(width, [keys, values]);
  }
  return { tensors, layers };
}
