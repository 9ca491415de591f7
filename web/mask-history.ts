// What was drawn on a mask, to undo and redo it. Only the last operations are stored: older ones
// fall out, and can no longer be undone.

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A line of the brush or the eraser; lengths in pixels of the picture. */
export interface Stroke {
  readonly kind: 'stroke';
  readonly erases: boolean;
  readonly diameter: number;
  readonly points: readonly Point[];
}

export type MaskOperation = Stroke | { readonly kind: 'clear' } | { readonly kind: 'invert' };

export class MaskHistory {
  readonly #limit: number;
  #done: MaskOperation[] = [];
  #undone: MaskOperation[] = [];
  #hasSettled = false;

  constructor(limit = 50) {
    this.#limit = limit;
  }

  /** The operations that are in effect, the oldest first. */
  get operations(): readonly MaskOperation[] {
    return this.#done;
  }

  get canUndo(): boolean {
    return this.#done.length > 0;
  }

  get canRedo(): boolean {
    return this.#undone.length > 0;
  }

  /** Whether operations are in effect, or have fallen out. */
  get isChanged(): boolean {
    return this.#hasSettled || this.canUndo;
  }

  /** Adds an operation; returns the oldest one if it falls out and can't be undone any more. */
  add(operation: MaskOperation): MaskOperation | undefined {
    this.#done.push(operation);
    this.#undone = [];
    if (this.#done.length <= this.#limit) return undefined;
    this.#hasSettled = true;
    return this.#done.shift();
  }

  undo(): boolean {
    const operation = this.#done.pop();
    if (operation) this.#undone.push(operation);
    return operation !== undefined;
  }

  redo(): boolean {
    const operation = this.#undone.pop();
    if (operation) this.#done.push(operation);
    return operation !== undefined;
  }
}
