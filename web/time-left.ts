// How fast a job's steps are, and the time that is left, in a sentence that does not jump.

/** Steps that the rate is measured over, at most. */
const WINDOW = 12;
/** An estimate replaces the one before when it differs by more than this share … */
const TOLERANCE = 0.15;
/** … and by more than these seconds. */
const TOLERANCE_S = 2;

/** Measures the steps of one node at a time. */
export class StepTimer {
  #key = '';
  #total = 0;
  /** Steps with their times in ms. */
  #steps: { readonly step: number; readonly at: number }[] = [];
  /** Whether the node has sampled before: how often it will is unknown. */
  #repeats = false;
  /** When the job is expected to end, in ms. */
  #end: number | undefined;

  /** Records that `step` of `total` has ended. `key` names the node of a job. */
  record(key: string, step: number, total: number, now: number): void {
    const last = this.#steps.at(-1);
    const isNext = key === this.#key && total === this.#total && step >= (last?.step ?? 0);
    if (!isNext) {
      this.#repeats = key === this.#key;
      this.#steps = [];
      this.#end = undefined;
    }
    this.#key = key;
    this.#total = total;
    if (step !== last?.step || !isNext) this.#steps = [...this.#steps, { step, at: now }];
    this.#steps = this.#steps.slice(-WINDOW);
    this.#updateEnd(now);
  }

  /** Steps per second; undefined until two intervals have been measured. */
  rate(): number | undefined {
    const [first, last] = [this.#steps[0], this.#steps.at(-1)];
    if (this.#steps.length < 3 || !last || last.at <= first.at) return undefined;
    return ((last.step - first.step) / (last.at - first.at)) * 1000;
  }

  /** Seconds until the last step; undefined while they are not known. */
  secondsLeft(now: number): number | undefined {
    if (this.#end === undefined || this.#repeats) return undefined;
    return Math.max(0, (this.#end - now) / 1000);
  }

  #updateEnd(now: number): void {
    const rate = this.rate();
    if (rate === undefined) return;
    const seconds = (this.#total - (this.#steps.at(-1)?.step ?? 0)) / rate;
    const before = this.#end === undefined ? undefined : (this.#end - now) / 1000;
    const tolerance = Math.max(TOLERANCE_S, seconds * TOLERANCE);
    if (before === undefined || Math.abs(seconds - before) > tolerance)
      this.#end = now + seconds * 1000;
  }
}

/** `about 20 s left`; coarser the longer it takes. */
export function timeLeftText(seconds: number): string {
  if (seconds < 5) return 'a few seconds left';
  if (seconds < 57.5) return `about ${Math.round(seconds / 5) * 5} s left`;
  if (seconds < 90) return 'about a minute left';
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `about ${minutes} minutes left`;
  const rounded = Math.round(minutes / 5) * 5;
  const rest = rounded % 60 === 0 ? '' : ` ${rounded % 60} min`;
  return `about ${Math.floor(rounded / 60)} h${rest} left`;
}

/** `2.1 it/s`, or `3.4 s/it` where a step takes longer than a second. */
export const rateText = (rate: number): string =>
  rate >= 1 ? `${rate.toFixed(rate < 10 ? 1 : 0)} it/s` : `${(1 / rate).toFixed(1)} s/it`;
