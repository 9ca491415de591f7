// The model browser: a dialog with all model files, a search, and buttons that put a file into the
// fields of the open workflow.
import type { DescribedModel } from '../src/server/api-types.ts';
import { openDialog } from './dialog.ts';
import { announce, create, replaceChanged } from './dom.ts';
import { ModelCatalogue } from './model-catalogue.ts';
import { createModelRow, type ModelRow } from './model-row.ts';
import { countByFolder, filtered, type ModelTarget, nameOf } from './model-search.ts';

/** Rows that are added at once. */
const PAGE_SIZE = 100;

/**
 * Opens the browser for the fields of a form, at first with the files of one folder if it is given.
 * Throws a RequestError if the files can't be listed.
 */
export async function browseModels(
  targets: readonly ModelTarget[],
  folder?: string,
): Promise<void> {
  new ModelBrowser(await ModelCatalogue.open(), targets, folder);
}

class ModelBrowser {
  readonly #catalogue: ModelCatalogue;
  readonly #targets: readonly ModelTarget[];
  readonly #search = create('input', { type: 'search', 'aria-label': 'Search models' });
  readonly #folder: HTMLSelectElement;
  readonly #count = create('p', { class: 'quiet', role: 'status' });
  readonly #reading = create('p', { class: 'quiet' });
  readonly #list = create('ul', { class: 'model-list' });
  readonly #more = create('button', { type: 'button' }, 'Show more');
  readonly #dialog: HTMLDialogElement;
  /** Rows by file; they keep their elements, so that the focus and the images stay. */
  readonly #rows = new Map<string, ModelRow>();
  #shown: readonly DescribedModel[] = [];
  #limit = PAGE_SIZE;

  constructor(catalogue: ModelCatalogue, targets: readonly ModelTarget[], folder = '') {
    this.#catalogue = catalogue;
    this.#targets = targets;
    this.#folder = folderSelect(catalogue.models, folder);
    this.#search.placeholder = 'Name, kind or architecture';
    this.#search.addEventListener('input', () => this.#restart());
    this.#folder.addEventListener('change', () => this.#restart());
    this.#more.addEventListener('click', () => this.#showMore());
    this.#dialog = openDialog({
      style: 'models',
      title: 'Models',
      content: [
        create('div', { class: 'filters' }, this.#search, this.#folder),
        create('div', { class: 'counts' }, this.#count, this.#reading),
        create('div', { class: 'scroll' }, this.#list, this.#more),
      ],
      closed: () => catalogue.stop(),
    });
    this.#update();
    this.#search.focus();
    void this.#describe();
  }

  async #describe(): Promise<void> {
    try {
      await this.#catalogue.describe(
        () => this.#shown,
        () => this.#update(),
      );
    } catch (error) {
      this.#reading.textContent = `Files are no longer read: ${(error as Error).message}`;
    }
  }

  /** The filter has changed. */
  #restart(): void {
    this.#limit = PAGE_SIZE;
    this.#update();
  }

  #showMore(): void {
    const next = this.#shown.length;
    this.#limit += PAGE_SIZE;
    this.#update();
    this.#list.children[next]?.querySelector('button')?.focus();
  }

  #update(): void {
    const { models, described } = this.#catalogue;
    const filter = { folder: this.#folder.value, words: this.#search.value };
    const found = filtered(models, filter);
    this.#shown = found.slice(0, this.#limit);
    replaceChanged(
      this.#list,
      this.#shown.map((model) => this.#row(model).element),
    );
    this.#more.hidden = found.length <= this.#limit;
    setText(this.#count, countText(found.length, models.length, this.#targets.length));
    const isDone = described === models.length;
    setText(this.#reading, isDone ? '' : `${described} of ${models.length} files read`);
  }

  #row(model: DescribedModel): ModelRow {
    const key = nameOf(model);
    const existing = this.#rows.get(key);
    existing?.update(model);
    if (existing) return existing;
    const row = createModelRow(model, this.#targets, (target) => this.#use(model.name, target));
    this.#rows.set(key, row);
    return row;
  }

  #use(name: string, target: ModelTarget): void {
    target.choose(name);
    this.#dialog.close();
    announce(`${target.label}: ${name}`);
  }
}

function folderSelect(models: readonly DescribedModel[], folder: string): HTMLSelectElement {
  const option = (value: string, text: string, count: number): HTMLOptionElement =>
    create('option', { value }, `${text} (${count})`);
  const counts = [...countByFolder(models)];
  if (folder && !counts.some(([name]) => name === folder)) counts.push([folder, 0]);
  const select = create(
    'select',
    { 'aria-label': 'Folder' },
    option('', 'All folders', models.length),
    ...counts.map(([name, count]) => option(name, name, count)),
  );
  select.value = folder;
  return select;
}

function countText(found: number, all: number, targets: number): string {
  if (all === 0) return 'There are no model files. Start the server with --models FOLDER.';
  const files = found === all ? `${all} files` : `${found} of ${all} files`;
  return targets > 0 ? files : `${files}. Open a workflow to use them in it.`;
}

/** Texts that stay the same are not announced again. */
function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
