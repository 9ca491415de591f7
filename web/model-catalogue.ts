// All model files, and what is known about them. Files are described by the server one request
// after another, those that are on the screen first.
import type { DescribedModel, ListedModel } from '../src/server/api-types.ts';
import { keyOf } from './model-search.ts';
import { describeModels, listModels } from './models-api.ts';

/** Asked about at once. */
const CHUNK = 48;

/** What was described before, for as long as the page is open. */
const known = new Map<string, DescribedModel>();

export class ModelCatalogue {
  /** Listed or described, in the order of folders and names. */
  readonly models: DescribedModel[];
  readonly #indices: ReadonlyMap<string, number>;
  /** Indices of files that are not described yet. */
  readonly #open: Set<number>;
  #isStopped = false;

  private constructor(listed: readonly ListedModel[]) {
    this.models = listed.map((model) => known.get(keyOf(model)) ?? model);
    this.#indices = new Map(listed.map((model, i) => [nameOf(model), i]));
    this.#open = new Set([...listed.keys()].filter((i) => !known.has(keyOf(listed[i]))));
  }

  /** Lists the files. Throws a RequestError. */
  static async open(): Promise<ModelCatalogue> {
    return new ModelCatalogue(await listModels());
  }

  /** How many files are described. */
  get described(): number {
    return this.models.length - this.#open.size;
  }

  /**
   * Describes all files. `first` returns those that are wanted most; `changed` is called whenever
   * more are known. Throws a RequestError.
   */
  async describe(first: () => readonly ListedModel[], changed: () => void): Promise<void> {
    while (this.#open.size > 0 && !this.#isStopped) {
      const wanted = first()
        .map((model) => this.#indices.get(nameOf(model)))
        .filter((i): i is number => i !== undefined && this.#open.has(i));
      const indices = [...new Set([...wanted, ...this.#firstOpen()])].slice(0, CHUNK);
      const described = await describeModels(indices.map((i) => this.models[i]));
      if (described.length === 0) this.#giveUp(indices);
      else for (const model of described) this.#learn(model);
      changed();
    }
  }

  stop(): void {
    this.#isStopped = true;
  }

  #firstOpen(): number[] {
    const first: number[] = [];
    for (const i of this.#open) {
      if (first.length === CHUNK) break;
      first.push(i);
    }
    return first;
  }

  #learn(model: DescribedModel): void {
    const i = this.#indices.get(nameOf(model));
    if (i === undefined) return;
    known.set(keyOf(this.models[i]), model);
    this.models[i] = model;
    this.#open.delete(i);
  }

  /** The files are gone. */
  #giveUp(indices: readonly number[]): void {
    for (const i of indices) this.#open.delete(i);
  }
}

const nameOf = ({ folder, name }: ListedModel): string => `${folder}\n${name}`;
