// The gallery: the examples with their pictures, in a dialog that has an address, #gallery.
import type { GalleryExample } from '../src/server/api-types.ts';
import { galleryPictureUrl, listGallery } from './api.ts';
import { openDialog } from './dialog.ts';
import { create } from './dom.ts';
import { attempt } from './problem.ts';

const ADDRESS = '#gallery';

/** Shows the gallery while the page has its address; `open` is given the example that is chosen. */
export function watchGallery(open: (name: string) => void): void {
  let dialog: HTMLDialogElement | undefined;
  const follow = async (): Promise<void> => {
    if (location.hash !== ADDRESS) {
      dialog?.close();
      return;
    }
    const examples = await listGallery().catch((error) => {
      leave();
      throw error;
    });
    // the user may have gone back in the meantime
    if (location.hash === ADDRESS) dialog = showGallery(examples, open);
  };
  const start = (): void => void attempt(follow);
  addEventListener('hashchange', start);
  start();
}

/** Removes the address, so that it can be followed again. */
function leave(): void {
  if (location.hash === ADDRESS)
    history.replaceState(null, '', location.pathname + location.search);
}

function showGallery(
  examples: readonly GalleryExample[],
  open: (name: string) => void,
): HTMLDialogElement {
  const choose = (name: string): void => {
    dialog.close();
    open(name);
  };
  const tiles = examples.map((example) => createTile(example, () => choose(example.name)));
  const dialog = openDialog({
    style: 'chooser gallery',
    title: 'Gallery',
    content: [
      create('p', { class: 'quiet' }, 'Workflows that run on this machine. Choose one to open it.'),
      create('div', { class: 'scroll' }, create('ul', { class: 'tiles' }, ...tiles)),
    ],
    closed: leave,
  });
  return dialog;
}

function createTile(example: GalleryExample, click: () => void): HTMLLIElement {
  const { name, title, description, models, picture } = example;
  // its description is below
  const image = picture && create('img', { src: galleryPictureUrl(name), alt: '' });
  return create(
    'li',
    {},
    create(
      'button',
      { type: 'button', click },
      create('span', { class: 'frame' }, image || 'No picture yet'),
      create('b', {}, title),
      create('span', { class: 'about' }, description),
      models && create('span', { class: 'about' }, `Model: ${models.join(', ')}`),
    ),
  );
}
