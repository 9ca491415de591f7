// The text of /metrics, line by line.
import { expect, it } from 'vitest';
import { Metrics } from './metrics.ts';

const linesOf = async (
  metrics: Metrics,
  gauges: Parameters<Metrics['render']>[0] = [],
): Promise<string[]> => (await metrics.render(gauges)).split('\n').filter((line) => line !== '');

it('counts requests and sorts their durations into buckets', async () => {
  const metrics = new Metrics();
  metrics.recordRequest({ route: '/prompt', method: 'GET', status: 200, seconds: 0.007 });
  metrics.recordRequest({ route: '/prompt', method: 'POST', status: 400, seconds: 3 });
  metrics.recordEndedJob('success');
  expect(await linesOf(metrics)).toEqual([
    '# HELP darkroom_http_requests_total Requests answered.',
    '# TYPE darkroom_http_requests_total counter',
    'darkroom_http_requests_total{route="/prompt",method="GET",status="200"} 1',
    'darkroom_http_requests_total{route="/prompt",method="POST",status="400"} 1',
    '# HELP darkroom_http_request_seconds Time until a response was sent.',
    '# TYPE darkroom_http_request_seconds histogram',
    'darkroom_http_request_seconds_bucket{le="0.005",route="/prompt"} 0',
    'darkroom_http_request_seconds_bucket{le="0.01",route="/prompt"} 1',
    'darkroom_http_request_seconds_bucket{le="0.025",route="/prompt"} 1',
    'darkroom_http_request_seconds_bucket{le="0.05",route="/prompt"} 1',
    'darkroom_http_request_seconds_bucket{le="0.1",route="/prompt"} 1',
    'darkroom_http_request_seconds_bucket{le="0.25",route="/prompt"} 1',
    'darkroom_http_request_seconds_bucket{le="0.5",route="/prompt"} 1',
    'darkroom_http_request_seconds_bucket{le="1",route="/prompt"} 1',
    'darkroom_http_request_seconds_bucket{le="2.5",route="/prompt"} 1',
    'darkroom_http_request_seconds_bucket{le="10",route="/prompt"} 2',
    'darkroom_http_request_seconds_bucket{le="+Inf",route="/prompt"} 2',
    'darkroom_http_request_seconds_sum{route="/prompt"} 3.007',
    'darkroom_http_request_seconds_count{route="/prompt"} 2',
    '# HELP darkroom_jobs_ended_total Jobs that ended while this server ran.',
    '# TYPE darkroom_jobs_ended_total counter',
    'darkroom_jobs_ended_total{state="success"} 1',
  ]);
});

it('shows gauges as they are now, and quotes labels', async () => {
  const metrics = new Metrics();
  const gauge = { name: 'darkroom_info', help: 'The version.', labels: { version: 'a"b\\c\nd' } };
  await metrics.render([{ ...gauge, value: 1 }]);
  const lines = await linesOf(metrics, [{ ...gauge, value: 2 }]);
  expect(lines.slice(-3)).toEqual([
    '# HELP darkroom_info The version.',
    '# TYPE darkroom_info gauge',
    'darkroom_info{version="a\\"b\\\\c\\nd"} 2',
  ]);
});
