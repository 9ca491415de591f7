// @ts-check
// The history as a contact sheet: a frame per picture, the newest first.
import { make, the } from './dom.js';
import { shown } from './json.js';
import { about } from './queue.js';
import { history, pictureAddress } from './server.js';

const PAGE = 60;
const RUN_ENDED_BADLY = 'error';

/** @typedef {{id: string, number: string, prompt: any, extra: any, picture?: import('./server.js').Picture, error?: string, about: string}} Frame */

/** The frames of an entry of the history: its saved pictures, else its temporary ones; or what went wrong. @param {string} id @param {any} entry @returns {Frame[]} */
export function framesOf(id, { prompt: [number, , prompt, extraData], outputs, status }) {
  const common = {
    id,
    number: shown(number),
    prompt,
    extra: extraData?.extra_pnginfo ?? {},
    about: about(prompt),
  };
  const all = Object.values(outputs ?? {}).flatMap((/** @type {any} */ made) => made.images ?? []);
  const pictures = all.filter(({ filename }) => /\.(png|webp|jpe?g)$/i.test(filename));
  const kept = pictures.filter(({ type }) => type === 'output');
  if (pictures.length > 0)
    return (kept.length > 0 ? kept : pictures).map((picture) => ({ ...common, picture }));
  if (status?.status_str !== RUN_ENDED_BADLY) return [];
  const failure = status.messages?.find(
    (/** @type {any} */ [type]) => type === 'execution_error',
  )?.[1];
  return failure ? [{ ...common, error: failure.exception_message ?? 'It failed.' }] : [];
}

/** @param {{open: (frames: Frame[], at: number) => void, failed: (frame: Frame) => void}} events */
export function createSheet({ open, failed }) {
  const list = the('#sheet ul');
  const empty = the('#sheet .empty');
  const more = /** @type {HTMLButtonElement} */ (the('#more'));
  let wanted = PAGE;
  /** @type {Map<string, HTMLElement>} */
  let known = new Map();

  /** @param {Frame} frame @param {() => void} click */
  const tile = (frame, click) => {
    const { picture, error, number } = frame;
    const label = `${picture ? 'Picture' : 'Failed'} ${number}: ${frame.about}`;
    const inside = picture
      ? make('img', {
          src: pictureAddress(picture, true),
          alt: '',
          loading: 'lazy',
          decoding: 'async',
        })
      : make('span', { class: 'error' }, error ?? '');
    const name = make('span', { class: 'number', 'aria-hidden': 'true' }, number);
    return make(
      'li',
      {},
      make('button', { type: 'button', click, 'aria-label': label, title: frame.about }, inside),
      name,
    );
  };

  const refresh = async () => {
    const entries = Object.entries(await history(wanted));
    const frames = entries.reverse().flatMap(([id, entry]) => framesOf(id, entry));
    const pictures = frames.filter(({ picture }) => picture);
    const tiles = new Map();
    for (const [i, frame] of frames.entries()) {
      const key = `${frame.id} ${i - frames.findIndex(({ id }) => id === frame.id)}`;
      const click = () =>
        frame.picture
          ? open(
              current.pictures,
              current.pictures.findIndex(
                (p) => p.id === frame.id && p.picture?.filename === frame.picture?.filename,
              ),
            )
          : failed(frame);
      tiles.set(key, known.get(key) ?? tile(frame, click));
    }
    known = tiles;
    current.pictures = pictures;
    const [before, focused] = [[...list.children], document.activeElement];
    const after = [...tiles.values()];
    if (before.length !== after.length || before.some((element, i) => element !== after[i]))
      list.replaceChildren(...after);
    if (focused instanceof HTMLElement && list.contains(focused)) focused.focus();
    empty.hidden = frames.length > 0;
    more.hidden = entries.length < wanted;
  };
  /** What is shown now; tiles outlive a refresh. @type {{pictures: Frame[]}} */
  const current = { pictures: [] };
  more.addEventListener('click', () => {
    wanted += PAGE;
    void refresh();
  });
  return { refresh };
}
