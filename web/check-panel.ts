// What the open workflow lacks on this server, each with what to do about it. It is checked when it
// is opened, when a setting was changed, and on request.
import type { CheckResponse, MissingModelFile, MissingType } from '../src/server/api-types.ts';
import { checkWorkflow } from './api.ts';
import { typesByPack } from './check-groups.ts';
import { announce, create, find } from './dom.ts';
import { type Field, isNumeric } from './form-values.ts';
import { oneAtATime } from './one-at-a-time.ts';
import type { WorkflowForm } from './workflow-form.ts';

/** Entries of a list that are shown at once. */
const SHOWN = 8;
const MAX_TEXT = 400;
/** What to do in the form about a value that is not in its list. */
const FIXES: Partial<Record<Field['kind'], string>> = {
  picture: 'Upload it, or choose another one.',
  choice: 'Choose one of the list.',
};
/** A check starts this long after the last change. */
const PAUSE_MS = 400;

export class CheckPanel {
  readonly #section = find('#check');
  readonly #form: WorkflowForm;
  #file = '';
  /** Notes that the form shows. */
  #shownNotes: readonly string[] = [];
  /** Aborts the check of a workflow when another is opened. */
  #opened = new AbortController();
  #timer = 0;

  constructor(form: WorkflowForm) {
    this.#form = form;
    find('#form').addEventListener('change', ({ target }) => {
      const field = form.fieldOf(target);
      // a number cannot make anything missing
      if (!field || (isNumeric(field) && this.#section.hidden)) return;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void this.check(), PAUSE_MS);
    });
  }

  /** Another workflow was opened. `notes` are shown in the form. */
  open(file: string, notes: readonly string[]): void {
    this.#file = file;
    this.#shownNotes = notes;
    this.#section.hidden = true;
    this.#section.replaceChildren();
    this.#opened.abort();
    this.#opened = new AbortController();
    void this.check();
  }

  readonly check = oneAtATime(() => this.#check());

  /** A check that fails says so here and keeps nobody from running the workflow. */
  async #check(): Promise<void> {
    clearTimeout(this.#timer);
    const { signal } = this.#opened;
    const content = await checkWorkflow(this.#form.workflow(), signal).then(
      (report) => this.#contentOf(report),
      (error) => [create('p', { class: 'quiet' }, `What is missing is unknown: ${error.message}`)],
    );
    if (signal.aborted) return;
    const wasHidden = this.#section.hidden;
    this.#section.hidden = content.length === 0;
    this.#section.replaceChildren(...content);
    const title = this.#section.querySelector('h3')?.textContent;
    if (wasHidden && title) announce(title);
  }

  #contentOf(report: CheckResponse): HTMLElement[] {
    const notes = report.notes.filter((note) => !this.#shownNotes.includes(note));
    const lists = [
      ...typeList(report.types),
      ...this.#modelList(report.models),
      ...this.#problemList(report),
      ...titledList('Left out of a run', report.runnable ? report.leftOut : []),
      ...titledList('Remarks', notes),
    ];
    if (lists.length === 0) return [];
    const more = report.more > 0 && create('p', { class: 'quiet' }, `And ${report.more} more.`);
    const click = () => void this.check();
    const again = create('button', { type: 'button', click }, 'Check again');
    return [
      create('h3', { id: 'check-title' }, titleOf(report)),
      ...lists,
      ...(more ? [more] : []),
      create('p', {}, again),
    ];
  }

  #modelList(models: readonly MissingModelFile[]): HTMLElement[] {
    const canGet = models.some(({ url }) => url !== undefined) && /\.\w+$/.test(this.#file);
    const command = `darkroom models get "${this.#file}"`;
    return [
      ...titledList('Missing model files', models.map(modelContent)),
      ...(canGet
        ? [
            create(
              'p',
              { class: 'quiet' },
              'On the machine of the server, ',
              create('code', {}, command),
              ' downloads those with an address into the right folders.',
            ),
          ]
        : []),
    ];
  }

  #problemList({ problems }: CheckResponse): HTMLElement[] {
    return titledList(
      'To be corrected',
      problems.map(({ message, hint, id = '', input = '' }) => {
        const click = () => this.#form.reveal(id, input);
        const kind = this.#form.kindOf(id, input);
        const fix = (kind && FIXES[kind]) ?? hint;
        return create(
          'div',
          {},
          `${shortened(message)}. `,
          fix && create('span', { class: 'quiet' }, `${shortened(fix)} `),
          kind !== undefined &&
            create('button', { type: 'button', class: 'link', click }, 'Show the field'),
        );
      }),
    );
  }
}

function titleOf({ runnable, types, models, problems }: CheckResponse): string {
  if (!runnable) return 'This workflow cannot run here yet';
  const isPartial = types.length + models.length + problems.length > 0;
  return isPartial ? 'This workflow can run in part' : 'This workflow can run, with remarks';
}

const typeList = (types: readonly MissingType[]): HTMLElement[] =>
  titledList(
    'Missing node types',
    typesByPack(types).map(({ names, remark }) =>
      create('div', {}, create('b', {}, shortened(names)), ` ${remark}`),
    ),
  );

function modelContent({ file, folder, near, url }: MissingModelFile): HTMLElement {
  const similar = near.length > 0 && ` Or choose a similar one in the form: ${near.join(', ')}.`;
  return create(
    'div',
    {},
    create('b', {}, shortened(file)),
    ` – Put it into the folder models/${folder}. `,
    url !== undefined &&
      create(
        'a',
        { href: url, target: '_blank', rel: 'noopener noreferrer' },
        `Download from ${new URL(url).host}`,
      ),
    similar,
  );
}

/** Names and values of a workflow may be of any length. */
const shortened = (text: string): string =>
  text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;

/** A list with a title, of which the first entries are shown; nothing for an empty one. */
function titledList(title: string, entries: readonly (string | HTMLElement)[]): HTMLElement[] {
  if (entries.length === 0) return [];
  const items = entries.map((entry) =>
    create('li', {}, typeof entry === 'string' ? shortened(entry) : entry),
  );
  const rest = items.slice(SHOWN);
  const more =
    rest.length > 0 &&
    create('details', {}, create('summary', {}, `${rest.length} more`), create('ul', {}, ...rest));
  return [
    create('h4', {}, title),
    create('ul', {}, ...items.slice(0, SHOWN)),
    ...(more ? [more] : []),
  ];
}
