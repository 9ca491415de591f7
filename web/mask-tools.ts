// The buttons and sliders of the mask editor, and the keys that do the same.
import { create } from './dom.ts';

/** What the buttons and keys do. */
export interface MaskActions {
  undo(): void;
  redo(): void;
  clear(): void;
  invert(): void;
  zoomIn(): void;
  zoomOut(): void;
  fit(): void;
  /** The brush, the eraser, the size or the opacity changed. */
  changed(): void;
}

/** The size of the brush at first, as a share of the picture's shorter side. */
const FIRST_SHARE = 0.12;
const LARGEST_SHARE = 0.75;
const SIZE_STEP = 1.2;
const FIRST_OPACITY = 60;

type Keys = Readonly<Record<string, () => void>>;

export class MaskTools {
  readonly element: HTMLElement;
  readonly #actions: MaskActions;
  readonly #size: Slider;
  readonly #opacity: Slider;
  readonly #brush = button('Brush', 'B', () => this.#select(false));
  readonly #eraser = button('Eraser', 'E', () => this.#select(true));
  readonly #undo: HTMLButtonElement;
  readonly #redo: HTMLButtonElement;
  readonly #keys: Keys;
  #erases = false;

  constructor(shorterSide: number, actions: MaskActions) {
    this.#actions = actions;
    const { changed } = actions;
    const max = Math.max(Math.ceil(shorterSide * LARGEST_SHARE), 2);
    const first = Math.max(Math.round(shorterSide * FIRST_SHARE), 1);
    this.#size = createSlider('Size', { min: 1, max, value: first }, 'px', changed);
    this.#opacity = createSlider(
      'Opacity',
      { min: 5, max: 100, value: FIRST_OPACITY },
      '%',
      changed,
    );
    this.#undo = button('Undo', 'Ctrl+Z', actions.undo);
    this.#redo = button('Redo', 'Ctrl+Shift+Z', actions.redo);
    this.#keys = this.#actionsByKey();
    this.element = create(
      'div',
      { class: 'mask-tools', role: 'toolbar', 'aria-label': 'Mask' },
      group(this.#brush, this.#eraser),
      group(this.#undo, this.#redo),
      group(button('Invert', 'I', actions.invert), button('Clear', 'Delete', actions.clear)),
      create('div', { class: 'sliders' }, this.#size.element, this.#opacity.element),
      group(
        named(button('−', '-', actions.zoomOut), 'Zoom out'),
        button('Fit', '0', actions.fit),
        named(button('+', '+', actions.zoomIn), 'Zoom in'),
      ),
    );
    this.#select(false);
  }

  get erases(): boolean {
    return this.#erases;
  }

  /** In pixels of the picture. */
  get diameter(): number {
    return this.#size.value;
  }

  /** Of the mask as it is shown, from 0 to 1. */
  get opacity(): number {
    return this.#opacity.value / 100;
  }

  /** Enables the buttons that have something to do. */
  enable({ canUndo, canRedo }: { readonly canUndo: boolean; readonly canRedo: boolean }): void {
    this.#undo.disabled = !canUndo;
    this.#redo.disabled = !canRedo;
  }

  /** Does what a key stands for; false if it stands for nothing. */
  press({ key, ctrlKey, metaKey, shiftKey, altKey }: KeyboardEvent): boolean {
    const lower = key.toLowerCase();
    const action =
      ctrlKey || metaKey ? historyAction(lower, shiftKey, this.#actions) : this.#keys[lower];
    if (!action || altKey) return false;
    action();
    return true;
  }

  #actionsByKey(): Keys {
    const { invert, clear, fit, zoomIn, zoomOut } = this.#actions;
    return {
      b: () => this.#select(false),
      e: () => this.#select(true),
      '[': () => this.#resize(1 / SIZE_STEP),
      ']': () => this.#resize(SIZE_STEP),
      i: invert,
      delete: clear,
      '0': fit,
      '+': zoomIn,
      '=': zoomIn,
      '-': zoomOut,
    };
  }

  #select(isEraser: boolean): void {
    this.#erases = isEraser;
    this.#brush.setAttribute('aria-pressed', String(!isEraser));
    this.#eraser.setAttribute('aria-pressed', String(isEraser));
    this.#actions.changed();
  }

  /** Changes the size by a factor, and by at least one pixel. */
  #resize(factor: number): void {
    const change = Math.max(Math.abs(this.#size.value * (factor - 1)), 1);
    this.#size.set(this.#size.value + change * Math.sign(factor - 1));
  }
}

function historyAction(
  key: string,
  withShift: boolean,
  { undo, redo }: MaskActions,
): (() => void) | undefined {
  if (key === 'y') return redo;
  if (key !== 'z') return undefined;
  return withShift ? redo : undo;
}

const group = (...buttons: HTMLButtonElement[]): HTMLElement =>
  create('div', { class: 'group' }, ...buttons);

/** `keys` do the same. */
const button = (name: string, keys: string, click: () => void): HTMLButtonElement =>
  create('button', { type: 'button', title: `${name} (${keys})`, click }, name);

/** A button whose text is only a sign. */
function named(sign: HTMLButtonElement, name: string): HTMLButtonElement {
  sign.setAttribute('aria-label', name);
  return sign;
}

interface Slider {
  readonly element: HTMLElement;
  readonly value: number;
  set(value: number): void;
}

function createSlider(
  label: string,
  range: { readonly min: number; readonly max: number; readonly value: number },
  unit: string,
  changed: () => void,
): Slider {
  const input = create('input', { type: 'range', ...range });
  const output = create('span', { class: 'amount', 'aria-hidden': 'true' });
  const show = (): void => {
    const text = `${input.value} ${unit}`;
    output.textContent = text;
    input.setAttribute('aria-valuetext', text);
  };
  input.addEventListener('input', () => {
    show();
    changed();
  });
  show();
  return {
    element: create('label', {}, create('span', {}, label), input, output),
    get value() {
      return input.valueAsNumber;
    },
    set: (value) => {
      input.valueAsNumber = value;
      show();
      changed();
    },
  };
}
