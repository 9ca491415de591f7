// The mask editor: draws on an input picture what is to be painted anew, and saves the picture with
// the mask in its alpha channel.
import type { StoredImage } from '../src/server/api-types.ts';
import { pictureUrl, RequestError } from './api.ts';
import { openDialog } from './dialog.ts';
import { create } from './dom.ts';
import { MaskCanvas } from './mask-canvas.ts';
import type { MaskOperation } from './mask-history.ts';
import { MaskSurface } from './mask-surface.ts';
import { MaskTools } from './mask-tools.ts';
import { pictureOf } from './picture-names.ts';
import { opaqueUrl, readableUrl, uploadMask } from './pictures-api.ts';

/** As many as the server decodes (src/server/http/view-images.ts). */
const MAX_PIXELS = 2 ** 26;
const MAX_SIDE = Math.sqrt(MAX_PIXELS);

/**
 * Lets the user draw a mask on the picture that a field's value names. Resolves with the value that
 * names the saved picture; undefined when nothing was saved. Throws a RequestError for a picture
 * that can't be edited.
 */
export async function drawMask(value: string): Promise<string | undefined> {
  const original = pictureOf(value);
  const picture = await loadPicture(original);
  const mask = new MaskCanvas(picture);
  const shown = mask.hasAlpha ? await opaque(original, picture) : picture;
  shown.alt = '';
  return new Promise((resolve) => new MaskEditor(original, mask, shown, resolve));
}

async function loadPicture(original: StoredImage): Promise<HTMLImageElement> {
  const { filename } = original;
  const picture = await load(pictureUrl(original))
    .catch(() => load(readableUrl(original)))
    .catch(() => {
      throw new RequestError(`${filename} can't be shown.`, [
        'Choose or upload a picture first; the server may have no such file.',
      ]);
    });
  const { naturalWidth: width, naturalHeight: height } = picture;
  if (width * height <= MAX_PIXELS) return picture;
  throw new RequestError(`${filename} is too large to draw on: ${width} × ${height} pixels.`, [
    `Make it smaller first, to at most ${MAX_SIDE} × ${MAX_SIDE}.`,
  ]);
}

/** The picture with its colours where it is transparent, if the server can make it. */
async function opaque(original: StoredImage, picture: HTMLImageElement): Promise<HTMLImageElement> {
  const image = await load(opaqueUrl(original)).catch(() => picture);
  const { naturalWidth, naturalHeight } = picture;
  const isSame = image.naturalWidth === naturalWidth && image.naturalHeight === naturalHeight;
  return isSame ? image : picture;
}

async function load(url: string): Promise<HTMLImageElement> {
  const image = new Image();
  await new Promise((resolve, reject) => {
    image.onload = resolve;
    image.onerror = reject;
    image.src = url;
  });
  return image;
}

class MaskEditor {
  readonly #original: StoredImage;
  readonly #mask: MaskCanvas;
  readonly #surface: MaskSurface;
  readonly #tools: MaskTools;
  readonly #dialog: HTMLDialogElement;
  readonly #status = create('p', { class: 'quiet', role: 'status' });
  readonly #problem = create('p', { class: 'warning', role: 'alert' });
  readonly #save = button('Save mask', () => void this.#saveMask(), 'primary');
  readonly #question = create('p', { class: 'question', role: 'alert', hidden: true });
  #saved: string | undefined;

  constructor(
    original: StoredImage,
    mask: MaskCanvas,
    picture: HTMLImageElement,
    done: (value: string | undefined) => void,
  ) {
    this.#original = original;
    this.#mask = mask;
    const { width, height } = mask.size;
    this.#tools = new MaskTools(Math.min(width, height), {
      undo: () => this.#report(mask.undo() ? 'Undone' : 'Nothing to undo'),
      redo: () => this.#report(mask.redo() ? 'Redone' : 'Nothing to redo'),
      clear: () => this.#apply({ kind: 'clear' }, 'Cleared'),
      invert: () => this.#apply({ kind: 'invert' }, 'Inverted'),
      zoomIn: () => this.#surface.zoom(1),
      zoomOut: () => this.#surface.zoom(-1),
      fit: () => this.#surface.fit(),
      changed: () => this.#surface?.update(),
    });
    this.#surface = new MaskSurface(picture, mask, this.#tools, { drawn: () => this.#report('') });
    this.#dialog = openDialog({
      style: 'mask-editor',
      title: `Mask of ${original.filename}`,
      content: [this.#surface.element, this.#tools.element, this.#footer()],
      mayClose: () => this.#mayClose(),
      closed: () => done(this.#saved),
    });
    this.#dialog.addEventListener('keydown', (event) => this.#press(event));
    this.#surface.fit();
    this.#report(mask.hasAlpha ? 'The mask of the picture is shown.' : 'Draw what is to change.');
    this.#surface.element.focus();
  }

  #footer(): HTMLElement {
    this.#question.append(
      create('span', {}, 'The mask is not saved.'),
      button('Discard it', () => this.#dialog.close()),
      button('Keep drawing', () => this.#showQuestion(false)),
    );
    return create(
      'div',
      { class: 'mask-footer' },
      this.#status,
      this.#problem,
      this.#question,
      create(
        'div',
        { class: 'actions' },
        button('Cancel', () => this.#mayClose() && this.#dialog.close()),
        this.#save,
      ),
    );
  }

  #press(event: KeyboardEvent): void {
    const { target } = event;
    if (target === this.#surface.element && this.#surface.press(event)) event.preventDefault();
    else if (this.#tools.press(event)) event.preventDefault();
  }

  #apply(operation: MaskOperation, message: string): void {
    this.#mask.apply(operation);
    this.#report(message);
  }

  #report(message: string): void {
    this.#status.textContent = message;
    this.#tools.enable(this.#mask.history);
  }

  /** A mask that was changed is not discarded without a question; a second call hides it. */
  #mayClose(): boolean {
    if (!this.#mask.history.isChanged) return true;
    this.#showQuestion(this.#question.hidden === true);
    return false;
  }

  #showQuestion(isShown: boolean): void {
    this.#question.hidden = !isShown;
    if (isShown) this.#question.querySelector('button')?.focus();
    else this.#surface.element.focus();
  }

  async #saveMask(): Promise<void> {
    this.#problem.textContent = '';
    this.#status.textContent = 'Saving …';
    this.#save.disabled = true;
    try {
      this.#saved = await uploadMask(this.#original, await this.#mask.alpha());
      this.#dialog.close();
    } catch (error) {
      this.#status.textContent = '';
      const details = error instanceof RequestError ? error.details : [];
      const message = error instanceof Error ? error.message : String(error);
      this.#problem.textContent = ['The mask was not saved.', message, ...details].join(' ');
      this.#save.disabled = false;
      this.#save.focus();
    }
  }
}

const button = (text: string, click: () => void, style?: string): HTMLButtonElement =>
  create('button', { type: 'button', class: style, click }, text);
