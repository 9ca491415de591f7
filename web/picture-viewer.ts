// Shows a picture at full size with its settings. Arrow keys show the next one, Escape closes.
import { deleteHistoryEntry, pictureUrl, readGraph } from './api.ts';
import { closeButton } from './dialog.ts';
import { create, download, find } from './dom.ts';
import { displayText, printJson } from './exact-json.ts';
import type { Frame } from './history-frames.ts';
import { showError } from './problem.ts';

export interface ViewerEvents {
  /** Runs the frame's workflow with a new seed. */
  runAgain(frame: Frame): void;
  /** Opens the frame's workflow in the form. */
  edit(frame: Frame): void;
  /** The entry of a frame was deleted from the history. */
  removed(): void;
}

export class PictureViewer {
  readonly #dialog = find<HTMLDialogElement>('#viewer');
  readonly #events: ViewerEvents;
  #frames: readonly Frame[] = [];
  #index = 0;

  constructor(events: ViewerEvents) {
    this.#events = events;
    this.#dialog.addEventListener('keydown', ({ key }) => {
      if (key === 'ArrowLeft') this.#goTo(this.#index - 1);
      if (key === 'ArrowRight') this.#goTo(this.#index + 1);
    });
    this.#dialog.addEventListener('click', ({ target }) => {
      if (target === this.#dialog) this.#dialog.close();
    });
  }

  open(frames: readonly Frame[], index: number): void {
    this.#frames = frames;
    this.#index = Math.max(0, index);
    this.#render();
    this.#dialog.showModal();
  }

  #goTo(index: number): void {
    if (!this.#frames[index]) return;
    const focusedClass = document.activeElement?.className;
    this.#index = index;
    this.#render();
    const sameButton = focusedClass
      ? this.#dialog.querySelector(`[class="${focusedClass}"]:not(:disabled)`)
      : undefined;
    if (sameButton instanceof HTMLElement) sameButton.focus();
    else this.#dialog.focus();
  }

  #render(): void {
    const frame = this.#frames[this.#index];
    const { picture } = frame;
    if (!picture) return;
    const settings = create('dl');
    const url = pictureUrl(picture);
    this.#dialog.replaceChildren(
      create('figure', {}, create('img', { src: url, alt: frame.description })),
      create(
        'div',
        { class: 'facts' },
        this.#header(picture.filename),
        settings,
        this.#actions(frame, url, picture.filename),
        create(
          'p',
          { class: 'quiet' },
          'The picture contains its workflow: open it here or in ComfyUI. Removing it from the ' +
            'contact sheet does not delete the file.',
        ),
      ),
    );
    void this.#addSettings(frame, settings);
  }

  #header(filename: string): HTMLElement {
    return create(
      'div',
      { class: 'top' },
      this.#stepButton('previous', '←', this.#index - 1, 'Newer picture'),
      this.#stepButton('next', '→', this.#index + 1, 'Older picture'),
      create('h2', {}, filename),
      closeButton(() => this.#dialog.close()),
    );
  }

  #stepButton(name: string, sign: string, index: number, label: string): HTMLButtonElement {
    const properties = {
      type: 'button',
      class: `step ${name}`,
      'aria-label': label,
      disabled: !this.#frames[index],
      click: () => this.#goTo(index),
    };
    return create('button', properties, sign);
  }

  #actions(frame: Frame, url: string, filename: string): HTMLElement {
    const { runAgain, edit } = this.#events;
    const closeAnd = (action: (frame: Frame) => void) => () => {
      this.#dialog.close();
      action(frame);
    };
    const button = (text: string, click: () => unknown, style?: string) =>
      create('button', { type: 'button', class: style, click }, text);
    const workflowName = `${filename.replace(/\.\w+$/, '')}.json`;
    return create(
      'div',
      { class: 'actions' },
      button('Run again with a new seed', closeAnd(runAgain), 'primary'),
      button('Open in the form', closeAnd(edit)),
      create('a', { class: 'button', href: url, download: filename }, 'Download picture'),
      button('Download workflow', () => download(workflowName, printJson(frame.prompt))),
      button('Remove from contact sheet', () => this.#remove(frame), 'plain'),
    );
  }

  async #addSettings({ prompt }: Frame, list: HTMLElement): Promise<void> {
    try {
      const { form } = await readGraph(prompt);
      for (const { label, value } of form.main) {
        const text = displayText(value);
        if (text !== '') list.append(settingRow(label, text));
      }
    } catch (error) {
      showError(error);
    }
  }

  async #remove({ id }: Frame): Promise<void> {
    try {
      await deleteHistoryEntry(id);
      this.#dialog.close();
      this.#events.removed();
    } catch (error) {
      showError(error);
    }
  }
}

const settingRow = (label: string, text: string): HTMLElement =>
  create(
    'div',
    { class: text.length < 8 ? 'short' : undefined },
    create('dt', {}, label),
    create('dd', {}, text),
  );
