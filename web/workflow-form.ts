// The form of a workflow: first the fields that people change most, then all other settings by
// node.
import { displayName } from './display-name.ts';
import { create, find } from './dom.ts';
import { displayText } from './exact-json.ts';
import { createControl, type FieldControl, isCheckbox, textOf } from './form-controls.ts';
import {
  applyChanges,
  changesOf,
  type Field,
  problemOf,
  type RunnableWorkflow,
  randomSeed,
  valueOfText,
  type Workflow,
  withoutEditorWorkflow,
} from './form-values.ts';
import type { ModelTarget } from './model-search.ts';
import { modelTargets } from './model-targets.ts';

export interface WorkflowFormEvents {
  /** The form was submitted, and its values are valid. */
  run(): void;
  /** What the form has besides fields, above its buttons. */
  extras(workflow: Workflow): readonly HTMLElement[];
}

/** The text of a field that was changed. */
export interface Edit {
  readonly id: string;
  readonly input: string;
  /** What a field is found by in a form whose node has another type. */
  readonly label?: string;
  readonly text: string;
}

export interface FormField {
  readonly field: Field;
  readonly name: string;
  /** Its text in the form. */
  readonly text: string;
}

export class WorkflowForm {
  readonly #form = find<HTMLFormElement>('#form');
  readonly #events: WorkflowFormEvents;
  #workflow: Workflow | undefined;
  #name = '';
  #controls: FieldControl[] = [];
  /** Counts controls, for their ids. */
  #created = 0;

