// The controls of a workflow's form: a row per field with label, input and a note about invalid
// values.
import { create } from './dom.ts';
import { displayText, type JsonValue } from './exact-json.ts';
import { type Field, randomSeed, valueOfText } from './form-values.ts';
import { modelTargets } from './model-targets.ts';
import { createPictureChoice } from './picture-field.ts';
import { attempt } from './problem.ts';

export type ControlInput = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

export interface FieldControl {
  readonly field: Field;
  readonly input: ControlInput;
  /** Describes what is wrong with the value. */
  readonly note: HTMLElement;
  /** Label, input and note. */
  readonly row: HTMLElement;
  /** The current value; exactly the field's value as long as its text is unchanged. */
  value(): JsonValue;
}

type Attributes = Readonly<Record<string, unknown>>;

/** `id` is unique on the page. */
export function createControl(field: Field, id: string): FieldControl {
  const text = displayText(field.value);
  const noteId = `${id}-note`;
  const input = createInput(field, text, { id, 'aria-describedby': noteId, title: field.help });
  if (!isCheckbox(input)) input.value = text;
  const note = create('span', { id: noteId, class: 'note' });
  const row = create(
    'div',
    { class: `field ${field.kind}` },
    create('label', { for: id }, field.label),
    withTools(field, input),
    note,
  );
  return { field, input, note, row, value: () => valueOfText(field, textOf(input)) };
}

/** The text of an input; `true` or `false` of a checkbox. */
export const textOf = (input: ControlInput): string =>
  isCheckbox(input) ? String(input.checked) : input.value;

export const isCheckbox = (input: ControlInput): input is HTMLInputElement =>
  input instanceof HTMLInputElement && input.type === 'checkbox';

function createInput(field: Field, text: string, attributes: Attributes): ControlInput {
  switch (field.kind) {
    case 'lines':
      return create('textarea', {
        ...attributes,
        rows: text.length > 90 ? 4 : 2,
        spellcheck: false,
      });
    case 'switch': {
      const input = create('input', { ...attributes, type: 'checkbox' });
      input.checked = field.value === true;
      return input;
    }
    case 'choice':
    case 'picture': {
      const listed = field.options ?? [];
      const options = listed.includes(text) ? listed : [text, ...listed];
      return create('select', attributes, ...options.map(createOption));
    }
    default:
      return create('input', { ...attributes, inputmode: inputMode(field), autocomplete: 'off' });
  }
}

function inputMode({ kind }: Field): string | undefined {
  if (kind === 'float') return 'decimal';
  return kind === 'int' || kind === 'seed' ? 'numeric' : undefined;
}

const createOption = (value: string): HTMLOptionElement => create('option', { value }, value);

/** An input with what helps to fill it in. */
function withTools(field: Field, input: ControlInput): HTMLElement {
  const isSelect = input instanceof HTMLSelectElement;
  if (field.kind === 'picture' && isSelect) return createPictureChoice(field, input);
  const tool =
    field.kind === 'seed'
      ? seedButton(field, input)
      : isSelect && field.folder !== undefined && browseButton(field, input);
  return tool ? create('div', { class: 'beside' }, input, tool) : input;
}

function seedButton({ label }: Field, input: ControlInput): HTMLButtonElement {
  const properties = {
    type: 'button',
    class: 'dice',
    'aria-label': `New ${label.toLowerCase()}`,
    click: () => {
      input.value = randomSeed();
    },
  };
  return create('button', properties, '⚄');
}

/** Opens the model browser for one field. */
function browseButton(field: Field, select: HTMLSelectElement): HTMLButtonElement {
  const browse = async (): Promise<void> => {
    const { browseModels } = await import('./model-browser.ts');
    const [target] = modelTargets([{ field, input: select }]);
    await browseModels([target], target.folder);
  };
  const properties = {
    type: 'button',
    'aria-label': `Browse files for ${field.label}`,
    click: () => void attempt(browse),
  };
  return create('button', properties, 'Browse');
}
