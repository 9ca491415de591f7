// Routes for operators: /healthz, /metrics, /openapi.json. Darkroom's own.
import { versions } from '../../engine/versions.ts';
import { openApi } from '../http/openapi.ts';
import { json, jsonText } from '../http/responses.ts';
import type { Route } from '../http/route.ts';
import type { GaugeReading } from '../metrics.ts';
import type { ServerContext } from '../server-context.ts';

export const operationsRoutes = (context: ServerContext): Route[] => [
  healthRoute(context),
  metricsRoute(context),
  openApiRoute(context),
];

const healthRoute = ({ queue, isQueueOpen }: ServerContext): Route => ({
  method: 'GET',
  path: '/healthz',
  summary: 'Whether the server accepts jobs. Needs no token.',
  responses: {
    200: { description: 'It does.', schema: { type: 'object' } },
    503: 'Its database is not open, or unreachable.',
  },
  handle: async () => {
    if (!isQueueOpen()) return json({ status: 'starting' }, 503);
    try {
      await (await queue()).counts();
      return json({ status: 'ok' });
    } catch {
      return json({ status: 'database unreachable' }, 503);
    }
  },
});

const metricsRoute = (context: ServerContext): Route => {
  const startedAt = context.now();
  return {
    method: 'GET',
    path: '/metrics',
    summary: 'Metrics for Prometheus.',
    responses: { 200: 'Text format 0.0.4.' },
    handle: async () => {
      const body = await context.metrics.render(await gaugesOf(context, startedAt));
      return { status: 200, body, type: 'text/plain; version=0.0.4; charset=utf-8' };
    },
  };
};

async function gaugesOf(
  { queue, isQueueOpen, clients, now }: ServerContext,
  startedAt: number,
): Promise<GaugeReading[]> {
  const counts = isQueueOpen() ? await (await queue()).counts() : undefined;
  const { rss, heapUsed } = process.memoryUsage();
  return [
    {
      name: 'darkroom_info',
      help: 'The version.',
      value: 1,
      labels: { version: versions().version },
    },
    { name: 'darkroom_ready', help: '1 when jobs are accepted.', value: counts ? 1 : 0 },
    { name: 'darkroom_jobs_running', help: 'Jobs that run.', value: counts?.running ?? 0 },
    { name: 'darkroom_jobs_pending', help: 'Jobs that wait.', value: counts?.pending ?? 0 },
    { name: 'darkroom_websocket_clients', help: 'Connected sockets.', value: clients.size },
    { name: 'process_resident_memory_bytes', help: 'Resident memory.', value: rss },
    { name: 'nodejs_heap_size_used_bytes', help: 'Heap in use.', value: heapUsed },
    {
      name: 'darkroom_uptime_seconds',
      help: 'Since the server started.',
      value: (now() - startedAt) / 1000,
    },
  ];
}

const openApiRoute = ({ routes }: ServerContext): Route => {
  let document: string | undefined;
  return {
    method: 'GET',
    path: '/openapi.json',
    summary: 'This document.',
    responses: { 200: { description: 'OpenAPI 3.1.', schema: { type: 'object' } } },
    handle: () => {
      document ??= JSON.stringify(openApi(routes(), versions().version));
      return jsonText(document);
    },
  };
};
