// The page's modules that need no browser: exact numbers, followers of a field, frames of a job.
import { describe, expect, it } from 'vitest';
import { typesByPack } from '../web/check-groups.ts';
import { describeGraph } from '../web/describe-graph.ts';
import { displayText, parseJson, parseNumber, printJson } from '../web/exact-json.ts';
import { changesOf, type Field, problemOf, reseeded } from '../web/form-values.ts';
import { framesOf, originText } from '../web/history-frames.ts';
import { oneAtATime } from '../web/one-at-a-time.ts';
import { nextSeed, seedControlOf } from '../web/seed-control.ts';
import { rateText, StepTimer, timeLeftText } from '../web/time-left.ts';

describe('JSON of the page', () => {
  it.each([
    '{"seed":18446744073709551615,"cfg":8.0,"n":[1,-0.5,1e5,0]}',
    '{"a":"18446744073709551615 \\" 8.0","b":null}',
    '[]',
  ])('prints %s as it was parsed', (text) => {
    expect(printJson(parseJson(text))).toBe(text);
  });

  it('displays numbers without loss and without a trailing .0', () => {
    expect(displayText(parseJson('18446744073709551615'))).toBe('18446744073709551615');
    expect(displayText(parseJson('8.0'))).toBe('8');
  });

  it('reads numbers that were typed', () => {
    expect(printJson(parseNumber(' 007 '))).toBe('7');
    expect(printJson(parseNumber('4,5'))).toBe('4.5');
    expect(parseNumber('1e')).toBeUndefined();
    expect(parseNumber('')).toBeUndefined();
  });

  it('leaves a text that begins like a marked number as it is', () => {
    expect(printJson({ a: '\u0001 x' })).toBe('{"a":"\\u0001 x"}');
  });
});

describe('a field', () => {
  const seed: Field = {
    id: '1',
    input: 'seed',
    label: 'Seed',
    kind: 'seed',
    value: 7,
    min: 0,
    max: parseJson('18446744073709551615'),
  };
  const prompt = {
    '1': { class_type: 'KSamplerAdvanced', inputs: { seed: 7, steps: 20, end_at_step: 16 } },
    '2': { class_type: 'KSampler', inputs: { seed: 9, steps: 20 } },
  };

  it('has limits, also beyond 2^53', () => {
    expect(problemOf(seed, '18446744073709551615')).toBeUndefined();
    expect(problemOf(seed, '18446744073709551616')).toBe('Enter at most 18446744073709551615.');
    expect(problemOf(seed, '-1')).toBe('Enter at least 0.');
  });

  it('accepts only numbers, and only whole ones unless it is a float', () => {
    expect(problemOf(seed, '1.5')).toBe('Enter a whole number.');
    expect(problemOf({ ...seed, kind: 'float', min: 0, max: 100 }, 'much')).toBe('Enter a number.');
    expect(problemOf({ ...seed, kind: 'lines' }, 'much')).toBeUndefined();
  });

  it('shifts other seeds by as much as it changes, modulo 2^64', () => {
    const field: Field = { ...seed, followers: [{ id: '2', input: 'seed', how: 'shift' }] };
    const changes = changesOf(prompt, field, parseJson('18446744073709551615'));
    expect(printJson(changes)).toBe(
      '[{"id":"1","input":"seed","value":18446744073709551615},' +
        '{"id":"2","input":"seed","value":1}]',
    );
  });

  it('sets equal inputs to its value, and scales step numbers', () => {
    const field: Field = {
      ...seed,
      input: 'steps',
      value: 20,
      followers: [
        { id: '2', input: 'steps', how: 'same' },
        { id: '1', input: 'end_at_step', how: 'share' },
      ],
    };
    expect(printJson(changesOf(prompt, field, parseJson('30')))).toBe(
      '[{"id":"1","input":"steps","value":30},{"id":"2","input":"steps","value":30},' +
        '{"id":"1","input":"end_at_step","value":24}]',
    );
  });

  it('can be reseeded, which leaves the editor’s form of the workflow out', () => {
    const changed = reseeded({
      prompt,
      extra: { workflow: {}, other: 1 },
      form: { main: [seed], groups: [], missing: [] },
    });
    expect(changed.extra).toEqual({ other: 1 });
    expect(changed.prompt['1'].inputs['seed']).not.toBe(7);
    expect(prompt['1'].inputs.seed).toBe(7);
  });
});

