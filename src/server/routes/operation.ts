// What those who run the server ask: /healthz, /metrics, /openapi.json. Darkroom's own.
import { versions } from '../../engine/versions.ts';
import { json, jsonText } from '../http/answers.ts';
import { openApi } from '../http/openapi.ts';
import type { Route } from '../http/route.ts';
import type { Parts } from '../services.ts';

export const operationRoutes = (parts: Parts): Route[] => {
  const started = parts.now();
  let document: string | undefined;
  return [
    {
      method: 'GET',
      path: '/healthz',
      summary: 'Whether the server takes jobs. Needs no token.',
      answers: {
        200: { description: 'It does.', schema: { type: 'object' } },
        503: 'Its database is not open, or can’t be reached.',
      },
      handle: async () => {
        if (!parts.ready()) return json({ status: 'starting' }, 503);
        try {
          await (await parts.queue()).counts();
          return json({ status: 'ok' });
        } catch {
          return json({ status: 'database unreachable' }, 503);
        }
      },
    },
    {
      method: 'GET',
      path: '/metrics',
      summary: 'Numbers for Prometheus.',
      answers: { 200: 'Text format 0.0.4.' },
      handle: async () => {
        const counts = parts.ready() ? await (await parts.queue()).counts() : undefined;
        const memory = process.memoryUsage();
        const body = parts.metrics.render([
          {
            name: 'darkroom_info',
            help: 'The version.',
            value: 1,
            labels: { version: versions().version },
          },
          { name: 'darkroom_ready', help: '1 when jobs are taken.', value: counts ? 1 : 0 },
          { name: 'darkroom_jobs_running', help: 'Jobs that run.', value: counts?.running ?? 0 },
          { name: 'darkroom_jobs_pending', help: 'Jobs that wait.', value: counts?.pending ?? 0 },
          {
            name: 'darkroom_websocket_clients',
            help: 'Connected sockets.',
            value: parts.sockets.size,
          },
          { name: 'process_resident_memory_bytes', help: 'Resident memory.', value: memory.rss },
          { name: 'nodejs_heap_size_used_bytes', help: 'Heap in use.', value: memory.heapUsed },
          {
            name: 'darkroom_uptime_seconds',
            help: 'Since the server started.',
            value: (parts.now() - started) / 1000,
          },
        ]);
        return { status: 200, body, type: 'text/plain; version=0.0.4; charset=utf-8' };
      },
    },
    {
      method: 'GET',
      path: '/openapi.json',
      summary: 'This document.',
      answers: { 200: { description: 'OpenAPI 3.1.', schema: { type: 'object' } } },
      handle: () => {
        document ??= JSON.stringify(openApi(parts.routes(), versions().version));
        return jsonText(document);
      },
    },
  ];
};
