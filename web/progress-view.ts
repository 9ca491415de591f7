// The job that runs now: previews, progress as text and as a bar, the finished picture.
import type { StoredImage } from '../src/server/api-types.ts';
import { pictureUrl } from './api.ts';
import { announce, create, find } from './dom.ts';
import { rateText, StepTimer, timeLeftText } from './time-left.ts';

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
  #timer = new StepTimer();

  /** A job has started. */
  start(): void {
    this.#section.hidden = false;
    this.#bar.hidden = false;
    this.#bar.removeAttribute('value');
    this.#section.classList.add('working');
    this.#caption.textContent = 'Starting …';
    this.#announced = 0;
    this.#timer = new StepTimer();
    if (this.#oneColumn.matches) this.#section.scrollIntoView({ block: 'start' });
    announce('Started');
  }

  showNode(name: string): void {
    this.#caption.textContent = name;
  }

  /** `key` names the node of the job. */
  showStep(key: string, node: string, step: number, total: number): void {
    const share = step / total;
    const now = performance.now();
    this.#timer.record(key, step, total, now);
    const [rate, seconds] = [this.#timer.rate(), this.#timer.secondsLeft(now)];
    const left = seconds === undefined || step >= total ? undefined : timeLeftText(seconds);
    this.#bar.value = share;
    this.#caption.replaceChildren(
      `${node}, step ${step} of ${total}`,
      rate === undefined ? '' : create('small', {}, rateText(rate)),
      left === undefined ? '' : create('small', {}, left),
    );
    if (share < this.#announced) this.#announced = 0;
    if (share < this.#announced + ANNOUNCE_EVERY) return;
    this.#announced = share;
    announce([`Step ${step} of ${total}`, left].filter(Boolean).join(', '));
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
