// @ts-check
// The form of a workflow: what people change first at the top, the rest by node below.
import { make, the, title } from './dom.js';
import { number, shown } from './json.js';
import { upload } from './server.js';
import { anySeed, changed, changesOf, problemOf } from './values.js';

/** @typedef {import('./values.js').Field} Field */
/** @typedef {{prompt: any, extra: any, notes: string[], form: {main: Field[], groups: {title: string, type: string, fields: Field[]}[], missing: {label: string, value: string, folder?: string}[]}}} Reading */

/** @param {{run: () => void, trouble: (error: unknown) => void}} events */
export function createForm({ run, trouble }) {
  const place = /** @type {HTMLFormElement} */ (the('#form'));
  /** @type {Reading | undefined} */
  let reading;
  /** @type {{field: Field, get: () => any, set: (text: string) => void, input: HTMLElement}[]} */
  let controls = [];
  let counter = 0;

  place.noValidate = true;
  place.addEventListener('submit', (event) => {
    event.preventDefault();
    if (check()) run();
  });
  place.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) place.requestSubmit();
  });

  /** Marks what can't be; goes to the first of it. */
  function check() {
    const bad = controls.filter(({ field, input }) => {
      const problem = 'value' in input ? problemOf(field, String(input.value)) : undefined;
      const note = the(`#${input.id}-note`);
      note.textContent = problem ?? '';
      input.setAttribute('aria-invalid', String(problem !== undefined));
      return problem !== undefined;
    });
    const [first] = bad;
    const folded = first?.input.closest('details');
    if (folded) folded.open = true;
    first?.input.focus();
    return bad.length === 0;
  }

  /** @param {Field} field */
  function row(field) {
    const id = `field-${counter++}`;
    const common = { id, 'aria-describedby': `${id}-note`, title: field.help };
    const text = shown(field.value);
    const { input, extra } = control(field, common, text);
    const isNumber = ['int', 'seed', 'float'].includes(field.kind);
    controls.push({
      field,
      input,
      get: () => {
        if (input instanceof HTMLInputElement && input.type === 'checkbox') return input.checked;
        return input.value === text ? field.value : isNumber ? number(input.value) : input.value;
      },
      set: (value) => {
        input.value = value;
      },
    });
    const name = make('label', { for: id }, field.label);
    const note = make('span', { id: `${id}-note`, class: 'note' });
    return make(
      'div',
      { class: `field ${field.kind}` },
      name,
      extra ? make('div', { class: 'beside' }, input, ...extra) : input,
      note,
    );
  }

  /** @param {Field} field @param {Record<string, unknown>} common @param {string} text */
  function control(field, common, text) {
    switch (field.kind) {
      case 'lines': {
        const input = make('textarea', {
          ...common,
          rows: text.length > 90 ? 4 : 2,
          spellcheck: false,
        });
        input.value = text;
        return { input };
      }
      case 'switch': {
        const input = make('input', { ...common, type: 'checkbox' });
        input.checked = field.value === true;
        return { input };
      }
      case 'choice':
      case 'picture': {
        const known = field.options ?? [];
        const input = make(
          'select',
          common,
          ...[...(known.includes(text) ? [] : [text]), ...known].map((o) =>
            make('option', { value: o }, o),
          ),
        );
        input.value = text;
        return field.kind === 'picture' ? { input, extra: [uploadButton(input)] } : { input };
      }
      case 'seed': {
        const input = make('input', { ...common, inputmode: 'numeric', autocomplete: 'off' });
        input.value = text;
        const roll = () => {
          input.value = anySeed();
        };
        return {
          input,
          extra: [
            make(
              'button',
              {
                type: 'button',
                class: 'dice',
                click: roll,
                'aria-label': `New ${field.label.toLowerCase()}`,
              },
              '⚄',
            ),
          ],
        };
      }
      default: {
        const mode = { int: 'numeric', float: 'decimal' }[field.kind];
        const input = make('input', { ...common, inputmode: mode, autocomplete: 'off' });
        input.value = text;
        return { input };
      }
    }
  }

  /** @param {HTMLSelectElement} select */
  function uploadButton(select) {
    const picked = async (/** @type {Event} */ event) => {
      const file = /** @type {HTMLInputElement} */ (event.target).files?.[0];
      if (!file) return;
      try {
        const name = await upload(file);
        if (![...select.options].some(({ value }) => value === name))
          select.append(make('option', { value: name }, name));
        select.value = name;
      } catch (error) {
        trouble(error);
      }
    };
    return make(
      'label',
      { class: 'button' },
      'Upload',
      make('input', { type: 'file', accept: 'image/*', change: picked }),
    );
  }

  function again() {
    const seed = controls.find(({ field }) => field.kind === 'seed');
    seed?.set(anySeed());
    place.requestSubmit();
  }

  /** @param {Reading} given @param {string} name */
  function show(given, name) {
    reading = given;
    controls = [];
    const { main, groups, missing } = given.form;
    const pairs = main.filter(({ kind }) => ['int', 'float'].includes(kind));
    const above = main.filter(({ kind }) => ['lines', 'text', 'seed'].includes(kind)).map(row);
    const numbers = pairs.map(row);
    const below = main
      .filter(({ kind }) => ['choice', 'picture', 'switch'].includes(kind))
      .map(row);
    const rest = groups.map(({ title: heading, fields }) =>
      make('fieldset', {}, make('legend', {}, heading), ...fields.map(row)),
    );
    place.replaceChildren(
      make('p', { class: 'file' }, make('span', {}, title(name))),
      ...missing.map(({ label, value, folder }) =>
        make(
          'p',
          { class: 'warning' },
          `${label}: ${value} is not on this machine.`,
          folder ? ` Put it into models/${folder}, or choose another.` : ' Choose another.',
        ),
      ),
      ...given.notes.map((note) => make('p', { class: 'warning' }, note)),
      ...above,
      make('div', { class: 'numbers' }, ...numbers),
      ...below,
      rest.length > 0 ? make('details', {}, make('summary', {}, 'All settings'), ...rest) : '',
      make(
        'div',
        { class: 'actions' },
        make('button', { class: 'primary', type: 'submit' }, 'Run'),
        hasSeed(given) && make('button', { type: 'button', click: again }, 'New seed and run'),
      ),
    );
    place.hidden = false;
  }

  return {
    show,
    focus: () => controls[0]?.input.focus(),
    /** The workflow as the form has it, and what goes into the picture with it. */
    workflow: () => {
      if (!reading) throw new Error('internal: no workflow is open');
      const { prompt, extra } = reading;
      // main fields last: what follows them follows them
      const moved = controls
        .map(({ field, get }) => ({ field, value: get() }))
        .filter(({ field, value }) => value !== field.value);
      if (moved.length === 0) return { prompt, extra };
      const changes = moved
        .toReversed()
        .flatMap(({ field, value }) => changesOf(prompt, field, value));
      // the editor's own form of the workflow would tell the old values
      const { workflow: _, ...others } = extra;
      return { prompt: changed(prompt, changes), extra: others };
    },
  };
}

/** @param {Reading} reading */
const hasSeed = ({ form }) => form.main.some(({ kind }) => kind === 'seed');
