// Asks for /system_stats every second. While the server is up it must answer in time.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from './client.ts';
import { ask } from './http-request.ts';

export interface Probe {
  /** Milliseconds of all answers. */
  readonly times: readonly number[];
  /** Requests while the server was down, starting, ending or paused. */
  readonly excused: number;
  readonly done: Promise<void>;
}

/** The longest time of an answer. */
export const ANSWER_MS = 10_000;
const INTERVAL_MS = 1000;
/** A process that was paused needs a moment. */
const GRACE_MS = 2000;
/** When this process itself was kept from running for so long, an answer may have come in time. */
const OWN_DELAY_MS = 2000;

export function startProbe({ place, log, stopped }: World): Probe {
  const times: number[] = [];
  const probe = { times, excused: 0 };
  const { server } = place;
  const own = monitorEventLoopDelay();
  own.enable();
  const run = async (): Promise<void> => {
    while (!stopped()) {
      const begun = performance.now();
      own.reset();
      const wasUp = server.state() === 'up' && begun - server.changedAt() > GRACE_MS;
      let failure: string | undefined;
      try {
        const { status } = await ask(`${place.address}/system_stats`, { timeoutMs: ANSWER_MS });
        if (status !== 200) failure = `status ${status}`;
      } catch (error) {
        failure = (error as Error).message;
      }
      const wasUpAllTheTime = wasUp && server.state() === 'up' && server.changedAt() < begun;
      if (!wasUpAllTheTime || own.max / 1e6 > OWN_DELAY_MS) probe.excused++;
      else if (failure === undefined) times.push(performance.now() - begun);
      else log.violation(`/system_stats: ${failure}`, 'server');
      await sleep(INTERVAL_MS);
    }
    own.disable();
  };
  return Object.assign(probe, { done: run() });
}

/** The value below which a share of all values lies; 0 without values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
