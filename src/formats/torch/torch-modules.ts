// A torch module saved as a whole (torch.save(model)): its tree of layers with their settings and
// tensors. Classes are only names here; the code that builds the graph interprets them.

import { invalidModel } from '../model-file-errors.ts';
import {
  entriesOf,
  isKind,
  type PickleObject,
  type PickleValue,
  tupleOf,
} from '../pickle/pickle-values.ts';
import type { TorchFile } from './torch-file.ts';
import type { TorchTensor } from './torch-tensors.ts';

/** A saved layer. */
export interface SavedModule {
  /** The name of its class, without the package. */
  readonly type: string;
  /** The full name of its class. */
  readonly global: string;
  /** The path of the layer in the model (`model.0.conv`), a prefix of the names of its tensors. */
  readonly path: string;
  /** The layers inside it, in order. */
  readonly children: ReadonlyMap<string, SavedModule>;
  /** An integer, also from a tuple of equal integers; undefined for other values. */
  number(name: string): number | undefined;
  flag(name: string): boolean | undefined;
  /** One or several integers. */
  numbers(name: string): readonly number[] | undefined;
  text(name: string): string | undefined;
  /** A dictionary or list of texts, by number. */
  texts(name: string): ReadonlyMap<number, string> | undefined;
}

export interface SavedModel {
  readonly root: SavedModule;
  /** The weights, buffers and other tensors of the layers, by path. */
  readonly tensors: ReadonlyMap<string, TorchTensor>;
}

const MAX_DEPTH = 32;
const MAX_MODULES = 20_000;

const numberOf = (value: PickleValue | undefined): number | undefined => {
  if (typeof value === 'number') return value;
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value))
    ? Number(value)
    : undefined;
};
const listOf = (value: PickleValue | undefined): readonly PickleValue[] | undefined =>
  isKind(value, 'list') ? value.items : tupleOf(value);
const dictionary = (value: PickleValue | undefined): ReadonlyMap<PickleValue, PickleValue> =>
  entriesOf(value) ?? new Map();

/** The value of a key in a dictionary; undefined when there is none. */
export const field = (value: PickleValue | undefined, key: string): PickleValue | undefined =>
  entriesOf(value)?.get(key);

/** Whether a value is a torch module that was saved as a whole. */
export const isModule = (value: PickleValue | undefined): value is PickleObject =>
  isKind(value, 'object') && entriesOf(value.state)?.has('_modules') === true;

/**
 * The layers and tensors of a saved module. Throws DR_MODEL_INVALID, and as reading the file does.
 */
export function readModule(torch: TorchFile, file: string, value: PickleObject): SavedModel {
  const tensors = new Map<string, TorchTensor>();
  let count = 0;
  const visit = (object: PickleObject, path: string, depth: number): SavedModule => {
    if (depth > MAX_DEPTH || ++count > MAX_MODULES)
      throw invalidModel(file, 'contains a model with more layers than any real model has');
    const state = dictionary(object.state);
    const tables = ['_parameters', '_buffers'].map((name) => dictionary(state.get(name)));
    const at = (name: PickleValue): string => (path === '' ? String(name) : `${path}.${name}`);
    for (const table of [state, ...tables])
      for (const [name, item] of table) {
        const tensor = torch.tensorOf(item, at(name));
        if (tensor) tensors.set(at(name), tensor);
      }
    const children = new Map<string, SavedModule>();
    for (const [name, child] of dictionary(state.get('_modules')))
      if (isModule(child)) children.set(String(name), visit(child, at(name), depth + 1));
    const numbers = (name: string): readonly number[] | undefined => {
      const value = state.get(name);
      const found = (listOf(value) ?? [value ?? null]).map(numberOf);
      return found.every((v) => v !== undefined) ? (found as number[]) : undefined;
    };
    return {
      type: object.global.slice(object.global.lastIndexOf('.') + 1),
      global: object.global,
      path,
      children,
      numbers,
      number: (name) => {
        const found = numbers(name);
        return found?.every((v) => v === found[0]) ? found[0] : undefined;
      },
      flag: (name) => {
        const value = state.get(name);
        return typeof value === 'boolean' ? value : undefined;
      },
      text: (name) => {
        const value = state.get(name);
        return typeof value === 'string' ? value : undefined;
      },
      texts: (name) => {
        const value = state.get(name);
        const pairs = listOf(value)?.entries() ?? entriesOf(value);
        return pairs && new Map([...pairs].map(([key, item]) => [Number(key), String(item)]));
      },
    };
  };
  return { root: visit(value, '', 0), tensors };
}
