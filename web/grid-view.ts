// A grid while its jobs run and after: a table with the values at its sides. It outlives a reload
// of the page.
import { listHistoryEntry, pictureUrl } from './api.ts';
import { announce, create, find } from './dom.ts';
import type { Grid } from './grid-plan.ts';
import { type Frame, framesOf } from './history-frames.ts';
import { attemptOn } from './problem.ts';

export interface GridViewEvents {
  /** A picture was chosen: those of the grid, and the index of this one. */
  open(frames: readonly Frame[], index: number): void;
  openFailed(frame: Frame): void;
  save(grid: Grid, frameOf: (row: number, column: number) => Frame | undefined): Promise<void>;
}

const STORAGE_KEY = 'darkroom-grid';

export class GridView {
  readonly #section = find('#grid');
  readonly #events: GridViewEvents;
  readonly #saveButton = create('button', { type: 'button' }, 'Save as one picture');
  #grid: Grid | undefined;
  /** The results of jobs that have ended; undefined for those without a picture or an error. */
  #ended = new Map<string, Frame | undefined>();
  #cells = new Map<string, HTMLElement>();
  /** Jobs that ended before the response to their request arrived. */
  #early = new Set<string>();

  constructor(events: GridViewEvents) {
    this.#events = events;
    this.#saveButton.addEventListener('click', () => void this.#save());
    const stored = sessionStorage.getItem(STORAGE_KEY);
    if (stored) this.#restore(stored);
  }

  /** Shows a grid whose jobs are about to be queued. */
  show(grid: Grid): void {
    this.#grid = grid;
    this.#ended = new Map();
    this.#render();
    this.#section.hidden = false;
    this.#section.scrollIntoView({ block: 'nearest' });
  }

  /** A job of the grid was queued. */
  async addJob(grid: Grid, row: number, column: number, id: string): Promise<void> {
    if (this.#grid !== grid) return;
    grid.jobs[row][column] = id;
    this.#cells.set(id, this.#cellAt(row, column));
    sessionStorage.setItem(STORAGE_KEY, JSON.stringify(grid));
    if (this.#early.has(id)) await this.update(id);
  }

  /** No more jobs of the grid will be queued. */
  finish(grid: Grid): void {
    if (this.#grid !== grid) return;
    this.#early.clear();
    for (const [row, jobs] of grid.jobs.entries())
      for (const [column, id] of jobs.entries())
        if (id === null) this.#cellAt(row, column).textContent = 'Not run';
  }

  /**
   * Shows the result of a job if it belongs to the grid. `isIdle`: a job that has not ended will
   * not run.
   */
  async update(id: string, isIdle = false): Promise<void> {
    const cell = this.#cells.get(id);
    if (!cell) this.#early.add(id);
    if (!cell || this.#ended.has(id)) return;
    const entry = await listHistoryEntry(id);
    if (this.#cells.get(id) !== cell) return;
    if (!entry && isIdle) cell.textContent = 'Not run';
    if (!entry) return;
    const frame = framesOf(id, entry).at(0);
    this.#ended.set(id, frame);
    cell.replaceChildren(frame ? this.#tile(frame) : 'No picture');
    this.#showState();
  }

  /** Updates all jobs when nothing is queued any more, or after a lost connection. */
  async updateAll(isIdle: boolean): Promise<void> {
    await Promise.all([...this.#cells.keys()].map((id) => this.update(id, isIdle)));
  }

  #restore(stored: string): void {
    try {
      this.#grid = JSON.parse(stored) as Grid;
      this.#render();
      for (const [row, jobs] of this.#grid.jobs.entries())
        for (const [column, id] of jobs.entries())
          if (id) this.#cells.set(id, this.#cellAt(row, column));
      this.#section.hidden = false;
    } catch {
      this.#close();
    }
  }

  #close(): void {
    sessionStorage.removeItem(STORAGE_KEY);
    this.#grid = undefined;
    this.#cells = new Map();
    this.#section.hidden = true;
  }

  #render(): void {
    const grid = this.#grid;
    if (!grid) return;
    this.#cells = new Map();
    const close = (): void => {
      this.#close();
      find('#sheet').focus();
    };
    const header = (text: string, scope: string) => create('th', { scope }, text);
    const corner = grid.yName !== undefined && create('td', { class: 'corner' }, `${grid.yName} ↓`);
    const rows = grid.rows.map((label) =>
      create(
        'tr',
        {},
        grid.yName !== undefined && header(label, 'row'),
        ...grid.columns.map(() => create('td', { class: 'cell' }, 'Waiting')),
      ),
    );
    this.#section.replaceChildren(
      create(
        'div',
        { class: 'heading' },
        create('h2', { id: 'grid-title' }, `Grid: ${grid.title}`),
        create('button', { type: 'button', class: 'plain', click: close }, 'Close'),
      ),
      create(
        'div',
        { class: 'scroll', tabindex: 0, role: 'group', 'aria-labelledby': 'grid-title' },
        create(
          'table',
          {},
          create('caption', {}, `${grid.xName} →`),
          create(
            'thead',
            {},
            create('tr', {}, corner, ...grid.columns.map((c) => header(c, 'col'))),
          ),
          create('tbody', {}, ...rows),
        ),
      ),
      create('p', {}, this.#saveButton),
    );
    this.#showState();
  }

  #cellAt(row: number, column: number): HTMLElement {
    return [...this.#section.querySelectorAll('tbody tr')[row].querySelectorAll('td')][column];
  }

  #tile(frame: Frame): HTMLElement {
    const { picture, error = '', description } = frame;
    if (!picture) {
      const click = () => this.#events.openFailed(frame);
      return create('button', { type: 'button', class: 'failed', title: error, click }, error);
    }
    const click = (): void => {
      const frames = this.#frames();
      this.#events.open(frames, frames.indexOf(frame));
    };
    return create(
      'button',
      { type: 'button', title: description, click },
      create('img', { src: pictureUrl(picture, true), alt: this.#labelOf(frame.id) }),
    );
  }

  /** The pictures in the order of the table. */
  #frames(): Frame[] {
    const jobs = this.#grid?.jobs.flat() ?? [];
    const frames = jobs.map((id) => this.#ended.get(id ?? ''));
    return frames.filter((frame) => frame?.picture !== undefined) as Frame[];
  }

  #labelOf(id: string): string {
    const { jobs, rows, columns, xName, yName } = this.#grid!;
    const row = jobs.findIndex((ids) => ids.includes(id));
    const x = `${xName} ${columns[jobs[row].indexOf(id)]}`;
    return yName === undefined ? x : `${x}, ${yName} ${rows[row]}`;
  }

  #showState(): void {
    const count = this.#grid?.jobs.flat().length ?? 0;
    this.#saveButton.disabled = this.#frames().length === 0;
    if (this.#ended.size === count) announce(`The grid is complete: ${count} runs`);
  }

  async #save(): Promise<void> {
    const grid = this.#grid;
    if (!grid) return;
    const frameOf = (row: number, column: number) => this.#ended.get(grid.jobs[row][column] ?? '');
    await attemptOn(this.#saveButton, () => this.#events.save(grid, frameOf));
  }
}
