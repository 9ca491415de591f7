// The progress of a run: on a terminal one line with bar, steps, s/it and ETA; else a line per
// node.
import type { EngineEvent } from '../engine/events.ts';
import {
  finishedLine,
  formatDuration,
  loadedPart,
  type RunningNode,
  statusLine,
} from './progress-text.ts';
import { createStatusLine, type StatusLine } from './status-line.ts';
import { coloured, printable, type Terminal } from './terminal.ts';

export interface Progress {
  show(event: EngineEvent): void;
  /** Removes the line of the running node. */
  end(): void;
}

const REDRAW_MS = 250;
/** Loading that takes at least this many seconds is printed on a separate line. */
const LONG_LOAD_SECONDS = 3;

/**
 * Creates a progress display on standard error of a terminal. `notes`: those that were printed
 * before, which are not printed again.
 */
export const createProgress = (terminal: Terminal, notes = new Set<string>()): Progress =>
  new ProgressDisplay(terminal, notes);

class ProgressDisplay implements Progress {
  readonly #terminal: Terminal;
  readonly #notes: Set<string>;
  readonly #line: StatusLine;
  readonly #timer: NodeJS.Timeout | undefined;
  #nodeCount = 0;
  #finishedCount = 0;
  #node: RunningNode | undefined;

  constructor(terminal: Terminal, notes: Set<string>) {
    this.#terminal = terminal;
    this.#notes = notes;
    this.#line = createStatusLine(terminal);
    this.#timer = terminal.interactive ? setInterval(() => this.#draw(), REDRAW_MS) : undefined;
    this.#timer?.unref();
  }

  show(event: EngineEvent): void {
    const now = this.#terminal.now();
    if (event.type === 'started') this.#nodeCount = event.nodes;
    else if (event.type === 'node-started') this.#startNode(event.title, now);
    else if (event.type === 'done') this.#finishNode();
    else if (event.type === 'warning') this.#warn(event.message);
    else if (event.type === 'blocked')
      this.#warn(event.message, `${event.nodeType} (node ${event.nodeId}) did not run: `);
    else if (event.type === 'status' && event.isNote) this.#note(event.text);
    else if (this.#node) this.#update(this.#node, event, now);
    this.#draw();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#line.clear();
    this.#node = undefined;
  }

  #startNode(title: string, now: number): void {
    this.#finishNode();
    // nodes that others expand to come on top of the first count
    this.#nodeCount = Math.max(this.#nodeCount, this.#finishedCount + 1);
    this.#node = {
      title: printable(title),
      startedAt: now,
      loadingSince: now,
      hasLoaded: false,
      step: 0,
      totalSteps: 0,
      timedSince: now,
      timedFromStep: 0,
      lastStepAt: now,
    };
  }

  /** On a terminal, short nodes are not printed. */
  #finishNode(): void {
    const node = this.#node;
    if (!node) return;
    const now = this.#terminal.now();
    const isLong = node.totalSteps > 1 || now - node.startedAt >= 1000;
    if (isLong || !this.#terminal.interactive)
      this.#printLine(finishedLine(node, now, this.#position()));
    this.#node = undefined;
    this.#finishedCount++;
  }

  #update(node: RunningNode, event: EngineEvent, now: number): void {
    if (event.type === 'loading') {
      if (!node.loading) node.loadingSince = now;
      node.loading = loadedPart(event.file, event.part, event.bytes);
      node.loadingStatus = undefined;
    } else if (event.type === 'loaded') {
      if (event.seconds >= LONG_LOAD_SECONDS)
        this.#printLine(`      loaded ${node.loading}: ${formatDuration(event.seconds)}`);
      node.loading = undefined;
      node.hasLoaded = true;
    } else if (event.type === 'progress') countStep(node, event.step, event.total, now);
    else if (event.type === 'status') {
      if (node.loading) node.loadingStatus = event.text;
      else node.status = event.text;
    }
  }

  #warn(message: string, prefix = ''): void {
    this.#printLine(`${coloured(this.#terminal, 33, 'warning:')} ${prefix}${printable(message)}`);
  }

  #note(text: string): void {
    if (!this.#notes.has(text)) this.#printLine(printable(text));
    this.#notes.add(text);
  }

  #position(): string {
    return `[${this.#finishedCount + 1}/${this.#nodeCount}]`;
  }

  #printLine(text: string): void {
    this.#line.clear();
    this.#terminal.err(`${text}\n`);
  }

  #draw(): void {
    if (!this.#terminal.interactive || !this.#node) return;
    this.#line.draw(statusLine(this.#node, this.#terminal.now(), this.#position()));
  }
}

/**
 * Counts a step. The timing restarts when the count starts over (a second pass), and after a step
 * that loaded a model, which takes longer than the others.
 */
function countStep(node: RunningNode, step: number, total: number, now: number): void {
  const afterLoad = node.loading !== undefined || node.hasLoaded;
  if (step <= node.step || node.step === 0) {
    node.timedSince = afterLoad ? now : node.lastStepAt;
    node.timedFromStep = afterLoad ? step : 0;
  }
  node.step = step;
  node.totalSteps = total;
  node.lastStepAt = now;
  node.loading = undefined;
  node.hasLoaded = false;
}