describe('missing node types', () => {
  const type = (type: string, pack?: string, reason?: string) => ({
    ...{ type, pack, reason, hint: pack ? `It belongs to ${pack}.` : '', count: 2 },
  });

  it('are grouped by pack, and have one remark each without one', () => {
    const types = [type('A', 'P'), type('B'), type('C', 'P'), type('D', 'P', 'it runs programs')];
    expect(typesByPack(types)).toEqual([
      {
        names: 'A, C (4 nodes)',
        remark: '– It belongs to P. Remove these nodes or replace them with built-in ones.',
      },
      { names: 'B (2 nodes)', remark: 'is not built in. Remove it or replace it.' },
      {
        names: 'D (2 nodes)',
        remark: 'of P is not supported: it runs programs. It belongs to P.',
      },
    ]);
  });

  it('are not all listed when there are many of a pack', () => {
    const types = Array.from({ length: 9 }, (_, i) => ({ ...type(`T${i}`, 'P'), count: 1 }));
    expect(typesByPack(types)[0].names).toBe('T0, T1, T2, T3, T4, T5 and 3 more');
  });
});

describe('the seed after each run', () => {
  const node = (widgets_values: unknown, id = 3) => ({ id, type: 'KSampler', widgets_values });
  const field = (value: unknown, id = '3') => ({ id, value }) as Field;
  const controlIn = (workflow: unknown, of = field(7)) =>
    seedControlOf({ extra: { workflow } as never }, of);

  it.each([
    [[7, 'increment', 20], 'increment'],
    [[20, 7, 'randomize'], 'randomize'],
    [[7, true, 20], 'randomize'],
    [[7, false, 20], 'fixed'],
    [[7, 'increment-wrap', 20], 'increment'],
    [{ seed: 7, control_after_generate: 'decrement' }, 'decrement'],
    [[7, 20, 'euler'], undefined],
    [[7], undefined],
  ])('is read from %j', (values, control) => {
    expect(controlIn({ nodes: [node(values)] })).toBe(control);
  });

  it('is read in subgraphs, and for seeds beyond 2^53', () => {
    const inner = { id: 'sub', nodes: [node([parseJson('18446744073709551615'), 'fixed'], 4)] };
    const workflow = { nodes: [{ id: 3, type: 'sub' }], definitions: { subgraphs: [inner] } };
    expect(controlIn(workflow, field(parseJson('18446744073709551615'), '3:4'))).toBe('fixed');
  });

  it.each([null, [], { nodes: 1 }, { nodes: [null, node('x')] }, { definitions: 4 }])(
    'is unknown in %j',
    (workflow) => {
      expect(controlIn(workflow)).toBeUndefined();
    },
  );

  it('steps modulo 2^64, stays, or is random', () => {
    expect(nextSeed('increment', '18446744073709551615')).toBe('0');
    expect(nextSeed('decrement', '0')).toBe('18446744073709551615');
    expect(nextSeed('fixed', '7')).toBe('7');
    expect(nextSeed('increment', '007.0')).toBe('8');
    expect(nextSeed('randomize', '7')).toMatch(/^\d+$/);
  });
});

describe('requests that are made again and again', () => {
  it('are one at a time, and the last one is made', async () => {
    const started: number[] = [];
    let finish: (error?: Error) => void = () => undefined;
    const refresh = oneAtATime(() => {
      started.push(started.length);
      return new Promise((resolve, reject) => {
        finish = (error) => (error ? reject(error) : resolve());
      });
    });
    const first = refresh();
    const others = [refresh(), refresh()];
    expect(started).toEqual([0]);
    finish(new Error('no answer'));
    await expect(first).rejects.toThrow('no answer');
    await expect.poll(() => started).toEqual([0, 1]);
    finish();
    await Promise.all(others);
    void refresh();
    expect(started).toEqual([0, 1, 2]);
  });
});

describe('the caption of a job', () => {
  const text = (text: string) => ({ class_type: 'CLIPTextEncode', inputs: { text } });
  const sampler = (seed: unknown) => ({
    class_type: 'KSampler',
    inputs: { seed, positive: ['2', 0], negative: ['1', 0] } as never,
  });

  it('is the positive prompt, also where the negative one is longer, and the seed', () => {
    const graph = {
      '1': text('blurry, low quality, watermark, text'),
      '2': { class_type: 'ConditioningSetArea', inputs: { conditioning: ['4', 0] } },
      '4': text('fox'),
      '3': sampler(parseJson('18446744073709551615')),
    };
    expect(describeGraph(graph)).toEqual({ prompt: 'fox', seed: '18446744073709551615' });
  });

  it('finds a seed that comes from another node', () => {
    const graph = {
      '2': text('fox'),
      '3': sampler(['5', 0]),
      '5': { class_type: 'SeedNode', inputs: { seed: 9 } },
    };
    expect(describeGraph(graph).seed).toBe('9');
  });

  it('is the longest text without a sampler, and ends for graphs with cycles and without inputs', () => {
    expect(describeGraph({ '1': text('a fox'), '2': text('a red fox') }).prompt).toBe('a red fox');
    const cycle = { class_type: 'A', inputs: { positive: ['1', 0], x: ['1', 0] } };
    expect(describeGraph({ '1': cycle }).prompt).toBe('Workflow');
    expect(describeGraph({ '1': { class_type: 'A' } as never }).prompt).toBe('Workflow');
  });

  it('names the seed and the file that was open', () => {
    expect(originText({ seed: '7', file: 'two-stage.json' })).toBe('seed 7 · Two stage');
    expect(originText({})).toBe('');
  });
});

