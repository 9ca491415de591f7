// Texts of the progress display.
import { formatSize } from '../format-size.ts';
import { printable } from './terminal.ts';

/** A node that is running. Times are in milliseconds. */
export interface RunningNode {
  readonly title: string;
  readonly startedAt: number;
  /** The model file that is being loaded, with its part and size. */
  loading?: string;
  loadingSince: number;
  /** The last status text since the loading began: what takes long about it. */
  loadingStatus?: string;
  /** Whether a model was loaded since the last step. */
  hasLoaded: boolean;
  /** The last status text of the node. */
  status?: string;
  step: number;
  totalSteps: number;
  /** When and at which step the timing began; loading is not part of it. */
  timedSince: number;
  timedFromStep: number;
  lastStepAt: number;
}

const BAR_WIDTH = 24;

/** One line about a running node: loading, status, or a bar with rate and remaining time. */
export function statusLine(node: RunningNode, now: number, position: string): string {
  const start = `${position} ${node.title}`;
  if (node.loading) {
    const seconds = (now - node.loadingSince) / 1000;
    return node.loadingStatus
      ? `${start}  ${printable(node.loadingStatus)}`
      : `${start}  loading ${printable(node.loading)} … ${formatDuration(seconds)}`;
  }
  if (node.totalSteps < 1) {
    const status = node.status ? `  ${printable(node.status)}` : '';
    return `${start}${status}  ${formatDuration((now - node.startedAt) / 1000)}`;
  }
  const steps = `${node.step}/${node.totalSteps}`;
  return `${start}  ${bar(node.step, node.totalSteps)} ${steps}${rate(node)}`;
}

/** One line about a node that has finished. */
export function finishedLine(node: RunningNode, now: number, position: string): string {
  const steps =
    node.totalSteps > 1 ? `, ${node.step} steps, ${formatRate(secondsPerStep(node))}` : '';
  const duration = formatDuration((now - node.startedAt) / 1000);
  return `${position} ${node.title}: ${duration}${steps}`;
}

/** A bar of fixed width. */
export function bar(step: number, total: number): string {
  const filled = Math.round((BAR_WIDTH * Math.min(step, total)) / total);
  return `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}`;
}

function rate(node: RunningNode): string {
  if (node.step <= node.timedFromStep) return '';
  const seconds = secondsPerStep(node);
  const remaining = seconds * (node.totalSteps - node.step);
  return `  ${formatRate(seconds)}  ETA ${formatDuration(remaining)}`;
}

/** `2.00 s/it`; `4.00 it/s` where a step is shorter than a second. */
export const formatRate = (secondsPerStep: number): string =>
  secondsPerStep > 0 && secondsPerStep < 1
    ? `${(1 / secondsPerStep).toFixed(2)} it/s`
    : `${secondsPerStep.toFixed(2)} s/it`;

const secondsPerStep = (node: RunningNode): number =>
  (node.lastStepAt - node.timedSince) / 1000 / Math.max(1, node.step - node.timedFromStep);

/** `sdxl.safetensors (unet, 10.3 GB)` */
export const loadedPart = (file: string, part: string, bytes: number | undefined): string =>
  `${file} (${part}${bytes === undefined ? '' : `, ${formatSize(bytes)}`})`;

/** `0.4 s`, `12 s`, `3 min 5 s` */
export function formatDuration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
