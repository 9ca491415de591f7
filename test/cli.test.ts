// The command line as a process: exit codes, messages, JSON lines, Ctrl-C, files that remain.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { encodePng } from '../src/image/codec/png.ts';
import { FROM_SOURCE } from './support/from-source.ts';

const here = dirname(fileURLToPath(import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'darkroom-cli-'));
const TEST_NODES = join(here, 'support', 'cli.ts');
const BUILT_IN = join(here, '..', 'src', 'cli', 'main.ts');

/** A module with which a job that was cancelled is never ended by force. */
const WITHOUT_GRACE = `data:text/javascript,${encodeURIComponent(`
  const { setTimeout } = globalThis;
  globalThis.setTimeout = (call, ms, ...rest) => setTimeout(call, ms === 2000 ? 1e9 : ms, ...rest);
`)}`;

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

interface Options {
  readonly program?: string;
  /** A module that is imported before it. */
  readonly before?: string;
  readonly input?: string;
  /** Called with all that was printed so far on stdout, and with all on stderr. */
  readonly onOutput?: (text: string, child: ChildProcess) => void;
}

function darkroom(
  args: readonly string[],
  { program = TEST_NODES, before, input, onOutput }: Options = {},
): Promise<Ended> {
  const options = before === undefined ? FROM_SOURCE : [...FROM_SOURCE, '--import', before];
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...options, program, ...args], {
      cwd: dir,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (data) => {
      out += data;
      onOutput?.(out, child);
    });
    child.stderr.on('data', (data) => {
      err += data;
      onOutput?.(err, child);
    });
    child.stdin.end(input ?? '');
    child.on('close', (code, signal) => resolve({ code, signal, out, err }));
  });
}

let files = 0;
function workflow(nodes: Record<string, unknown> | string): string {
  const file = `w${++files}.json`;
  writeFileSync(join(dir, file), typeof nodes === 'string' ? nodes : JSON.stringify(nodes));
  return file;
}
const node = (class_type: string, inputs: Record<string, unknown> = {}, title?: string) => ({
  class_type,
  inputs,
  ...(title && { _meta: { title } }),
});
const save = (from: unknown, prefix = 'out') =>
  node('TestSave', { value: from, filename_prefix: prefix });
