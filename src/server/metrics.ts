// The server's metrics for Prometheus, collected by prom-client in a registry per server.
// prom-client is imported with the first request, because importing it takes a large share of the
// startup time.
import type { Counter, Histogram, Registry } from 'prom-client';

export interface RequestRecord {
  /** The route's path, such as `/history/:prompt_id`. */
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly seconds: number;
}

/** A gauge and its current value. */
export interface GaugeReading {
  readonly name: string;
  readonly help: string;
  readonly value: number;
  readonly labels?: Readonly<Record<string, string>>;
}

interface Series {
  readonly registry: Registry;
  readonly requests: Counter;
  readonly durations: Histogram;
  readonly endedJobs: Counter;
}

const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** Counts requests and ended jobs, and prints them with gauges for Prometheus. */
export class Metrics {
  #series: Promise<Series> | undefined;

  recordRequest({ route, method, status, seconds }: RequestRecord): void {
    void this.#load().then(({ requests, durations }) => {
      requests.inc({ route, method, status: String(status) });
      durations.observe({ route }, seconds);
    });
  }

  /** Counts a job that has ended in a state. */
  recordEndedJob(state: string): void {
    void this.#load().then(({ endedJobs }) => endedJobs.inc({ state }));
  }

  /** The text that Prometheus reads (format 0.0.4). */
  async render(gauges: readonly GaugeReading[]): Promise<string> {
    const { registry } = await this.#load();
    const { Gauge } = await import('prom-client');
    for (const { name, help, value, labels = {} } of gauges) {
      registry.removeSingleMetric(name);
      const labelNames = Object.keys(labels);
      new Gauge({ name, help, labelNames, registers: [registry] }).set(labels, value);
    }
    return await registry.metrics();
  }

  #load(): Promise<Series> {
    this.#series ??= createSeries();
    return this.#series;
  }
}

async function createSeries(): Promise<Series> {
  const { Counter, Histogram, Registry } = await import('prom-client');
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    requests: new Counter({
      name: 'darkroom_http_requests_total',
      help: 'Requests answered.',
      labelNames: ['route', 'method', 'status'],
      registers,
    }),
    durations: new Histogram({
      name: 'darkroom_http_request_seconds',
      help: 'Time until a response was sent.',
      labelNames: ['route'],
      buckets: DURATION_BUCKETS,
      registers,
    }),
    endedJobs: new Counter({
      name: 'darkroom_jobs_ended_total',
      help: 'Jobs that ended while this server ran.',
      labelNames: ['state'],
      registers,
    }),
  };
}
