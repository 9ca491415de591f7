// A dialog with thumbnails of the pictures that a field can have.
import { openDialog } from './dialog.ts';
import { create } from './dom.ts';
import { matching, pictureOf } from './picture-names.ts';
import { thumbnailUrl } from './pictures-api.ts';

/** Thumbnails that are added at once. */
const PAGE_SIZE = 60;
const THUMBNAIL_SIDE = 256;

export interface PictureChoice {
  readonly title: string;
  /** Values of the field. */
  readonly values: readonly string[];
  readonly current: string;
}

/** Resolves with the value that was chosen; undefined when the dialog was closed. */
export function choosePicture({
  title,
  values,
  current,
}: PictureChoice): Promise<string | undefined> {
  return new Promise((resolve) => {
    let chosen: string | undefined;
    const choose = (value: string): void => {
      chosen = value;
      dialog.close();
    };
    const search = create('input', { type: 'search', 'aria-label': 'Search pictures' });
    search.placeholder = 'Search';
    const list = create('ul', { class: 'tiles' });
    const count = create('p', { class: 'quiet', role: 'status' });
    const more = create('button', { type: 'button' }, 'Show more');
    let found: readonly string[] = [];
    const showMore = (): void => {
      const shown = list.children.length;
      const added = found.slice(shown, shown + PAGE_SIZE);
      list.append(...added.map((value) => tile(value, value === current, choose)));
      more.hidden = list.children.length >= found.length;
    };
    const update = (): void => {
      found = matching(values, search.value, (value) => value);
      list.replaceChildren();
      showMore();
      count.textContent = countText(found.length, values.length);
    };
    search.addEventListener('input', update);
    more.addEventListener('click', () => {
      const next = list.children.length;
      showMore();
      list.children[next]?.querySelector('button')?.focus();
    });
    const dialog = openDialog({
      style: 'chooser',
      title,
      content: [search, count, create('div', { class: 'scroll' }, list, more)],
      closed: () => resolve(chosen),
    });
    update();
    const selected = list.querySelector<HTMLElement>('[aria-current]');
    (selected ?? search).focus();
  });
}

function countText(found: number, all: number): string {
  if (all === 0) return 'The folder has no pictures yet.';
  if (found === 0) return 'No picture has such a name.';
  return found === all ? `${all} pictures` : `${found} of ${all} pictures`;
}

function tile(value: string, isCurrent: boolean, choose: (value: string) => void): HTMLLIElement {
  const picture = pictureOf(value);
  const image = create('img', {
    src: thumbnailUrl(picture, THUMBNAIL_SIDE),
    alt: '',
    loading: 'lazy',
    decoding: 'async',
  });
  // its name is below
  image.addEventListener('error', () => image.replaceWith(create('span', {}, 'No preview')));
  return create(
    'li',
    {},
    create(
      'button',
      {
        type: 'button',
        'aria-current': isCurrent && 'true',
        title: value,
        click: () => choose(value),
      },
      create('span', { class: 'frame' }, image),
      create('span', { class: 'name' }, value),
    ),
  );
}