const number = workflow({ 1: node('TestNumber', { value: 1 }, 'My number'), 2: save(['1', 0]) });
const slow = workflow({
  1: node('TestSlow', { steps: 500, ms: 20, deaf: false }),
  2: save(['1', 0], 'slow'),
});
const deaf = workflow({
  1: node('TestSlow', { steps: 2, ms: 600_000, deaf: true }),
  2: save(['1', 0], 'deaf'),
});
writeFileSync(join(dir, 'portrait.json'), '{}');
const lines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe.concurrent('darkroom run', () => {
  it('runs the valid outputs and warns of each other one; refuses them with --strict', async () => {
    const half = workflow({
      1: node('TestNumber', { value: 3 }),
      2: save(['1', 0], 'half'),
      3: save(['9', 0]),
      4: node('TestSave', { value: ['5', 0], filename_prefix: 'x' }, 'Other'),
      5: node('TestNumber', { value: 1000 }),
    });
    const { code, out, err } = await darkroom(['run', half, '--output', 'half']);
    expect(out).toBe('half/half_00001_.txt\n');
    expect(err).toMatch(/warning: TestSave \(node 3\) is left out: .*'9'/);
    expect(err).toMatch(/warning: TestSave 'Other' \(node 4\) is left out: .*1000/);
    expect(err.match(/is left out/g)).toHaveLength(2);
    expect(code).toBe(0);
    expect((await darkroom(['run', half, '--partial', '--output', 'half'])).code).toBe(0);
    const strict = await darkroom(['run', half, '--strict', '--output', 'half']);
    expect(strict.err).toMatch(/error: .*1000/);
    expect({ code: strict.code, out: strict.out }).toEqual({ code: 2, out: '' });
    const check = await darkroom(['check', half]);
    expect(check.out).toContain(`${half}: runnable in part (2 outputs are left out)`);
    expect(check.code).toBe(0);
    expect((await darkroom(['check', half, '--strict'])).code).toBe(2);
  });

  it('runs a file and prints the path of the image', async () => {
    const { code, out, err } = await darkroom([
      'run',
      number,
      '--set',
      'My number.value=3',
      '--output',
      'one',
    ]);
    expect(err).toContain('[1/2] My number');
    expect(err).toContain('warning: saving');
    expect(out).toBe('one/out_00001_.txt\n');
    expect(code).toBe(0);
    expect(JSON.parse(readFileSync(join(dir, 'one/out_00001_.txt'), 'utf8')).value).toBe(3);
  });

  it('prints the texts that nodes show', async () => {
    const content = workflow({
      1: node('PrimitiveString', { value: 'fox\n\u001b[2Jsnow' }),
      2: node('PreviewAny', { source: ['1', 0] }),
    });
    const { code, out } = await darkroom(['run', content, '--quiet'], { program: BUILT_IN });
    expect({ code, out }).toEqual({ code: 0, out: 'fox\n?[2Jsnow\n' });
  });

  it('reads the UI format from an image, and saves it with the outputs', async () => {
    const links = [[1, 1, 0, 2, 0, 'INT']];
    const nodes = [
      { id: 1, type: 'TestNumber', widgets_values: [4, 7, 'fixed'] },
      {
        id: 2,
        type: 'TestSave',
        inputs: [{ name: 'value', type: '*', link: 1 }],
        widgets_values: ['%TestNumber.value%-ui', 1],
      },
    ];
    const text = { workflow: JSON.stringify({ nodes, links }) };
    writeFileSync(
      join(dir, 'ui.png'),
      await encodePng({ width: 1, height: 1, channels: 3, bytes: Buffer.alloc(3) }, { text }),
    );
    const { code, out } = await darkroom(['run', 'ui.png', '--output', 'ui', '--quiet']);
    expect({ code, out }).toEqual({ code: 0, out: 'ui/4-ui_00001_.txt\n' });
    const saved = JSON.parse(readFileSync(join(dir, 'ui/4-ui_00001_.txt'), 'utf8'));
    expect(saved.value).toBe(4);
    expect(JSON.parse(saved.workflow)).toEqual({ nodes, links });
    expect(JSON.parse(saved.prompt)['1'].inputs).toEqual({ value: 4, seed: 7 });
  });

  it('reads standard input, and with --json --quiet prints events only', async () => {
    const { code, out, err } = await darkroom(
      ['run', '-', '--json', '--output', 'two', '--quiet'],
      {
        input: readFileSync(join(dir, number), 'utf8'),
      },
    );
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const events = lines(out);
    expect(events.map((e) => e.type)).toEqual([
      'started',
      'node-started',
      'node-started',
      'warning',
      'executed',
      'done',
    ]);
    expect(events.at(-1)).toEqual({
      type: 'done',
      outputs: {
        2: {
          images: [
            {
              filename: 'out_00001_.txt',
              subfolder: '',
              type: 'output',
              path: join(dir, 'two', 'out_00001_.txt'),
            },
          ],
        },
      },
    });
  });

  it.each([
    [
      'an unknown node',
      { 1: node('TestNumbr') },
      "unknown node type 'TestNumbr' (node 1)",
      "Did you mean 'TestNumber'",
    ],
    [
      'a cycle',
      { 1: node('TestAdd', { a: ['1', 0], b: 1 }), 2: save(['1', 0]) },
      'connected in a cycle',
      'Correct the connection',
    ],
    [
      'a wrong type',
      {
        1: node('TestNumber', { value: 1 }),
        3: node('TestAdd', { a: ['1', 1], b: 1 }),
        2: save(['3', 0]),
      },
      "'a' of TestAdd (node 3) expects INT",
      'Connect an output of type INT',
    ],
    [
      'a value out of range',
      { 1: node('TestNumber', { value: 1000 }), 2: save(['1', 0]) },
      "'value' of TestNumber (node 1) is 1000",
      'The maximum is 100',
    ],
    [
      'a workflow in which nothing runs',
      { nodes: [], links: [] },
      'no nodes that run',
      'muted or bypassed',
    ],
    ['broken JSON', '{"1": ', 'not valid JSON', 'hint:'],
  ])('rejects %s with exit code 2', async (_, content, message, hint) => {
    const { code, out, err } = await darkroom(['run', workflow(content), '--output', 'refused']);
    expect(err).toContain(`error: `);
    expect(err).toContain(message);
    expect(err).toContain(hint);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(existsSync(join(dir, 'refused'))).toBe(false);
  });

  it('prints every problem, and the combined error as the last JSON line', async () => {
    const { code, out, err } = await darkroom([
      'run',
      workflow({ 1: node('Nope'), 2: node('Nada') }),
      '--json',
    ]);
    expect(err.match(/error:/g)).toHaveLength(2);
    expect(lines(out)).toMatchObject([{ type: 'error', error: { code: 'DR_WORKFLOW_INVALID' } }]);
    expect(code).toBe(2);
    expect(lines((await darkroom(['run', 'gone.json', '--json'])).out)).toMatchObject([
      { type: 'error', error: { code: 'DR_FILE_MISSING' } },
    ]);
  });

  it('exits with 1 and the name of the node when a node fails', async () => {
    const { code, err } = await darkroom([
      'run',
      workflow({ 1: node('TestFail', { how: 'known' }), 2: save(['1', 0]) }),
    ]);
    expect(err).toContain('error: TestFail (node 1): shapes differ\n hint: Use equal shapes.');
    expect(code).toBe(1);
  });

  it('reports an output folder that can not be written', async () => {
    writeFileSync(join(dir, 'afile'), '');
    const { code, err } = await darkroom(['run', number, '--output', 'afile']);
    expect(err).toContain(`nothing can be saved in ${join(dir, 'afile')}`);
    expect(err).toContain('name another folder with --output');
    expect(code).toBe(1);
  });

  it('stops between steps on Ctrl-C', async () => {
    let sent = false;
    const { code, out, err } = await darkroom(['run', slow, '--json', '--output', 'ctrl'], {
      onOutput: (text, child) => {
        if (!sent && text.includes('"progress"')) sent = child.kill('SIGINT');
      },
    });
    expect(code).toBe(130);
    expect(lines(out).at(-1)).toEqual({
      type: 'error',
      error: { code: 'DR_INTERRUPTED', message: 'interrupted', nodeId: '1', nodeType: 'TestSlow' },
    });
    expect(err).toContain('interrupted');
    expect(existsSync(join(dir, 'ctrl'))).toBe(false);
  });

  it('stops on Ctrl-C while a workflow is read and checked', async () => {
    const file = workflow({
      1: node('TestPrepared', { ms: 0, allocates: false }),
      2: save(['1', 0]),
    });
    writeFileSync(join(dir, 'runs.csv'), '1.ms\n60000\n');
    let sent = false;
    const { code, signal } = await darkroom(['run', file, '--csv', 'runs.csv'], {
      onOutput: (text, child) => {
        if (sent || !text.includes('run 1 of 1')) return;
        sent = true;
        setTimeout(() => child.kill('SIGINT'), 500);
      },
    });
    expect({ code, signal }).toEqual({ code: null, signal: 'SIGINT' });
  });

  it('stops immediately on a second Ctrl-C', async () => {
    let sent = false;
    const { code } = await darkroom(['run', deaf, '--json'], {
      before: WITHOUT_GRACE,
      onOutput: (text, child) => {
        if (sent || !text.includes('"progress"')) return;
        sent = child.kill('SIGINT');
        // two that arrive at once count as one
        setTimeout(() => child.kill('SIGINT'), 2000);
      },
    });
    expect(code).toBe(130);
  });

  it('exits with 1 and leaves no incomplete file when the engine is killed', async () => {
    const file = workflow({ 1: node('TestHalf') });
    let killed = false;
    const { code, err } = await darkroom(['run', file, '--json', '--output', 'killed'], {
      onOutput: (text, child) => {
        if (killed || !text.includes('"progress"')) return;
        killed = true;
        for (const pid of childrenOf(child.pid!)) process.kill(pid, 'SIGKILL');
      },
    });
    expect(err).toContain('the engine process was ended by SIGKILL');
    expect(code).toBe(1);
    expect(readdirSync(join(dir, 'killed'))).toEqual(['half_00001_.txt']);
  });

  it('ends its engine when it is killed', async () => {
    let pids: number[] = [];
    await darkroom(['run', slow, '--json'], {
      onOutput: (text, child) => {
        if (pids.length > 0 || !text.includes('"progress"')) return;
        pids = childrenOf(child.pid!);
        child.kill('SIGKILL');
      },
    });
    expect(pids.length).toBeGreaterThan(0);
    while (pids.some(isEngine)) await sleep(50);
  });
});

