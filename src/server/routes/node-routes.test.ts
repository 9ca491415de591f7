import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestServer, testServer } from '../../../test/support/server.ts';

let test: TestServer;
beforeAll(async () => {
  test = await testServer({ noQueue: true });
  writeFileSync(join(test.folders.models[0], 'checkpoints', 'm.safetensors'), 'x');
});
afterAll(() => test.close());

describe('/object_info', () => {
  it('has ComfyUI’s shape of a node', async () => {
    expect((await test.get('/object_info/TestValues')).json()['TestValues']).toEqual({
      input: {
        required: {
          int: ['INT', { default: 0, min: 1, max: 10 }],
          float: ['FLOAT', { default: 0, min: 0, max: 10 }],
          text: ['STRING'],
          flag: ['BOOLEAN', { default: false }],
          choice: [['euler', "it's"]],
        },
        optional: {
          model: [['m.safetensors']],
          image: [expect.any(Array), { image_upload: true }],
          socket: ['MODEL'],
        },
      },
      input_order: {
        required: ['int', 'float', 'text', 'flag', 'choice'],
        optional: ['model', 'image', 'socket'],
      },
      output: ['STRING'],
      output_is_list: [false],
      output_name: ['STRING'],
      name: 'TestValues',
      display_name: 'Values',
      description: '',
      python_module: 'nodes',
      category: 'test',
      output_node: false,
    });
  });

  it('lists all nodes', async () => {
    expect(Object.keys((await test.get('/object_info')).json())).toContain('TestSave');
  });

  it('follows the named release of ComfyUI, as /system_stats does', async () => {
    const [any, old] = await Promise.all(
      [undefined, '0.3.64' as const].map((comfyui) =>
        testServer({ idle: true, builtIn: true, comfyui }),
      ),
    );
    const info = async ({ get }: TestServer) => (await get('/object_info/PreviewAny')).json();
    expect(await info(any)).toMatchObject({
      PreviewAny: { output: ['STRING'], display_name: 'Preview as Text', category: 'utilities' },
    });
    expect(await info(old)).toMatchObject({
      PreviewAny: { output: [], display_name: 'Preview Any', category: 'utils' },
    });
    const { system } = (await old.get('/system_stats')).json();
    expect(system.comfyui_version).toBe('0.3.64');
    const prompt = {
      1: { class_type: 'PrimitiveString', inputs: { value: 'x' } },
      2: { class_type: 'PreviewAny', inputs: { source: ['1', 0] } },
      3: { class_type: 'PreviewAny', inputs: { source: ['2', 0] } },
    };
    const errorsOf = async ({ post }: TestServer) =>
      Object.keys((await post('/prompt', { prompt })).json().node_errors);
    expect(await errorsOf(any)).toEqual([]);
    expect(await errorsOf(old)).toEqual(['3']);
    await Promise.all([any.close(), old.close()]);
  });

  it('is empty for an unknown type', async () => {
    expect((await test.get('/object_info/none')).body).toBe('{}');
  });
});

it('/embeddings is empty without textual inversions', async () => {
  expect((await test.get('/embeddings')).json()).toEqual([]);
});
