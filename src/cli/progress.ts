// Shows how far a run is: a bar with node, step k/n, s/it and ETA on a terminal; a line per node anywhere else.
import type { EngineEvent } from '../engine/events.ts';
import { formatSize } from '../format-size.ts';
import { coloured, printable, type Terminal } from './terminal.ts';

export interface Progress {
  show(event: EngineEvent): void;
  /** Takes the bar away. */
  end(): void;
}

const TICK_MS = 250;
const BAR = 24;
/** Loads of this many seconds get a line. */
const LONG = 3;

interface Shown {
  readonly title: string;
  readonly started: number;
  loading?: string;
  loadingFrom: number;
  /** Since the last step. */
  hasLoaded: boolean;
  status?: string;
  step: number;
  total: number;
  /** When and at which step counting began; loading doesn't count. */
  from: number;
  fromStep: number;
  last: number;
}

export function createProgress(terminal: Terminal): Progress {
  let count = 0;
  let done = 0;
  let node: Shown | undefined;
  let drawn = false;

  const clear = (): void => {
    if (drawn) terminal.err('\r\x1b[2K');
    drawn = false;
  };
  const line = (text: string): void => {
    clear();
    terminal.err(`${text}\n`);
  };
  const draw = (): void => {
    if (!terminal.interactive || !node) return;
    const text = statusOf(node, terminal.now(), `[${done + 1}/${count}]`);
    terminal.err(`\r\x1b[2K${text.slice(0, Math.max(10, terminal.columns() - 1))}`);
    drawn = true;
  };
  const timer = terminal.interactive ? setInterval(draw, TICK_MS) : undefined;
  timer?.unref();

  const finish = (): void => {
    if (!node) return;
    const seconds = (terminal.now() - node.started) / 1000;
    const steps = node.total > 1 ? `, ${node.step} steps, ${perStep(node).toFixed(2)} s/it` : '';
    if (node.total > 1 || seconds >= 1 || !terminal.interactive)
      line(`[${done + 1}/${count}] ${node.title}: ${duration(seconds)}${steps}`);
    node = undefined;
    done++;
  };

  const show = (event: EngineEvent): void => {
    const now = terminal.now();
    if (event.type === 'started') count = event.nodes;
    else if (event.type === 'node-started') {
      finish();
      // nodes that others expand to come on top of what was counted
      count = Math.max(count, done + 1);
      const fresh = {
        step: 0,
        total: 0,
        from: now,
        fromStep: 0,
        last: now,
        loadingFrom: now,
        hasLoaded: false,
      };
      node = { title: printable(event.title), started: now, ...fresh };
    } else if (event.type === 'loading' && node) {
      if (!node.loading) node.loadingFrom = now;
      node.loading = `${event.file} (${event.part}${event.bytes === undefined ? '' : `, ${formatSize(event.bytes)}`})`;
    } else if (event.type === 'loaded' && node) {
      if (event.seconds >= LONG) line(`      loaded ${node.loading}: ${duration(event.seconds)}`);
      // the first evaluation follows; its step counts from its end
      node.loading = undefined;
      node.hasLoaded = true;
    } else if (event.type === 'progress' && node) {
      // a count that begins anew (a second pass), or the first step after loading: its time says nothing about the others
      const loaded = node.loading !== undefined || node.hasLoaded;
      if (event.step <= node.step || node.step === 0)
        Object.assign(node, { from: loaded ? now : node.last, fromStep: loaded ? event.step : 0 });
      Object.assign(node, {
        step: event.step,
        total: event.total,
        last: now,
        loading: undefined,
        hasLoaded: false,
      });
    } else if (event.type === 'status' && node) {
      node.status = event.text;
    } else if (event.type === 'warning' || event.type === 'blocked') {
      const where =
        event.type === 'blocked' ? `${event.nodeType} (node ${event.nodeId}) did not run: ` : '';
      line(`${coloured(terminal, 33, 'warning:')} ${where}${printable(event.message)}`);
    }
    if (event.type === 'done') finish();
    draw();
  };
  const end = (): void => {
    clearInterval(timer);
    clear();
    node = undefined;
  };
  return { show, end };
}

const perStep = (node: Shown): number =>
  (node.last - node.from) / 1000 / Math.max(1, node.step - node.fromStep);

function statusOf(node: Shown, now: number, place: string): string {
  const elapsed = (now - node.started) / 1000;
  if (node.loading)
    return `${place} ${node.title}  loading ${printable(node.loading)} … ${duration((now - node.loadingFrom) / 1000)}`;
  if (node.total < 1)
    return `${place} ${node.title}${node.status ? `  ${printable(node.status)}` : ''}  ${duration(elapsed)}`;
  const filled = Math.round((BAR * Math.min(node.step, node.total)) / node.total);
  const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)}`;
  const each = perStep(node);
  const rate =
    node.step > node.fromStep
      ? `  ${each.toFixed(2)} s/it  ETA ${duration(each * (node.total - node.step))}`
      : '';
  return `${place} ${node.title}  ${bar} ${node.step}/${node.total}${rate}`;
}

/** `0.4 s`, `12 s`, `3 min 5 s` */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
