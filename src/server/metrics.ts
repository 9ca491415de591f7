// Numbers about the server in Prometheus' text format (version 0.0.4).

export interface Metrics {
  request(route: string, method: string, status: number, seconds: number): void;
  ended(state: string): void;
  /** The page, with gauges that are read now. */
  render(gauges: readonly Gauge[]): string;
}

export interface Gauge {
  readonly name: string;
  readonly help: string;
  readonly value: number;
  readonly labels?: Readonly<Record<string, string>>;
}

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

interface Histogram {
  readonly buckets: number[];
  sum: number;
  count: number;
}

export function createMetrics(): Metrics {
  const requests = new Map<string, number>();
  const durations = new Map<string, Histogram>();
  const jobs = new Map<string, number>();
  const bump = (map: Map<string, number>, key: string): void =>
    void map.set(key, (map.get(key) ?? 0) + 1);
  return {
    request: (route, method, status, seconds) => {
      bump(requests, labelText({ route, method, status: String(status) }));
      const key = labelText({ route });
      const known = durations.get(key) ?? { buckets: BUCKETS.map(() => 0), sum: 0, count: 0 };
      durations.set(key, known);
      for (const [i, limit] of BUCKETS.entries()) if (seconds <= limit) known.buckets[i]++;
      known.sum += seconds;
      known.count++;
    },
    ended: (state) => bump(jobs, labelText({ state })),
    render: (gauges) =>
      [
        ...family(
          'darkroom_http_requests_total',
          'counter',
          'Requests answered.',
          [...requests].map(([labels, n]) => [labels, n]),
        ),
        ...histogramLines(durations),
        ...family(
          'darkroom_jobs_ended_total',
          'counter',
          'Jobs that ended while this server ran.',
          [...jobs].map(([labels, n]) => [labels, n]),
        ),
        ...gauges.flatMap(({ name, help, value, labels = {} }) =>
          family(name, 'gauge', help, [[labelText(labels), value]]),
        ),
        '',
      ].join('\n'),
  };
}

const family = (
  name: string,
  type: string,
  help: string,
  rows: readonly (readonly [string, number])[],
): string[] => [
  `# HELP ${name} ${help}`,
  `# TYPE ${name} ${type}`,
  ...rows.map(([labels, value]) => `${name}${labels === '' ? '' : `{${labels}}`} ${value}`),
];

function histogramLines(durations: ReadonlyMap<string, Histogram>): string[] {
  const name = 'darkroom_http_request_seconds';
  return [
    `# HELP ${name} Time until a response was sent.`,
    `# TYPE ${name} histogram`,
    ...[...durations].flatMap(([labels, { buckets, sum, count }]) => [
      ...BUCKETS.map((limit, i) => `${name}_bucket{${labels},le="${limit}"} ${buckets[i]}`),
      `${name}_bucket{${labels},le="+Inf"} ${count}`,
      `${name}_sum{${labels}} ${sum}`,
      `${name}_count{${labels}} ${count}`,
    ]),
  ];
}

const labelText = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(
      ([name, value]) =>
        `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`,
    )
    .join(',');
