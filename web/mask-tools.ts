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

export interface MaskTools {
  readonly element: HTMLElement;
  readonly erases: boolean;
  /** In pixels of the picture. */
  readonly diameter: number;
  /** Of the mask as it is shown, from 0 to 1. */
  readonly opacity: number;
  enable(history: { readonly canUndo: boolean; readonly canRedo: boolean }): void;
  /** Does what a key stands for; false if it stands for nothing. */
  press(event: KeyboardEvent): boolean;
}

/** The size of the brush at first, as a share of the picture's shorter side. */
const FIRST_SHARE = 0.12;
const LARGEST_SHARE = 0.75;
const SIZE_STEP = 1.2;
const FIRST_OPACITY = 60;

export function createMaskTools(shorterSide: number, actions: MaskActions): MaskTools {
  let erases = false;
  const tool = (name: string, key: string, isEraser: boolean): HTMLButtonElement => {
    const click = (): void => select(isEraser);
    return create('button', { type: 'button', title: `${name} (${key})`, click }, name);
  };
  const brush = tool('Brush', 'B', false);
  const eraser = tool('Eraser', 'E', true);
  const select = (isEraser: boolean): void => {
    erases = isEraser;
    brush.setAttribute('aria-pressed', String(!erases));
    eraser.setAttribute('aria-pressed', String(erases));
    actions.changed();
  };
  const button = (name: string, keys: string, click: () => void): HTMLButtonElement =>
    create('button', { type: 'button', title: `${name} (${keys})`, click }, name);
  const undo = button('Undo', 'Ctrl+Z', actions.undo);
  const redo = button('Redo', 'Ctrl+Shift+Z', actions.redo);
  const largest = Math.max(Math.ceil(shorterSide * LARGEST_SHARE), 2);
  const first = Math.max(Math.round(shorterSide * FIRST_SHARE), 1);
  const size = slider('Size', { min: 1, max: largest, value: first }, 'px', actions.changed);
  const opacity = slider(
    'Opacity',
    { min: 5, max: 100, value: FIRST_OPACITY },
    '%',
    actions.changed,
  );
  const resize = (factor: number): void => {
    const by = Math.max(Math.abs(size.value * (factor - 1)), 1) * Math.sign(factor - 1);
    size.set(size.value + by);
  };
  const element = create(
    'div',
    { class: 'mask-tools', role: 'toolbar', 'aria-label': 'Mask' },
    create('div', { class: 'group' }, brush, eraser),
    create('div', { class: 'group' }, undo, redo),
    create(
      'div',
      { class: 'group' },
      button('Invert', 'I', actions.invert),
      button('Clear', 'Delete', actions.clear),
    ),
    create('div', { class: 'sliders' }, size.element, opacity.element),
    create(
      'div',
      { class: 'group' },
      named(button('−', '-', actions.zoomOut), 'Zoom out'),
      button('Fit', '0', actions.fit),
      named(button('+', '+', actions.zoomIn), 'Zoom in'),
    ),
  );
  const keys: Readonly<Record<string, () => void>> = {
    b: () => select(false),
    e: () => select(true),
    '[': () => resize(1 / SIZE_STEP),
    ']': () => resize(SIZE_STEP),
    i: actions.invert,
    delete: actions.clear,
    '0': actions.fit,
    '+': actions.zoomIn,
    '=': actions.zoomIn,
    '-': actions.zoomOut,
  };
  select(false);
  return {
    element,
    get erases() {
      return erases;
    },
    get diameter() {
      return size.value;
    },
    get opacity() {
      return opacity.value / 100;
    },
    enable: ({ canUndo, canRedo }) => {
      undo.disabled = !canUndo;
      redo.disabled = !canRedo;
    },
    press: ({ key, ctrlKey, metaKey, shiftKey, altKey }) => {
      const lower = key.toLowerCase();
      const withControl = ctrlKey || metaKey;
      const action = withControl ? historyAction(lower, shiftKey, actions) : keys[lower];
      if (!action || altKey) return false;
      action();
      return true;
    },
  };
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

function named(button: HTMLButtonElement, name: string): HTMLButtonElement {
  button.setAttribute('aria-label', name);
  return button;
}

interface Slider {
  readonly element: HTMLElement;
  readonly value: number;
  set(value: number): void;
}

function slider(
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
