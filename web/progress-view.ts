// The job that runs now: previews, progress as text and as a bar, the finished picture.
import type { StoredImage } from '../src/server/api-types.ts';
import { pictureUrl } from './api.ts';
import { announce, create, find } from './dom.ts';

/** Share of the steps between two announcements. */
const ANNOUNCE_EVERY = 0.25;

export class ProgressView {
  readonly #section = find('#stage');
  readonly #image = find<HTMLImageElement>('#stage img');
  readonly #caption = find('#stage figcaption');
  readonly #bar = find<HTMLProgressElement>('#stage progress');
  readonly #oneColumn = matchMedia('(max-width: 55.99rem)');
  #imageUrl = '';
  /** The share of the steps that was announced last. */
  #announced = 0;

  /** A job has started. */
  start(): void {
    this.#section.hidden = false;
    this.#bar.hidden = false;
    this.#bar.removeAttribute('value');
    this.#section.classList.add('working');
    this.#caption.textContent = 'Starting …';
    this.#announced = 0;
    if (this.#oneColumn.matches) this.#section.scrollIntoView({ block: 'start' });
    announce('Started');
  }

  showNode(name: string): void {
    this.#caption.textContent = name;
  }

  showStep(node: string, step: number, total: number): void {
    const share = step / total;
    this.#bar.value = share;
    this.#caption.textContent = `${node}, step ${step} of ${total}`;
    if (share < this.#announced) this.#announced = 0;
    if (share < this.#announced + ANNOUNCE_EVERY) return;
    this.#announced = share;
    announce(`Step ${step} of ${total}`);
  }

  showPreview(picture: Blob): void {
    this.#showImage(URL.createObjectURL(picture), 'Preview of the picture in progress');
  }

  showPicture(picture: StoredImage): void {
    this.#showImage(pictureUrl(picture), 'Picture made last');
  }

  /** The job has ended without an error. */
  end(message = 'Done'): void {
    this.#stop();
    this.#caption.textContent = message;
    announce(message);
  }

  fail(message: string): void {
    this.#section.hidden = false;
    this.#stop();
    this.#caption.replaceChildren(create('span', { class: 'warning' }, message));
    announce(`Failed: ${message}`);
  }

  /** Removes the error of a failed job. */
  dismissFailure(): void {
    if (!this.#caption.querySelector('.warning')) return;
    this.#caption.textContent = '';
    this.#section.hidden = this.#image.hidden;
  }

  #stop(): void {
    this.#section.classList.remove('working');
    this.#bar.hidden = true;
  }

  #showImage(url: string, alt: string): void {
    if (this.#imageUrl.startsWith('blob:')) URL.revokeObjectURL(this.#imageUrl);
    this.#imageUrl = url;
    this.#image.src = url;
    this.#image.alt = alt;
    this.#image.hidden = false;
  }
}
