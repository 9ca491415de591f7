// All model files, and what is known about them. Files are described by the server one request
// after another, those that are on the screen first.
import type { DescribedModel, ListedModel } from '../src/server/api-types.ts';
import { RequestError } from './api.ts';
import { keyOf } from './model-search.ts';
import { describeModels, listModels } from './models-api.ts';

/** Asked about at once. */
const CHUNK = 48;
/** The HTTP status when the server gives a request up. */
const TOO_EXPENSIVE = 413;

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
    let count = CHUNK;
    while (this.#open.size > 0 && !this.#isStopped) {
      const asked = this.#next(first(), count);
      const described = await describeModels(asked).catch((error) => problemOf(asked, error));
      // one of them takes the server too long: it is found by asking about fewer
      count = described ? CHUNK : Math.ceil(count / 2);
      if (described?.length === 0) this.#giveUp(asked);
      for (const model of described ?? []) this.#learn(model);
      changed();
    }
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** The files to ask about: those that are wanted, then the others in their order. */
  #next(wanted: readonly ListedModel[], count: number): DescribedModel[] {
    const next = new Set<number>();
    for (const model of wanted) {
      const i = this.#indices.get(nameOf(model));
      if (i !== undefined && this.#open.has(i)) next.add(i);
    }
    for (const i of this.#open) {
      if (next.size >= count) break;
      next.add(i);
    }
    return [...next].slice(0, count).map((i) => this.models[i]);
  }

  #learn(model: DescribedModel): void {
    const i = this.#indices.get(nameOf(model));
    if (i === undefined) return;
    known.set(keyOf(this.models[i]), model);
    this.models[i] = model;
    this.#open.delete(i);
  }

  /** The files are gone. */
  #giveUp(models: readonly ListedModel[]): void {
    for (const model of models) this.#open.delete(this.#indices.get(nameOf(model)) ?? -1);
  }
}

/**
 * The problem of a single file that the server can't describe; undefined when several were asked
 * about. Throws errors that are not about the files.
 */
function problemOf(asked: readonly ListedModel[], error: unknown): DescribedModel[] | undefined {
  if (!(error instanceof RequestError) || error.status !== TOO_EXPENSIVE) throw error;
  return asked.length > 1 ? undefined : [{ ...asked[0], problem: error.message }];
}

const nameOf = ({ folder, name }: ListedModel): string => `${folder}\n${name}`;