  constructor(events: WorkflowFormEvents) {
    this.#events = events;
    this.#form.noValidate = true;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.validate()) events.run();
    });
    document.addEventListener('keydown', (event) => {
      const isRun = event.key === 'Enter' && (event.ctrlKey || event.metaKey);
      const isOpen = !this.#form.hidden && !document.querySelector('dialog[open]');
      if (isRun && isOpen) this.#form.requestSubmit();
    });
  }

  show(workflow: Workflow, name: string): void {
    this.#workflow = workflow;
    this.#name = name;
    this.#controls = [];
    const { main } = workflow.form;
    this.#form.replaceChildren(
      create('p', { class: 'file' }, create('span', {}, displayName(name))),
      ...workflow.notes.map((note) => create('p', { class: 'warning' }, note)),
      ...this.#rows(main, ['lines', 'text', 'seed']),
      create('div', { class: 'numbers' }, ...this.#rows(main, ['int', 'float'])),
      ...this.#rows(main, ['choice', 'picture', 'switch']),
      this.#otherSettings(workflow),
      ...this.#events.extras(workflow),
      this.#actions(main),
    );
    this.#form.hidden = false;
  }

  /** The name of what was opened. */
  get name(): string {
    return this.#name;
  }

  /** Changes the text of the first seed, if there is one. */
  changeSeed(change: (text: string) => string): void {
    const seed = this.#controls.find(({ field }) => field.kind === 'seed');
    if (seed) seed.input.value = change(seed.input.value.trim());
  }

  focus(): void {
    this.#controls[0]?.input.focus();
  }

  /** The field that an input of the form belongs to. */
  fieldOf(target: EventTarget | null): Field | undefined {
    return this.#controls.find(({ input }) => input === target)?.field;
  }

  /** The kind of the field of an input; undefined when there is none. */
  kindOf(id: string, input: string): Field['kind'] | undefined {
    return this.#control(id, input)?.field.kind;
  }

  /** Shows and focuses the field of an input, if there is one. */
  reveal(id: string, input: string): void {
    const control = this.#control(id, input);
    if (control) focusInput(control.input);
  }

  /** The fields whose texts are not those of the workflow. */
  edits(): Edit[] {
    return this.#controls.map(editOf).filter((edit) => edit !== undefined);
  }

  /** Sets the texts of fields; of a node of another type, of those that are labelled the same. */
  fill(edits: readonly Edit[]): void {
    for (const { id, input, label, text } of edits) {
      const control =
        this.#control(id, input) ??
        this.#controls.find(({ field }) => field.id === id && field.label === label);
      if (!control) continue;
      if (isCheckbox(control.input)) control.input.checked = text === 'true';
      else control.input.value = text;
    }
  }

  /** The field that an event is about, if it was changed. */
  changedBy(target: EventTarget | null): Edit | undefined {
    const control = this.#controls.find(({ input }) => input === target);
    return control && editOf(control);
  }

  /** The fields that take model files. */
  modelTargets(): readonly ModelTarget[] {
    return modelTargets(this.#controls);
  }

  #control(id: string, input: string): FieldControl | undefined {
    return this.#controls.find(({ field }) => field.id === id && field.input === input);
  }

  /** All fields; those of several nodes with one name are told apart by the node's id. */
  fields(): FormField[] {
    const titles = new Map(this.#workflow?.form.groups.map(({ id, title }) => [id, title]));
    const isMain = (field: Field): boolean => this.#workflow?.form.main.includes(field) ?? false;
    const named = this.#controls.map(({ field, input }) => ({
      field,
      name: isMain(field) ? field.label : `${titles.get(field.id)}: ${field.label}`,
      text: textOf(input),
    }));
    const counts = new Map<string, number>();
    for (const { name } of named) counts.set(name, (counts.get(name) ?? 0) + 1);
    return named.map((one) =>
      counts.get(one.name) === 1 ? one : { ...one, name: `${one.name} (node ${one.field.id})` },
    );
  }

  /**
   * The workflow with the values of the form, in place of which `edits` count, and its extra data.
   */
  workflow(edits: readonly Edit[] = []): RunnableWorkflow {
    if (!this.#workflow) throw new Error('internal: no workflow is open');
    const { prompt, extra } = this.#workflow;
    const changed = this.#controls
      .map(({ field, value }) => {
        const edit = edits.find(({ id, input }) => id === field.id && input === field.input);
        return { field, value: edit ? valueOfText(field, edit.text) : value() };
      })
      .filter(({ field, value }) => value !== field.value);
    if (changed.length === 0) return { prompt, extra };
    // main fields come last, so that followers have the value of their main field
    const changes = changed
      .toReversed()
      .flatMap(({ field, value }) => changesOf(prompt, field, value));
    return { prompt: applyChanges(prompt, changes), extra: withoutEditorWorkflow(extra) };
  }

  /** Whether all values are valid; marks the invalid fields and focuses the first of them. */
  validate(): boolean {
    const invalid = this.#controls.filter(({ field, input, note }) => {
      const problem = problemOf(field, input.value);
      note.textContent = problem ?? '';
      input.setAttribute('aria-invalid', String(problem !== undefined));
      return problem !== undefined;
    });
    const [first] = invalid;
    if (first) focusInput(first.input);
    return invalid.length === 0;
  }

  #rows(fields: readonly Field[], kinds: readonly Field['kind'][]): HTMLElement[] {
    return fields.filter(({ kind }) => kinds.includes(kind)).map((field) => this.#row(field));
  }

  #row(field: Field): HTMLElement {
    const control = createControl(field, `field-${this.#created++}`);
    this.#controls.push(control);
    return control.row;
  }

  #otherSettings({ form: { groups } }: Workflow): HTMLElement | '' {
    const fieldsets = groups.map(({ title, fields }) =>
      create(
        'fieldset',
        {},
        create('legend', {}, title),
        ...fields.map((field) => this.#row(field)),
      ),
    );
    if (fieldsets.length === 0) return '';
    return create('details', {}, create('summary', {}, 'All settings'), ...fieldsets);
  }

  #actions(main: readonly Field[]): HTMLElement {
    const hasSeed = main.some(({ kind }) => kind === 'seed');
    const runWithNewSeed = () => {
      this.changeSeed(randomSeed);
      this.#form.requestSubmit();
    };
    return create(
      'div',
      { class: 'actions' },
      create('button', { class: 'primary', type: 'submit' }, 'Run'),
      hasSeed && create('button', { type: 'button', click: runWithNewSeed }, 'New seed and run'),
    );
  }
}

function editOf({ field, input }: FieldControl): Edit | undefined {
  const text = textOf(input);
  const { id, label, value } = field;
  return text === displayText(value) ? undefined : { id, input: field.input, label, text };
}

/** Focuses an input, which may be among those that are folded. */
function focusInput(input: HTMLElement): void {
  const details = input.closest('details');
  if (details) details.open = true;
  input.focus();
}
