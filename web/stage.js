// @ts-check
// What is being made now: previews, progress in words and as a bar, the finished picture.
import { make, say, the } from './dom.js';
import { pictureAddress } from './server.js';

const SPOKEN = 0.25;

export function createStage() {
  const place = the('#stage');
  const oneColumn = matchMedia('(max-width: 55.99rem)');
  const image = /** @type {HTMLImageElement} */ (the('#stage img'));
  const caption = the('#stage figcaption');
  const bar = /** @type {HTMLProgressElement} */ (the('#stage progress'));
  let shownUrl = '';
  let spoken = 0;

  /** @param {string} url @param {string} alt */
  const picture = (url, alt) => {
    if (shownUrl.startsWith('blob:')) URL.revokeObjectURL(shownUrl);
    shownUrl = url;
    image.src = url;
    image.alt = alt;
    image.hidden = false;
  };

  return {
    /** A job begins. */
    begin: () => {
      place.hidden = false;
      bar.hidden = false;
      bar.removeAttribute('value');
      place.classList.add('working');
      caption.textContent = 'Starting …';
      spoken = 0;
      if (oneColumn.matches) place.scrollIntoView({ block: 'start' });
      say('Started');
    },
    /** @param {string} name */
    node: (name) => {
      caption.textContent = name;
    },
    /** @param {string} name @param {number} value @param {number} max */
    progress: (name, value, max) => {
      bar.value = value / max;
      caption.textContent = `${name}, step ${value} of ${max}`;
      if (value / max < spoken) spoken = 0;
      if (value / max < spoken + SPOKEN) return;
      spoken = value / max;
      say(`Step ${value} of ${max}`);
    },
    /** @param {Blob} blob */
    preview: (blob) =>
      picture(URL.createObjectURL(blob), 'Preview of the picture that is being made'),
    /** @param {import('./server.js').Picture} made */
    made: (made) => picture(pictureAddress(made), 'The picture that was made last'),
    /** @param {string} [said] */
    end: (said = 'Done') => {
      place.classList.remove('working');
      bar.hidden = true;
      caption.textContent = said;
      say(said);
    },
    /** @param {string} message */
    failed: (message) => {
      place.hidden = false;
      place.classList.remove('working');
      bar.hidden = true;
      caption.replaceChildren(make('span', { class: 'warning' }, message));
      say(`Failed: ${message}`);
    },
  };
}
