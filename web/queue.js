// @ts-check
// What runs and waits, each with a way to stop it.
import { make, say, the } from './dom.js';
import { shown } from './json.js';
import { cancel, queue } from './server.js';

/** The longest text among a workflow's widgets: what it is about. @param {any} prompt */
export const about = (prompt) =>
  Object.values(prompt)
    .flatMap((/** @type {any} */ node) => Object.values(node.inputs))
    .filter((value) => typeof value === 'string' && value.includes(' '))
    .map(shown)
    .reduce((longest, text) => (text.length > longest.length ? text : longest), '') || 'Workflow';

/** @param {(error: unknown) => void} trouble */
export function createQueue(trouble) {
  const place = the('#queue');
  const list = the('#queue ol');

  /** @param {any[]} item @param {boolean} running */
  const row = ([, id, prompt], running) => {
    const stop = async (/** @type {Event} */ event) => {
      /** @type {HTMLButtonElement} */ (event.target).disabled = true;
      try {
        await cancel(id);
        say(running ? 'Stopped' : 'Taken out');
      } catch (error) {
        trouble(error);
      }
    };
    const text = about(prompt);
    return make(
      'li',
      { class: running ? 'running' : undefined },
      make('span', { class: 'state' }, running ? 'Running' : 'Waiting'),
      make('span', { class: 'about' }, text),
      make(
        'button',
        { type: 'button', click: stop, 'aria-label': `${running ? 'Stop' : 'Take out'}: ${text}` },
        running ? 'Stop' : 'Take out',
      ),
    );
  };

  return {
    /** Asks the server anew. */
    refresh: async () => {
      const { queue_running, queue_pending } = await queue();
      const waiting = queue_pending.toSorted(
        (/** @type {any} */ a, /** @type {any} */ b) => Number(shown(a[0])) - Number(shown(b[0])),
      );
      const rows = [
        ...queue_running.map((/** @type {any} */ item) => row(item, true)),
        ...waiting.map((/** @type {any} */ item) => row(item, false)),
      ];
      const focused = [...list.children].findIndex((child) =>
        child.contains(document.activeElement),
      );
      list.replaceChildren(...rows);
      place.hidden = rows.length === 0;
      if (focused >= 0) rows[Math.min(focused, rows.length - 1)]?.querySelector('button')?.focus();
    },
  };
}
