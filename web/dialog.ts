// Dialogs that exist while they are open: a title, a button to close it, and content.
import { create } from './dom.ts';

export interface DialogOptions {
  /** Class of the dialog. */
  readonly style: string;
  readonly title: string;
  readonly content: readonly (Node | string)[];
  /** Is called before the dialog closes by Escape or its button; false leaves it open. */
  mayClose?(): boolean;
  /** The dialog was closed, in whatever way. */
  closed?(): void;
}

let opened = 0;

/** Opens a modal dialog above the page, and removes it when it is closed. */
export function openDialog({
  style,
  title,
  content,
  mayClose = () => true,
  closed,
}: DialogOptions): HTMLDialogElement {
  const titleId = `dialog-title-${opened++}`;
  const close = (): void => {
    if (mayClose()) dialog.close();
  };
  const dialog = create(
    'dialog',
    { class: style, 'aria-labelledby': titleId },
    create('div', { class: 'top' }, create('h2', { id: titleId }, title), closeButton(close)),
    ...content,
  );
  dialog.addEventListener('cancel', (event) => {
    // a file chooser inside of the dialog has events of this name too
    if (event.target !== dialog) return;
    event.preventDefault();
    close();
  });
  // a file that is dropped on a dialog or pasted into it is not opened behind it
  const takeFiles = (event: Event, data: DataTransfer | null): void => {
    if (data?.files.length) event.preventDefault();
  };
  dialog.addEventListener('drop', (event) => takeFiles(event, event.dataTransfer));
  dialog.addEventListener('paste', (event) => takeFiles(event, event.clipboardData));
  dialog.addEventListener('close', () => {
    dialog.remove();
    closed?.();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** The button at the top of a dialog. */
export const closeButton = (click: () => void): HTMLButtonElement =>
  create('button', { type: 'button', class: 'close', 'aria-label': 'Close', click }, '×');
