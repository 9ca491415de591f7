// The history as a contact sheet, the newest frame first.
import { clearHistory, listHistory, pictureUrl } from './api.ts';
import { announce, create, find, replaceChanged } from './dom.ts';
import { type Frame, framesOf, originText } from './history-frames.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { showError } from './problem.ts';

const PAGE_SIZE = 60;

export interface ContactSheetEvents {
  /** A picture was chosen: all pictures of the sheet, and the index of this one. */
  open(frames: readonly Frame[], index: number): void;
  /** The frame of a failed job was chosen. */
  openFailed(frame: Frame): void;
}

export interface ContactSheet {
  /** Shows the history as the server has it now. */
  refresh(): Promise<void>;
}

/** Creates the contact sheet in the page's list. */
export function createContactSheet(events: ContactSheetEvents): ContactSheet {
  const list = find('#sheet ul');
  const emptyNote = find('#sheet .empty');
  const moreButton = find<HTMLButtonElement>('#more');
  const clearButton = find<HTMLButtonElement>('#clear-sheet');
  let count = PAGE_SIZE;
  /** Tiles outlive a refresh, so that pictures are not loaded again. */
  let tiles = new Map<string, HTMLElement>();
  let pictures: readonly Frame[] = [];

  const choose = (frame: Frame): void => {
    if (!frame.picture) events.openFailed(frame);
    else events.open(pictures, indexOfPicture(pictures, frame));
  };
  const show = async (): Promise<void> => {
    const entries = Object.entries(await listHistory(count));
    const frames = entries.reverse().flatMap(([id, entry]) => framesOf(id, entry));
    const previous = tiles;
    tiles = new Map(
      frames.map((frame, i) => {
        const key = tileKey(frames, i);
        return [key, previous.get(key) ?? createTile(frame, () => choose(frame))];
      }),
    );
    pictures = frames.filter(({ picture }) => picture);
    replaceChanged(list, [...tiles.values()]);
    emptyNote.hidden = frames.length > 0;
    clearButton.hidden = entries.length === 0;
    moreButton.hidden = entries.length < count;
  };
  // otherwise an older answer could arrive after a newer one
  const refresh = oneAtATime(show);
  clearButton.addEventListener('click', async () => {
    if (!confirm('Remove everything from the contact sheet? The picture files stay.')) return;
    try {
      await clearHistory();
      await refresh();
      announce('Contact sheet cleared');
      find('#sheet').focus();
    } catch (error) {
      showError(error);
    }
  });
  moreButton.addEventListener('click', () => {
    count += PAGE_SIZE;
    void refresh().catch(showError);
  });
  return { refresh };
}

/** The job, and the position of the frame among those of the job. */
const tileKey = (frames: readonly Frame[], index: number): string => {
  const { id } = frames[index];
  return `${id} ${index - frames.findIndex((frame) => frame.id === id)}`;
};

const indexOfPicture = (pictures: readonly Frame[], { id, picture }: Frame): number =>
  pictures.findIndex((other) => other.id === id && other.picture?.filename === picture?.filename);

function createTile(frame: Frame, onClick: () => void): HTMLLIElement {
  const { picture, number, description } = frame;
  const origin = originText(frame);
  const name = `${number}: ${description}${origin && `, ${origin}`}`;
  const button = picture
    ? create(
        'button',
        { type: 'button', click: onClick, 'aria-label': `Picture ${name}`, title: description },
        create('img', {
          src: pictureUrl(picture, true),
          alt: '',
          loading: 'lazy',
          decoding: 'async',
        }),
      )
    : failedButton(frame, name, onClick);
  return create(
    'li',
    {},
    button,
    create('span', { class: 'about', 'aria-hidden': 'true' }, description),
    create('span', { class: 'number', 'aria-hidden': 'true' }, `${number} ${origin}`),
  );
}

const failedButton = ({ error = '' }: Frame, name: string, click: () => void): HTMLElement =>
  create(
    'button',
    { type: 'button', class: 'failed', click, title: error },
    create('b', {}, 'Failed'),
    create('span', { class: 'hidden' }, ` ${name}. `),
    create('span', { class: 'error' }, error),
  );
