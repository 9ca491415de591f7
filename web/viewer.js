// @ts-check
// A picture at full size, with what it was made from. Arrows go to the next one, Escape closes.
import { download, make, the } from './dom.js';
import { print, shown } from './json.js';
import { forget, pictureAddress, readPrompt } from './server.js';

/** @typedef {import('./sheet.js').Frame} Frame */

/** @param {string} label @param {string} text */
const fact = (label, text) =>
  make(
    'div',
    { class: text.length < 8 ? 'short' : undefined },
    make('dt', {}, label),
    make('dd', {}, text),
  );

/** @param {{again: (frame: Frame) => void, edit: (frame: Frame) => void, forgotten: () => void, trouble: (error: unknown) => void}} events */
export function createViewer({ again, edit, forgotten, trouble }) {
  const dialog = /** @type {HTMLDialogElement} */ (the('#viewer'));
  /** @type {Frame[]} */
  let frames = [];
  let at = 0;

  const close = () => dialog.close();
  /** @param {() => void} act */
  const closing = (act) => () => {
    close();
    act();
  };

  function show() {
    const frame = frames[at];
    const { picture } = frame;
    if (!picture) return;
    const facts = make('dl', {});
    const url = pictureAddress(picture);
    /** @param {string} name @param {number} to @param {string} text */
    const step = (name, to, text) =>
      make(
        'button',
        {
          type: 'button',
          class: `step ${name}`,
          'aria-label': text,
          disabled: !frames[to],
          click: () => go(to),
        },
        name === 'next' ? '→' : '←',
      );
    dialog.replaceChildren(
      make('figure', {}, make('img', { src: url, alt: frame.about })),
      make(
        'div',
        { class: 'facts' },
        make(
          'div',
          { class: 'top' },
          step('previous', at - 1, 'Newer picture'),
          step('next', at + 1, 'Older picture'),
          make('h2', {}, picture.filename),
          make(
            'button',
            { type: 'button', class: 'close', 'aria-label': 'Close', click: close },
            '×',
          ),
        ),
        facts,
        make(
          'div',
          { class: 'actions' },
          make(
            'button',
            { type: 'button', class: 'primary', click: closing(() => again(frame)) },
            'Run again with a new seed',
          ),
          make('button', { type: 'button', click: closing(() => edit(frame)) }, 'Open in the form'),
          make('a', { class: 'button', href: url, download: picture.filename }, 'Download picture'),
          make(
            'button',
            {
              type: 'button',
              click: () =>
                download(`${picture.filename.replace(/\.\w+$/, '')}.json`, print(frame.prompt)),
            },
            'Download workflow',
          ),
          make(
            'button',
            { type: 'button', class: 'plain', click: remove },
            'Remove from the sheet',
          ),
        ),
        make(
          'p',
          { class: 'quiet' },
          'The picture holds its workflow: drop it here or into ComfyUI. Removing it from the sheet keeps the file.',
        ),
      ),
    );
    void tell(frame, facts);
  }

  /** @param {Frame} frame @param {HTMLElement} facts */
  async function tell(frame, facts) {
    try {
      const { form } = await readPrompt(frame.prompt);
      for (const { label, value } of form.main)
        if (shown(value) !== '') facts.append(fact(label, shown(value)));
    } catch (error) {
      trouble(error);
    }
  }

  async function remove() {
    try {
      await forget(frames[at].id);
      close();
      forgotten();
    } catch (error) {
      trouble(error);
    }
  }

  /** @param {number} to */
  function go(to) {
    if (!frames[to]) return;
    const focused = document.activeElement?.className;
    at = to;
    show();
    const again = focused ? dialog.querySelector(`[class="${focused}"]:not(:disabled)`) : undefined;
    if (again instanceof HTMLElement) again.focus();
    else dialog.focus();
  }

  dialog.addEventListener('keydown', ({ key }) => {
    if (key === 'ArrowLeft') go(at - 1);
    if (key === 'ArrowRight') go(at + 1);
  });
  dialog.addEventListener('click', ({ target }) => {
    if (target === dialog) close();
  });

  return {
    /** @param {Frame[]} given @param {number} index */
    open: (given, index) => {
      frames = given;
      at = Math.max(0, index);
      show();
      dialog.showModal();
    },
  };
}
