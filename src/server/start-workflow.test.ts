// GET /darkroom/start: the workflow that the page starts with.
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixtureModel } from '../../test/support/golden.ts';
import { type TestServer, testServer } from '../../test/support/server.ts';

describe('GET /darkroom/start', () => {
  let test: TestServer;
  const checkpoints = () => join(test.root, 'models', 'checkpoints');
  beforeAll(async () => {
    test = await testServer({ builtIn: true, noQueue: true });
  });
  afterAll(() => test.close());
  const put = (name: string, fixture: string): void => {
    mkdirSync(checkpoints(), { recursive: true });
    copyFileSync(fixtureModel(fixture), join(checkpoints(), name));
  };
  const startOf = async (query: string) => {
    const response = await test.get(`/darkroom/start${query}`);
    expect(response.statusCode).toBe(200);
    const { prompt, form, notes } = response.json();
    return {
      checkpoint: prompt['1'].inputs.ckpt_name,
      size: [prompt['4'].inputs.width, prompt['4'].inputs.height],
      labels: form.main.map(({ label }: { label: string }) => label),
      notes,
    };
  };

  const start = () => startOf('');

  it('runs on the embedded model where there is no other, and says so', async () => {
    const { checkpoint, size, labels, notes } = await start();
    expect([checkpoint, size]).toEqual(['darkroom-tiny-base.safetensors', [128, 128]]);
    expect(labels).toEqual([
      ...['Prompt', 'Negative prompt', 'Seed', 'Width', 'Height', 'Steps', 'CFG', 'Checkpoint'],
    ]);
    expect(notes).toEqual([expect.stringContaining('models/checkpoints')]);
  });

  it('runs on the first checkpoint that makes pictures from text, at the size of its family', async () => {
    mkdirSync(checkpoints(), { recursive: true });
    writeFileSync(join(checkpoints(), 'a-page.safetensors'), '<!DOCTYPE html>');
    put('b-refiner.safetensors', 'tiny_sdxl_refiner');
    put('c-lora.safetensors', 'tiny_lora_sdxl');
    put('d-xl.safetensors', 'tiny_sdxl_base');
    put('e-sd1.safetensors', 'tiny_sd1');
    expect(await start()).toMatchObject({
      ...{ checkpoint: 'd-xl.safetensors', size: [1024, 1024], notes: [] },
    });
    expect((await startOf('?checkpoint=e-sd1.safetensors')).size).toEqual([512, 512]);
    expect((await startOf('?checkpoint=darkroom-tiny-base.safetensors')).size).toEqual([128, 128]);
    rmSync(checkpoints(), { recursive: true });
  });

  it.each(['?checkpoint=nothing.safetensors', '?checkpoint=../../etc/passwd'])(
    'does not have %s',
    async (query) => {
      expect((await test.get(`/darkroom/start${query}`)).statusCode).toBe(404);
    },
  );

  it('does not exist where the nodes that it needs do not', async () => {
    const other = await testServer({ noQueue: true });
    expect((await other.get('/darkroom/start')).statusCode).toBe(404);
    await other.close();
  });
});
