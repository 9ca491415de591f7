// The running and waiting jobs, each with a button that stops or removes it.
import type { QueueItem } from '../src/server/api-types.ts';
import { cancelJob, listQueue } from './api.ts';
import { announce, create, find } from './dom.ts';
import { displayText, type JsonNumber, type JsonValue } from './exact-json.ts';
import { describeGraph } from './history-frames.ts';

export interface QueueList {
  /** Shows the queue as the server has it now. */
  refresh(): Promise<void>;
}

type Item = QueueItem<JsonValue, JsonNumber>;
type OnError = (error: unknown) => void;

/** Creates the list of jobs in the page's queue section. */
export function createQueueList(onError: OnError): QueueList {
  const section = find('#queue');
  const list = find('#queue ol');
  return {
    refresh: async () => {
      const { queue_running, queue_pending } = await listQueue();
      const numberOf = ([number]: Item): number => Number(displayText(number));
      const pending = queue_pending.toSorted((a, b) => numberOf(a) - numberOf(b));
      const rows = [
        ...queue_running.map((item) => queueRow(item, true, onError)),
        ...pending.map((item) => queueRow(item, false, onError)),
      ];
      const focused = [...list.children].findIndex((child) =>
        child.contains(document.activeElement),
      );
      list.replaceChildren(...rows);
      section.hidden = rows.length === 0;
      if (focused >= 0) rows[Math.min(focused, rows.length - 1)]?.querySelector('button')?.focus();
    },
  };
}

function queueRow([, id, prompt]: Item, running: boolean, onError: OnError): HTMLLIElement {
  const description = describeGraph(prompt);
  const action = running ? 'Stop' : 'Remove';
  const button = create(
    'button',
    { type: 'button', 'aria-label': `${action}: ${description}` },
    action,
  );
  button.addEventListener('click', async () => {
    button.disabled = true;
    try {
      await cancelJob(id);
      announce(running ? 'Stopped' : 'Removed');
    } catch (error) {
      onError(error);
    }
  });
  return create(
    'li',
    { class: running ? 'running' : undefined },
    create('span', { class: 'state' }, running ? 'Running' : 'Waiting'),
    create('span', { class: 'about' }, description),
    button,
  );
}
