// What the page's model browser receives about model files, good and bad ones, and thousands.
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testPng } from '../../../../test/support/files/images.ts';
import { fixtureModel } from '../../../../test/support/golden.ts';
import { type TestServer, testServer } from '../../../../test/support/server.ts';
import type { DescribedModel, ListedModel } from '../../api-types.ts';

let test: TestServer;
let models: string;
beforeAll(async () => {
  test = await testServer({ noQueue: true });
  models = test.folders.models[0];
  for (const folder of ['loras', 'checkpoints/<b>'])
    mkdirSync(join(models, folder), { recursive: true });
  cpSync(fixtureModel('tiny_sd1'), join(models, 'checkpoints', 'sd1.safetensors'));
  writeFileSync(join(models, 'checkpoints', 'sd1.preview.png'), await testPng());
  cpSync(fixtureModel('tiny_lora_sdxl'), join(models, 'checkpoints', '<b>', 'x&y.safetensors'));
  writeFileSync(join(models, 'loras', 'page.safetensors'), '<!doctype html><html></html>');
});
afterAll(() => test.close());

/** Without the models that come with Darkroom. */
const list = async (): Promise<ListedModel[]> => {
  const listed: ListedModel[] = (await test.get('/darkroom/models')).json().models;
  return listed.filter(({ size }) => size !== undefined);
};
const describeModels = async (...models: unknown[]): Promise<DescribedModel[]> =>
  (await test.post('/darkroom/models/describe', { models })).json().models;

/** Requests those again for which there was no time. */
async function describeAll(models: readonly ListedModel[]): Promise<DescribedModel[]> {
  const described: DescribedModel[] = [];
  while (described.length < models.length) {
    const next = await describeModels(...models.slice(described.length));
    expect(next.length).toBeGreaterThan(0);
    described.push(...next);
  }
  return described;
}

describe('/darkroom/models', () => {
  it('lists files of all folders with their sizes', async () => {
    expect(await list()).toEqual([
      { folder: 'checkpoints', name: '<b>/x&y.safetensors', size: expect.any(Number) },
      { folder: 'checkpoints', name: 'sd1.safetensors', size: expect.any(Number) },
      { folder: 'loras', name: 'page.safetensors', size: 28 },
    ]);
  });

  it('describes files as `darkroom models list` does', async () => {
    expect(await describeAll(await list())).toMatchObject([
      { name: '<b>/x&y.safetensors', kind: 'LoRA', belongsIn: 'loras' },
      { name: 'sd1.safetensors', kind: 'checkpoint', preview: 0 },
      { name: 'page.safetensors', problem: 'page.safetensors is a web page (HTML), not a model' },
    ]);
  });

  it.each([
    { folder: 'checkpoints', name: '../../secret.safetensors' },
    { folder: '..', name: 'sd1.safetensors' },
    { folder: 'checkpoints', name: 'none.safetensors' },
    { folder: 'checkpoints' },
    'sd1.safetensors',
    null,
  ])('leaves out %j', async (model) => {
    expect(await describeModels(model)).toEqual([]);
  });

  it('has a file as soon as it is there, whichever thread lists it', async () => {
    const name = 'new.safetensors';
    const lists = async (): Promise<boolean[]> =>
      (await Promise.all([list(), list(), list(), list()])).map((listed) =>
        listed.some((model) => model.name === name),
      );
    expect(await lists()).toEqual([false, false, false, false]);
    writeFileSync(join(models, 'loras', name), 'no model');
    expect(await lists()).toEqual([true, true, true, true]);
    rmSync(join(models, 'loras', name));
    expect(await lists()).toEqual([false, false, false, false]);
  });

  it('describes no more than 64 at once', async () => {
    const [model] = await list();
    expect((await describeModels(...Array(100).fill(model))).length).toBeLessThanOrEqual(64);
  });

  it('responds with 400 to a body that is none', async () => {
    expect((await test.post('/darkroom/models/describe', '[1')).statusCode).toBe(400);
    expect((await test.post('/darkroom/models/describe', {})).json()).toEqual({ models: [] });
  });

  it('lists ten thousand files', async () => {
    for (let i = 0; i < 10_000; i++) writeFileSync(join(models, 'loras', `m${i}.safetensors`), '');
    await expect.poll(async () => (await list()).length).toBe(10_003);
  });
});
