// Where a grid is planned: two fields of the form, and the values of each.
import { create } from './dom.ts';
import { type GridSide, MAX_CELLS } from './grid-plan.ts';
import { parseGridValues, shortName } from './grid-values.ts';
import type { FormField } from './workflow-form.ts';

export interface GridFormEvents {
  fields(): readonly FormField[];
  /** The sides are valid. */
  queue(x: GridSide, y: GridSide | undefined): void;
}

const HELP =
  'Numbers: 10, 20 or 1-5 or 1-10 (+3) or 0-1 [5]. Lists: names, or a part of them. Texts: the ' +
  'first value is what the others replace; "quotes" keep commas.';
const NO_FIELD = '';

/** One side: the choice of its field, its values, and what is wrong with them. */
interface SideInputs {
  readonly element: HTMLElement;
  /** Puts the fields of the form into the list. */
  update(): void;
  /** undefined when no field is chosen; null when the values are not valid. */
  read(): GridSide | undefined | null;
}

export function createGridForm(events: GridFormEvents): HTMLElement {
  const x = createSide('X', false, events);
  const y = createSide('Y', true, events);
  const problem = create('p', { class: 'note', role: 'status' });
  const queue = (): void => {
    const [columns, rows] = [x.read(), y.read()];
    problem.textContent = '';
    if (!columns || rows === null) return;
    const count = columns.values.length * (rows?.values.length ?? 1);
    if (count > MAX_CELLS) problem.textContent = `${count} runs; ${MAX_CELLS} are possible.`;
    else events.queue(columns, rows);
  };
  const element = create(
    'details',
    { class: 'grid-form' },
    create('summary', {}, 'Grid of two settings'),
    create('p', { class: 'quiet', id: 'grid-help' }, HELP),
    x.element,
    y.element,
    problem,
    create('button', { type: 'button', click: queue }, 'Queue the grid'),
  );
  element.addEventListener('toggle', () => {
    x.update();
    y.update();
  });
  // Enter in a field would run the workflow once
  element.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !(event.target instanceof HTMLInputElement)) return;
    event.preventDefault();
    event.stopPropagation();
    queue();
  });
  return element;
}

function createSide(axis: string, optional: boolean, { fields }: GridFormEvents): SideInputs {
  const id = `grid-${axis.toLowerCase()}`;
  const select = create('select', { id });
  const input = create('input', {
    ...{ id: `${id}-values`, autocomplete: 'off', spellcheck: false },
    'aria-describedby': `${id}-note grid-help`,
  });
  const note = create('span', { id: `${id}-note`, class: 'note' });
  const all = create('button', { type: 'button', hidden: true }, 'All');
  const chosen = (): FormField | undefined => fields().find(({ name }) => name === select.value);
  const showAll = (): void => {
    all.hidden = (chosen()?.field.options ?? []).length === 0;
  };
  select.addEventListener('change', showAll);
  all.addEventListener('click', () => {
    input.value = (chosen()?.field.options ?? []).map(listedName).join(', ');
  });
  const update = (): void => {
    const { value } = select;
    const names = fields().map(({ name }) => name);
    const options = names.map((name) => create('option', { value: name }, name));
    const none = create('option', { value: NO_FIELD }, optional ? 'Nothing' : 'Choose a setting');
    select.replaceChildren(none, ...options);
    select.value = names.includes(value) ? value : NO_FIELD;
    showAll();
  };
  const read = (): GridSide | undefined | null => {
    const field = chosen();
    const isMissing = !field && !optional;
    const parsed = field && parseGridValues(field.field, input.value, field.text);
    note.textContent = isMissing ? 'Choose a setting.' : (parsed?.problem ?? '');
    input.setAttribute('aria-invalid', String(parsed?.problem !== undefined));
    if (parsed?.problem !== undefined) input.focus();
    if (isMissing) select.focus();
    if (isMissing || parsed?.problem !== undefined) return null;
    return field && parsed ? { ...field, values: parsed.values } : undefined;
  };
  const element = create(
    'div',
    { class: 'field' },
    create('label', { for: id }, `${axis}: setting`),
    select,
    create('label', { for: `${id}-values` }, `${axis}: values`),
    create('div', { class: 'beside' }, input, all),
    note,
  );
  update();
  return { element, update, read };
}

/** A name as it is typed into a list. */
const listedName = (option: string): string => {
  const name = shortName(option);
  return name.includes(',') ? `"${name}"` : name;
};