describe.concurrent('the other commands', () => {
  it.each([
    [['rnu', 'x.json'], "unknown command 'rnu'", "Did you mean 'run'?"],
    [['x.json'], "unknown command 'x.json'", 'darkroom run x.json'],
    [['run', number, '--outptu', 'x'], 'unknown option --outptu', "Did you mean '--output'?"],
    [['run'], 'run needs a workflow file', 'For example'],
    [
      ['run', number, '--threads', 'many'],
      '--threads must be a whole number from 1 to 1024, got many',
      '--threads 1',
    ],
    [['run', number, '--device', 'gpu'], "unknown device 'gpu'", "Use 'cuda'"],
    [['run', number, '--models', 'nowhere'], 'does not exist', 'checkpoints'],
    [['run', number, '--set', '1=2'], 'not of the form', 'For example'],
    [['run', 'portriat.json'], 'there is no file portriat.json', "Did you mean 'portrait.json'?"],
    [['nodes', 'TestNumbr'], "unknown node type 'TestNumbr'", "'TestNumber'"],
  ])('rejects the arguments %j', async (args, message, hint) => {
    const program = args.includes('TestNumbr') ? TEST_NODES : BUILT_IN;
    const { code, err } = await darkroom(args, { program });
    expect(err).toContain(message);
    expect(err).toContain(hint);
    expect(code).toBe(2);
  });

  it('check exits with 0 if all files can run, else with 2', async () => {
    const missing = workflow({
      1: node('TestValues', {
        int: 1,
        float: 1,
        text: '',
        flag: true,
        choice: 'euler',
        model: 'gone.safetensors',
      }),
      2: save(['1', 0]),
    });
    const unknown = workflow({ 1: node('Nope') });
    const good = await darkroom(['check', number]);
    expect(good).toEqual({ code: 0, signal: null, out: `${number}: runnable\n`, err: '' });
    const { code, out } = await darkroom([
      'check',
      number,
      missing,
      unknown,
      'none.json',
      '--json',
    ]);
    expect(code).toBe(2);
    expect(JSON.parse(out)).toMatchObject([
      { file: number, runnable: true, missingNodes: [], missingModels: [], errors: [] },
      {
        file: missing,
        runnable: false,
        missingModels: ['gone.safetensors'],
        errors: [{ code: 'DR_MODEL_MISSING', nodeId: '1', input: 'model' }],
      },
      { file: unknown, runnable: false, missingNodes: ['Nope'] },
      { file: 'none.json', runnable: false, errors: [{ code: 'DR_FILE_MISSING' }] },
    ]);
  });

  it('print the version, help and the nodes', async () => {
    const { version } = JSON.parse(readFileSync(join(here, '..', 'package.json'), 'utf8'));
    expect(await darkroom(['--version'])).toEqual({
      code: 0,
      signal: null,
      out: `${version}\n`,
      err: '',
    });
    expect((await darkroom(['--help'])).out).toContain('  run FILE…');
    expect((await darkroom(['run', '--help'])).out).toContain('--set ID.INPUT=VALUE');
    expect((await darkroom(['nodes', 'TestNumber'])).out).toContain('value: INT, -100 to 100');
    const { code, out } = await darkroom(['nodes', '--json'], { program: BUILT_IN });
    expect(code).toBe(0);
    expect(JSON.parse(out).map((n: { type: string }) => n.type)).toContain('KSampler');
  });
});

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .split(' ')
    .map(Number)
    .filter((child) => child > 0 && isEngine(child));
}

const isEngine = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('engine/process.ts');
  } catch {
    return false;
  }
};
