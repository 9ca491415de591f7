// Two unmodified npm clients of ComfyUI with a listening server, the built-in nodes and the
// embedded model.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CallWrapper, ComfyApi, PromptBuilder } from '@saintno/comfyui-sdk';
import { Client } from '@stable-canvas/comfyui-client';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { node, type TestServer, testServer } from './support/server.ts';
import { openSocket } from './support/web-socket.ts';

type Nodes = Record<
  string,
  { class_type: string; inputs: Record<string, unknown>; _meta: { title: string } }
>;

let test: TestServer;
let host: string;
beforeAll(async () => {
  test = await testServer({ builtIn: true, previews: 'all' });
  test.queue.requestPreviews(test.server.wantsPreviews);
  host = (await test.listen()).replace('http://', '');
});
afterAll(() => test.close());

const example: Nodes = JSON.parse(
  readFileSync(new URL('../examples/text-to-image.json', import.meta.url), 'utf8'),
);
const idOf = (type: string): string =>
  Object.keys(example).find((id) => example[id].class_type === type)!;
const [sampler, save] = [idOf('KSampler'), idOf('SaveImage')];

function workflow(seed: number, steps = 4): Nodes {
  const nodes = structuredClone(example);
  Object.assign(nodes[sampler].inputs, { seed, steps });
  return nodes;
}

const isPng = async (bytes: ArrayBuffer): Promise<boolean> =>
  (await sharp(Buffer.from(bytes)).metadata()).format === 'png';
const red = (width = 16): Promise<Buffer> =>
  sharp({ create: { width, height: 16, channels: 4, background: '#ff000080' } })
    .png()
    .toBuffer();

describe('@stable-canvas/comfyui-client', () => {
  let client: Client;
  beforeAll(async () => {
    client = new Client({ api_host: host, clientId: 'stable', WebSocket, fetch });
    await client.connect();
  });
  afterAll(() => client.close());

  it('creates an image with progress and previews', async () => {
    const steps: number[] = [];
    const previews: Blob[] = [];
    client.on('b_preview', (blob: Blob) => previews.push(blob));
    const { images } = await client.enqueue(workflow(1), {
      progress: ({ value }) => steps.push(value),
    });
    // this client returns previews among the images
    const [image, ...others] = images.filter(({ type }) => type === 'url');
    expect(others).toEqual([]);
    const response = await fetch(image.data as string);
    expect(await isPng(await response.arrayBuffer())).toBe(true);
    expect([...new Set(steps)]).toEqual([1, 2, 3, 4]);
    expect(previews.length).toBeGreaterThan(0);
  });

  it('polls for an image', async () => {
    const { images } = await client.enqueue_polling(workflow(2), { polling_ms: 100 });
    expect(images.length).toBe(1);
  });

  it('queues, lists, deletes and interrupts', async () => {
    const add = async (seed: number): Promise<string> => {
      return (await client._enqueue_prompt(workflow(seed, 10_000))).prompt_id;
    };
    const [first, second] = [await add(10), await add(11)];
    await expect.poll(async () => (await client.getPromptStatus(first)).running).toBe(true);
    expect(await client.getPromptStatus(second)).toEqual({
      running: false,
      pending: true,
      done: false,
    });
    expect((await client.getQueue()).Pending.map((item) => item[1])).toEqual([second]);
    await client.deleteItem('queue', second);
    expect((await client.getQueue()).Pending).toEqual([]);
    await client.interrupt();
    await expect.poll(async () => (await client.getQueue()).Running.length).toBe(0);
    const { History } = await client.getHistory(1);
    expect(History[0].prompt[1]).toBe(first);
    expect(History[0].status?.status_str).toBe('error');
    await client.deleteItem('history', first);
    expect((await client.getHistory()).History.some((item) => item.prompt[1] === first)).toBe(
      false,
    );
    await client.clearItems('queue');
    await client.free({ unload_models: true });
  });

  it('receives the reason why a workflow can’t run', async () => {
    const broken = workflow(1);
    broken[sampler].inputs['steps'] = 0;
    await expect(client.enqueue(broken)).rejects.toThrow(/400 Bad Request/);
  });

  it('reads nodes, models and the system', async () => {
    expect(await client.getSDModels()).toContain('darkroom-tiny-base.safetensors');
    expect(await client.getSamplers()).toContain('dpmpp_2m');
    expect(await client.getSchedulers()).toContain('karras');
    for (const list of [
      client.getLoRAs(),
      client.getVAEs(),
      client.getCNetModels(),
      client.getUpscaleModels(),
    ])
      expect(Array.isArray(await list)).toBe(true);
    expect(Object.keys(await client.getNodeDefs())).toContain('KSampler');
    expect((await client.getSystemStats()).system.os).toBe('posix');
    expect(await client.getEmbeddings()).toEqual([]);
    expect(await client.getExtensions()).toEqual([]);
    expect((await client.getModelFolders()).map(({ name }) => name)).toContain('checkpoints');
    expect((await client.getModels('checkpoints')).map(({ name }) => name)).toContain(
      'darkroom-tiny-base.safetensors',
    );
  });

  it('stores and reads settings and files', async () => {
    await client.storeSetting('Comfy.A', { deep: [1, 2] });
    await client.storeSettings({ 'Comfy.B': 'b' });
    expect(await client.getSetting('Comfy.A')).toEqual({ deep: [1, 2] });
    expect(await client.getSettings()).toEqual({ 'Comfy.A': { deep: [1, 2] }, 'Comfy.B': 'b' });
    await client.storeUserData('workflows/a b.json', { a: 1 }, { stringify: true });
    expect(await (await client.getUserData('workflows/a b.json')).json()).toEqual({ a: 1 });
    expect((await client.getUserConfig()).storage).toBe('server');
  });
});