describe('the time left', () => {
  const steady = (ms: number, count: number, total = 40): StepTimer => {
    const timer = new StepTimer();
    for (let i = 1; i <= count; i++) timer.record('a', i, total, i * ms);
    return timer;
  };

  it('is known after two measured steps', () => {
    expect(steady(500, 2).secondsLeft(1000)).toBeUndefined();
    expect(steady(500, 10).rate()).toBe(2);
    expect(steady(500, 10).secondsLeft(5000)).toBe(15);
    expect(steady(500, 10).secondsLeft(6000)).toBe(14);
  });

  it('does not jump with single steps that are slower or faster', () => {
    const timer = steady(500, 10);
    timer.record('a', 11, 40, 5600);
    expect(timer.secondsLeft(5600)).toBeCloseTo(14.4, 5);
    // but follows a lasting change
    for (let i = 12; i <= 20; i++) timer.record('a', i, 40, 5600 + (i - 11) * 2000);
    expect(timer.secondsLeft(23600)).toBeGreaterThan(30);
  });

  it('starts anew with another node, and is unknown where a node samples again', () => {
    const timer = steady(500, 10);
    for (let i = 1; i <= 4; i++) timer.record('b', i, 20, 10_000 + i * 1000);
    expect(timer.secondsLeft(14_000)).toBe(16);
    for (let i = 1; i <= 4; i++) timer.record('b', i, 20, 20_000 + i * 1000);
    expect(timer.rate()).toBe(1);
    expect(timer.secondsLeft(24_000)).toBeUndefined();
  });

  it.each([
    [3, 'a few seconds left'],
    [12, 'about 10 s left'],
    [57, 'about 55 s left'],
    [70, 'about a minute left'],
    [200, 'about 3 minutes left'],
    [3600, 'about 1 h left'],
    [5400, 'about 1 h 30 min left'],
  ])('%i s is %s', (seconds, text) => {
    expect(timeLeftText(seconds)).toBe(text);
  });

  it('has a rate in steps per second, or seconds per step', () => {
    expect([rateText(12.3), rateText(2.06), rateText(0.25)]).toEqual([
      '12 it/s',
      '2.1 it/s',
      '4.0 s/it',
    ]);
  });
});

describe('the frames of a history entry', () => {
  const prompt = { '1': { class_type: 'CLIPTextEncode', inputs: { text: 'a red panda' } } };
  const item = ['12', 'job', prompt, { extra_pnginfo: { workflow: {} } }, ['9']] as const;
  const image = (filename: string, type: string) => ({ filename, subfolder: '', type });
  const frame = { id: 'job', number: '12', prompt, extra: { workflow: {} } };
  const description = 'a red panda';

  it('are its saved pictures, not the temporary ones', () => {
    const outputs = {
      '8': { images: [image('preview.png', 'temp')] },
      '9': { images: [image('a.png', 'output'), image('b.txt', 'output')] },
    };
    expect(framesOf('job', { prompt: item, outputs })).toEqual([
      { ...frame, description, picture: image('a.png', 'output') },
    ]);
  });

  it('are its temporary pictures where nothing was saved', () => {
    const outputs = { '8': { images: [image('preview.png', 'temp')] } };
    expect(framesOf('job', { prompt: item, outputs })).toEqual([
      { ...frame, description, picture: image('preview.png', 'temp') },
    ]);
  });

  it('are one with the error of a failed job, and none of an interrupted one', () => {
    const messages = [['execution_error', { exception_message: 'shapes differ' }]] as const;
    expect(framesOf('job', { prompt: item, status: { status_str: 'error', messages } })).toEqual([
      { ...frame, description, error: 'shapes differ' },
    ]);
    expect(
      framesOf('job', { prompt: item, status: { status_str: 'error', messages: [] } }),
    ).toEqual([]);
  });
});
