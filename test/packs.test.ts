// Packs in the whole program: a job, the result cache, a server that loads changed files again, and
// packs that do harm.
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDarkroom } from '../src/darkroom.ts';
import { findPacks } from '../src/nodes/user-packs/find-packs.ts';
import { packFolder, textPack, writeFiles } from './support/packs.ts';
import { node, type TestServer, testServer } from './support/server.ts';

const graphOf = (type: string, value = 1) => ({
  1: node(type, { value }),
  2: node('PreviewAny', { source: ['1', 0] }),
});

/** A server with the packs of a folder, and the built-in nodes. */
async function packServer(folder: string): Promise<TestServer> {
  const test = await testServer({
    builtIn: true,
    packs: findPacks([folder]).sources,
    watchesPacks: true,
    nodeTimeoutMs: 3000,
  });
  onTestFinished(() => test.close());
  return test;
}

interface Ended {
  readonly status: { readonly status_str: string; readonly messages: readonly unknown[] };
  readonly outputs: Readonly<Record<string, { readonly text?: readonly string[] }>>;
}

async function runJob(test: TestServer, graph: object): Promise<Ended> {
  const response = await test.post('/prompt', { prompt: graph });
  expect(response.json()).toMatchObject({ node_errors: {} });
  const { prompt_id } = response.json();
  await test.queue.waitForEnd(prompt_id);
  return (await test.get(`/history/${prompt_id}`)).json()[prompt_id];
}

const OWN_VALUES = `
import { defineNode, definePack, defineSocket, output, outputs } from 'darkroom-engine/pack';
class Palette { constructor(readonly colours: readonly string[]) {} describe() { return this.colours.join('+'); } }
const PALETTE = defineSocket<Palette>('PALETTE', {
  store: ({ colours }) => colours,
  restore: (colours: readonly string[]) => new Palette(colours),
});
const make = defineNode({
  type: 'MakePalette', display: 'Palette', category: 'test', inputs: {}, outputs: [PALETTE.output()],
  run: async (_, context) => {
    await new Promise((resolve) => setTimeout(resolve, 40));
    context.warn('made');
    return outputs(new Palette(['red', 'blue']));
  },
});
const read = defineNode({
  type: 'ReadPalette', display: 'Read', category: 'test',
  inputs: { palette: PALETTE.input() }, outputs: [output('STRING')],
  run: ({ palette }) => outputs(palette.describe()),
});
export default definePack({ title: 'Palettes', api: '1.0', nodes: [make, read] });
`;

it('stores values of a type of its own with their codec', { timeout: 120_000 }, async () => {
  const folder = packFolder({ 'palettes/pack.ts': OWN_VALUES });
  const run = async (): Promise<{ texts: unknown; made: number }> => {
    await using darkroom = await openDarkroom({
      nodes: [join(folder, 'palettes')],
      inMemory: true,
      models: [],
      cache: join(folder, 'cache'),
    });
    let made = 0;
    const { outputs } = await darkroom.run(
      {
        1: node('MakePalette'),
        2: node('ReadPalette', { palette: ['1', 0] }),
        3: node('PreviewAny', { source: ['2', 0] }),
      },
      { onEvent: (event) => event.type === 'warning' && made++ },
    );
    return { texts: outputs['3'], made };
  };
  expect(await run()).toMatchObject({ texts: { text: ['red+blue'] }, made: 1 });
  expect(await run()).toMatchObject({ texts: { text: ['red+blue'] }, made: 0 });
});

it('loads a changed pack again without a new engine', { timeout: 120_000 }, async () => {
  const main = (text: string, max: number) =>
    textPack('Changing', `return outputs('${text}' + process.pid)`).replace(
      'default: 1',
      `max: ${max}`,
    );
  const folder = packFolder({ 'changing/pack.ts': main('before', 5) });
  const test = await packServer(folder);
  const info = async () => (await test.get('/object_info/Changing')).json()['Changing'];
  expect(await info()).toMatchObject({
    input: { required: { value: ['INT', { max: 5 }] } },
    python_module: 'custom_nodes.changing',
  });
  const [before] = (await runJob(test, graphOf('Changing'))).outputs['2'].text!;
  expect(before).toMatch(/^before\d+$/);
  writeFiles(folder, { 'changing/pack.ts': main('and after', 50) });
  expect(await info()).toMatchObject({ input: { required: { value: ['INT', { max: 50 }] } } });
  expect((await test.get('/object_info')).json()).toMatchObject({
    Changing: { input: { required: { value: ['INT', { max: 50 }] } } },
    KSampler: { name: 'KSampler' },
  });
  // the same process: what it has loaded is still there
  const [after] = (await runJob(test, graphOf('Changing', 20))).outputs['2'].text!;
  expect(after).toBe(before.replace('before', 'and after'));
});

describe('a pack that does harm', () => {
  const HARM: Readonly<Record<string, readonly [run: string, message: RegExp]>> = {
    throws: ["throw new Error('out of film')", /out of film/],
    exits: ['process.exit(0)', /process\.exit/],
    aborts: [
      'process.abort()',
      /the engine process was ended by SIGABRT|the process that ran it died/,
    ],
    loops: ['for (;;);', /Loops \(node 1\) was ended, because it gave no sign of life/],
    waits: ['await new Promise(() => {})', /Waits \(node 1\) was ended, because it gave no sign/],
    prints: [
      "for (let i = 0; i < 400; i++) process.stdout.write('x'.repeat(2 ** 20)); throw new Error('printed')",
      /printed/,
    ],
  };
  const typeOf = (name: string) => name[0].toUpperCase() + name.slice(1);

  it('costs its job and nothing else', { timeout: 240_000 }, async () => {
    const folder = packFolder({
      'good/pack.ts': textPack('Good', "return outputs('good ' + value)"),
      ...Object.fromEntries(
        Object.entries(HARM).map(([name, [run]]) => [
          `${name}/pack.ts`,
          textPack(typeOf(name), run),
        ]),
      ),
    });
    const test = await packServer(folder);
    for (const [i, [name, [, message]]] of Object.entries(HARM).entries()) {
      const job = runJob(test, graphOf(typeOf(name), i));
      const next = runJob(test, graphOf('Good', i));
      const failed = await job;
      expect(failed.status.status_str).toBe('error');
      expect(JSON.stringify(failed.status.messages)).toMatch(message);
      expect((await next).outputs['2'].text).toEqual([`good ${i}`]);
    }
  });
});
