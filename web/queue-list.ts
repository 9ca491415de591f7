// The running and waiting jobs, each with a button that stops or removes it.
import type { QueueItem } from '../src/server/api-types.ts';
import { cancelJob, clearQueue, listQueue } from './api.ts';
import { announce, create, find } from './dom.ts';
import { displayText, type JsonNumber, type JsonValue } from './exact-json.ts';
import { jobFacts, originText } from './history-frames.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { attemptOn } from './problem.ts';

export interface QueueList {
  /** Shows the queue as the server has it now. */
  refresh(): Promise<void>;
}

type Item = QueueItem<JsonValue, JsonNumber>;

/** Waiting jobs that are listed; the others are counted. */
const SHOWN = 20;

/** Creates the list of jobs in the page's queue section. */
export function createQueueList(): QueueList {
  const section = find('#queue');
  const list = find('#queue ol');
  const rest = find('#queue .quiet');
  const clearButton = find<HTMLButtonElement>('#clear-queue');
  clearButton.addEventListener('click', () =>
    attemptOn(clearButton, async () => {
      await clearQueue();
      announce('Waiting jobs removed');
    }),
  );
  const show = async (): Promise<void> => {
    const { queue_running, queue_pending } = await listQueue();
    const numberOf = ([number]: Item): number => Number(displayText(number));
    const pending = queue_pending.toSorted((a, b) => numberOf(a) - numberOf(b));
    const rows = [
      ...queue_running.map((item) => queueRow(item, true)),
      ...pending.slice(0, SHOWN).map((item) => queueRow(item, false)),
    ];
    const focused = [...list.children].findIndex((child) => child.contains(document.activeElement));
    list.replaceChildren(...rows);
    section.hidden = rows.length === 0;
    rest.textContent = pending.length > SHOWN ? `${pending.length - SHOWN} more are waiting.` : '';
    rest.hidden = pending.length <= SHOWN;
    clearButton.hidden = pending.length < 2;
    if (focused >= 0) rows[Math.min(focused, rows.length - 1)]?.querySelector('button')?.focus();
  };
  return { refresh: oneAtATime(show) };
}

function queueRow(item: Item, running: boolean): HTMLLIElement {
  const facts = jobFacts(item);
  const origin = originText(facts);
  const action = running ? 'Cancel' : 'Remove';
  const label = `${action}: ${facts.description}${origin && `, ${origin}`}`;
  const button = create('button', { type: 'button', 'aria-label': label }, action);
  button.addEventListener('click', () =>
    attemptOn(button, async () => {
      await cancelJob(item[1]);
      announce(running ? 'Cancelled' : 'Removed');
    }),
  );
  return create(
    'li',
    { class: running ? 'running' : undefined },
    create('span', { class: 'state' }, running ? 'Running' : 'Waiting'),
    create(
      'span',
      { class: 'about', title: facts.description },
      facts.description,
      create('small', {}, origin),
    ),
    button,
  );
}
