// All model files with their descriptions. Files are described by the server one request
// after another, those that are on the screen first.
import type { DescribedModel, ListedModel } from '../src/server/api-types.ts';
import { RequestError } from './api.ts';
import { nameOf, versionOf } from './model-search.ts';
import { describeModels, listModels } from './models-api.ts';

/** Files of one request; the server describes at most 64. */
const CHUNK = 48;
/** The HTTP status when the server gives a request up. */
const TOO_EXPENSIVE = 413;

/** What was described before, by version, for as long as the page is open. */
const cached = new Map<string, DescribedModel>();

export class ModelCatalogue {
  /** Listed or described, in the order of folders and names. */
  readonly models: DescribedModel[];
  readonly #indices: ReadonlyMap<string, number>;
  /** Indices of files that are not described yet. */
  readonly #open: Set<number>;
  #isStopped = false;

  private constructor(listed: readonly ListedModel[]) {
    this.models = listed.map((model) => cached.get(versionOf(model)) ?? model);
    this.#indices = new Map(listed.map((model, i) => [nameOf(model), i]));
    this.#open = new Set([...listed.keys()].filter((i) => !cached.has(versionOf(listed[i]))));
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
   * Describes all files. `first` returns those to begin with; `changed` is called whenever more are
   * described. Throws a RequestError.
   */
  async describe(first: () => readonly ListedModel[], changed: () => void): Promise<void> {
    let count = CHUNK;
    while (this.#open.size > 0 && !this.#isStopped) {
      const next = this.#next(first(), count);
      const described = await describeModels(next).catch((error) => problemOf(next, error));
      // one of them takes the server too long: it is found by requests for fewer
      count = described ? CHUNK : Math.ceil(count / 2);
      if (described?.length === 0) this.#giveUp(next);
      for (const model of described ?? []) this.#store(model);
      changed();
    }
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** The files of the next request: the `first` ones, then the others in their order. */
  #next(first: readonly ListedModel[], count: number): DescribedModel[] {
    const next = new Set<number>();
    for (const model of first) {
      const i = this.#indices.get(nameOf(model));
      if (i !== undefined && this.#open.has(i)) next.add(i);
    }
    for (const i of this.#open) {
      if (next.size >= count) break;
      next.add(i);
    }
    return [...next].slice(0, count).map((i) => this.models[i]);
  }

  #store(model: DescribedModel): void {
    const i = this.#indices.get(nameOf(model));
    if (i === undefined) return;
    cached.set(versionOf(this.models[i]), model);
    this.models[i] = model;
    this.#open.delete(i);
  }

  /** The files are gone. */
  #giveUp(models: readonly ListedModel[]): void {
    for (const model of models) this.#open.delete(this.#indices.get(nameOf(model)) ?? -1);
  }
}

/**
 * The problem of a single file that the server can't describe; undefined for several. Throws errors
 * that are not about the files.
 */
function problemOf(models: readonly ListedModel[], error: unknown): DescribedModel[] | undefined {
  if (!(error instanceof RequestError) || error.status !== TOO_EXPENSIVE) throw error;
  return models.length > 1 ? undefined : [{ ...models[0], problem: error.message }];
}