describe('@saintno/comfyui-sdk', () => {
  let api: ComfyApi;
  beforeAll(async () => {
    api = new ComfyApi(`http://${host}`, 'saint', { listenTerminal: true }).init();
    await api.waitForReady();
  });
  afterAll(() => api.destroy());

  it('creates an image with progress and previews', async () => {
    const builder = new PromptBuilder(workflow(1), ['seed', 'steps'], ['images'])
      .setRawInputNode('seed', `${sampler}.inputs.seed`)
      .setRawInputNode('steps', `${sampler}.inputs.steps`)
      .setRawOutputNode('images', save);
    const draw = async (seed: number) => {
      const events: string[] = [];
      const result = await new CallWrapper(api, builder.input('seed', seed).input('steps', 5))
        .onStart(() => events.push('start'))
        .onProgress(({ value }) => events.push(`progress ${value}`))
        .onPreview(() => events.push('preview'))
        .onFinished(() => events.push('finished'))
        .onFailed((error) => events.push(`failed ${error}`))
        .run();
      return {
        events,
        images: (
          result as unknown as {
            images: { images: { filename: string; subfolder: string; type: string }[] };
          }
        ).images.images,
      };
    };
    const first = await draw(31);
    expect(first.events).toContain('start');
    expect(first.events).toContain('progress 5');
    expect(first.events).toContain('preview');
    expect(first.events).not.toContainEqual(expect.stringContaining('failed'));
    expect(await isPng(await (await api.getImage(first.images[0])).arrayBuffer())).toBe(true);
    // all nodes are cached
    const again = await draw(31);
    expect(again.images).toEqual(first.images);
  });

  it('uploads images and masks', async () => {
    const image = await api.uploadImage(await red(), 'in.png', { subfolder: 'sub' });
    expect((image || undefined)?.info).toMatchObject({
      filename: 'in.png',
      subfolder: 'sub',
      type: 'input',
    });
    expect(readFileSync(join(test.folders.input, 'sub', 'in.png')).length).toBeGreaterThan(0);
    const mask = await api.uploadMask(await red(), {
      filename: 'in.png',
      subfolder: 'sub',
      type: 'input',
    });
    expect((mask || undefined)?.info.filename).toBeTruthy();
  });

  it('reads nodes, models and the system', async () => {
    expect((await api.pollStatus()).exec_info.queue_remaining).toBe(0);
    expect(await api.getCheckpoints()).toContain('darkroom-tiny-base.safetensors');
    expect(await api.getLoras()).toEqual([]);
    expect(await api.getSamplerInfo()).toMatchObject({
      sampler: [expect.arrayContaining(['euler']), {}],
    });
    expect(Object.keys((await api.getNodeDefs('KSampler'))!)).toEqual(['KSampler']);
    expect(Object.keys((await api.getNodeDefs())!).length).toBeGreaterThan(200);
    expect((await api.getSystemStats()).system.os).toBe('posix');
    expect(await api.getExtensions()).toEqual([]);
    expect(await api.getEmbeddings()).toEqual([]);
    expect(await api.getFeatures()).toMatchObject({ supports_preview_metadata: true });
    expect((await api.getTerminalLogs()).size).toBeTruthy();
    await api.setTerminalSubscription(false);
  });

  it('queues, interrupts, frees and reads the history', async () => {
    const { prompt_id } = await api.appendPrompt(workflow(40, 10_000));
    await expect.poll(async () => (await api.getQueue()).queue_running.length).toBe(1);
    await api.interrupt();
    await expect.poll(async () => (await api.getQueue()).queue_running.length).toBe(0);
    expect((await api.getHistory(prompt_id))?.status.status_str).toBe('error');
    expect(Object.keys(await api.getHistories(2)).at(-1)).toBe(prompt_id);
    expect(await api.freeMemory(true, true)).toBe(true);
  });

  it('stores and reads settings and files', async () => {
    await api.storeSetting('Saint.A', 5);
    expect(await api.getSetting('Saint.A')).toBe(5);
    await api.storeSettings({ 'Saint.B': [true] });
    expect(await api.getSettings()).toMatchObject({ 'Saint.A': 5, 'Saint.B': [true] });
    await api.storeUserData('notes/one.json', { text: 'one' });
    expect(await (await api.getUserData('notes/one.json')).json()).toEqual({ text: 'one' });
    await api.moveUserData('notes/one.json', 'notes/two.json');
    expect(await api.listUserData('notes', true)).toEqual(['two.json']);
    // it sends `dir`, which ComfyUI ignores: the whole root is listed
    expect((await api.listUserDataV2('notes')).map(({ path }) => path)).toContain('notes/two.json');
    await api.deleteUserData('notes/two.json');
    expect(await api.listUserData('notes')).toEqual([]);
    expect(await api.getUserConfig()).toMatchObject({ storage: 'server' });
  });
});

describe('the Impact Pack’s messages', () => {
  it('reach the client: values filled in before the run, and messages of nodes', async () => {
    const { socket, until } = await openSocket(`http://${host}`, 'impact');
    const text = {
      wildcard_text: '{red|red} cat',
      populated_text: 'old',
      mode: true,
      seed: 1,
      'Select to add Wildcard': 'Select the Wildcard to add to the text',
    };
    const prompt = {
      '1': node('ImpactWildcardProcessor', text),
      '2': node('ImpactValueSender', { value: ['1', 0], link_id: 3 }),
    };
    const body = JSON.stringify({ prompt, client_id: 'impact' });
    const response = await fetch(`http://${host}/prompt`, { method: 'POST', body });
    expect(await response.json()).toMatchObject({ node_errors: {}, number: expect.any(Number) });
    const feedback = {
      node_id: '1',
      widget_name: 'populated_text',
      type: 'STRING',
      value: 'red cat',
    };
    expect(await until('impact-node-feedback')).toEqual(feedback);
    expect(await until('value-send')).toMatchObject({ link_id: 3, value: 'red cat' });
    socket.close();
  });
});
