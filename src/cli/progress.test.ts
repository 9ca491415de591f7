import { expect, it } from 'vitest';
import { createProgress } from './progress.ts';
import { formatDuration, formatRate } from './progress-text.ts';
import type { Terminal } from './terminal.ts';

function fake(interactive: boolean) {
  const written: string[] = [];
  let time = 0;
  const terminal: Terminal = {
    out: () => undefined,
    err: (text) => void written.push(text),
    interactive,
    columns: () => 76,
    now: () => time,
  };
  const progress = createProgress(terminal);
  const play = () => {
    progress.show({ type: 'started', nodes: 2, cached: [] });
    progress.show({
      type: 'node-started',
      nodeId: '3',
      nodeType: 'KSampler',
      title: 'Paint\x1b[2J it',
    });
    progress.show({ type: 'loading', nodeId: '3', file: 'a.safetensors', part: 'unet' });
    time = 5000; // loading does not count as sampling
    for (let step = 1; step <= 4; step++) {
      progress.show({ type: 'progress', nodeId: '3', step, total: 4 });
      time += 2000;
    }
    progress.show({ type: 'warning', message: 'careful' });
    progress.show({ type: 'node-started', nodeId: '4', nodeType: 'SaveImage', title: 'Save' });
    progress.show({ type: 'done', outputs: {} });
    progress.end();
  };
  return { play, progress, written };
}

it('a terminal shows node, bar, steps, s/it and ETA on one line', () => {
  const { play, written } = fake(true);
  play();
  expect(written).toContain('\r\x1b[2K[1/2] Paint?[2J it  loading a.safetensors (unet) … 0.0 s');
  expect(written.find((text) => text.includes('3/4'))).toBe(
    '\r\x1b[2K[1/2] Paint?[2J it  ██████████████████░░░░░░ 3/4  2.00 s/it  ETA 2.0 s',
  );
  expect(written).toContain('[1/2] Paint?[2J it: 13 s, 4 steps, 2.00 s/it\n');
  expect(written.every((text) => text.replace('\r\x1b[2K', '').length <= 80)).toBe(true);
});

it('other outputs show plain lines', () => {
  const { play, written } = fake(false);
  play();
  expect(written).toEqual([
    'warning: careful\n',
    '[1/2] Paint?[2J it: 13 s, 4 steps, 2.00 s/it\n',
    '[2/2] Save: 0.0 s\n',
  ]);
});

it('the status of a node is shown, and blocked nodes are warned about', () => {
  const { progress, written } = fake(true);
  progress.show({ type: 'started', nodes: 1, cached: [] });
  progress.show({ type: 'node-started', nodeId: '3', nodeType: 'Regional', title: 'Regional' });
  progress.show({ type: 'status', nodeId: '3', text: '1/2 regions' });
  progress.show({
    type: 'blocked',
    nodeId: '4',
    nodeType: 'SaveImage',
    message: 'empty mask',
    executed: [],
  });
  progress.show({
    type: 'node-started',
    nodeId: '3.0.0.1',
    displayId: '3',
    nodeType: 'KSampler',
    title: 'KSampler',
  });
  progress.end();
  expect(written).toContain('\r\x1b[2K[1/1] Regional  1/2 regions  0.0 s');
  expect(written.join('')).toContain('SaveImage (node 4) did not run: empty mask\n');
  expect(written).toContain('\r\x1b[2K[2/2] KSampler  0.0 s');
});

it('while a model loads, what takes long about it is shown', () => {
  const { progress, written } = fake(true);
  progress.show({ type: 'started', nodes: 1, cached: [] });
  progress.show({ type: 'node-started', nodeId: '3', nodeType: 'KSampler', title: 'KSampler' });
  const loading = { nodeId: '3', file: 'a.safetensors', part: 'transformer' };
  progress.show({ type: 'loading', ...loading });
  const text = 'a.safetensors: preparing weights once, 6.2 GB … 40 %, 2 min left';
  progress.show({ type: 'status', nodeId: '3', text });
  expect(written.at(-1)).toContain(
    '[1/1] KSampler  a.safetensors: preparing weights once, 6.2 GB … 40 %',
  );
  progress.show({ type: 'loading', ...loading, bytes: 6.2e9 });
  expect(written.at(-1)).toContain('loading a.safetensors (transformer, 6.2 GB)');
  progress.end();
});

it.each([true, false])('a note is printed once as a line (on a terminal: %s)', (interactive) => {
  const { progress, written } = fake(interactive);
  const note = { type: 'status', nodeId: '3', isNote: true } as const;
  const texts = [
    'a.safetensors computes in int8: …',
    'a.safetensors: preparing weights once, 6.2 GB',
  ];
  progress.show({ type: 'started', nodes: 1, cached: [] });
  progress.show({ type: 'node-started', nodeId: '3', nodeType: 'KSampler', title: 'KSampler' });
  for (const text of [texts[0], texts[1], texts[0]]) progress.show({ ...note, text });
  progress.show({ type: 'status', nodeId: '3', text: '40 %' });
  progress.end();
  expect(written.filter((text) => text.endsWith('\n'))).toEqual(texts.map((text) => `${text}\n`));
});

it('a long load is printed with its duration', () => {
  for (const interactive of [true, false]) {
    const { progress, written } = fake(interactive);
    progress.show({ type: 'started', nodes: 1, cached: [] });
    progress.show({ type: 'node-started', nodeId: '3', nodeType: 'KSampler', title: 'KSampler' });
    const loading = { nodeId: '3', file: 'sdxl.safetensors', part: 'unet' };
    progress.show({ type: 'loading', ...loading });
    progress.show({ type: 'loading', ...loading, bytes: 10.27e9 });
    progress.show({ type: 'loaded', ...loading, seconds: 23.4 });
    progress.end();
    expect(written).toContain('      loaded sdxl.safetensors (unet, 10.3 GB): 23 s\n');
    if (interactive)
      expect(written).toContain(
        '\r\x1b[2K[1/1] KSampler  loading sdxl.safetensors (unet, 10.3 GB) … 0.0 s',
      );
  }
});

it.each([
  [0.44, '0.4 s'],
  [12.4, '12 s'],
  [185, '3 min 5 s'],
  [7260, '2 h 1 min'],
])('%s seconds are %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

it('a rate is in steps per second where a step is shorter than a second', () => {
  expect([2.5, 1, 0.999, 0.25, 0].map(formatRate)).toEqual([
    '2.50 s/it',
    '1.00 s/it',
    '1.00 it/s',
    '4.00 it/s',
    '0.00 s/it',
  ]);
});
