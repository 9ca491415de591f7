import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodePng } from '../../image/codec/png.ts';
import { main } from '../cli.ts';
import { openSource } from '../workflow-source.ts';

const dir = mkdtempSync(join(tmpdir(), 'darkroom-convert-'));
const file = (name: string): string => join(dir, name);

/** Runs a command line in this process. */
async function darkroom(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const terminal = {
    out: (line: string) => {
      out += `${line}\n`;
    },
    err: (text: string) => {
      err += text;
    },
    interactive: false,
    columns: () => 80,
    now: () => 0,
  };
  return { code: await main(args, terminal), out, err };
}

const workflow = {
  nodes: [
    {
      id: 1,
      type: 'CheckpointLoaderSimple',
      order: 0,
      mode: 0,
      widgets_values: ['gone.safetensors'],
    },
    {
      id: 2,
      type: 'CLIPTextEncode',
      order: 1,
      mode: 0,
      inputs: [{ name: 'clip', type: 'CLIP', link: 1 }],
      widgets_values: ['a {red|blue|green|white} 고양이'],
    },
    {
      id: 3,
      type: 'KSampler //Inspire',
      order: 2,
      mode: 0,
      inputs: [{ name: 'positive', type: 'CONDITIONING', link: 2 }],
      widgets_values: [1],
    },
  ],
  links: [
    [1, 1, 1, 2, 0, 'CLIP'],
    [2, 2, 0, 3, 0, 'CONDITIONING'],
  ],
};
writeFileSync(file('ui.json'), JSON.stringify(workflow));

describe('darkroom convert', () => {
  it('prints an API file, with warnings about choices and guesses', async () => {
    const { code, out, err } = await darkroom('convert', file('ui.json'));
    expect(code).toBe(0);
    expect(err).toContain("warning: 'text' of CLIPTextEncode (node 2) is a dynamic prompt");
    expect(err).toContain('could only be guessed: KSampler //Inspire');
    expect(out.split('\n').slice(0, 3)).toEqual(['{', '  "1": {', '    "inputs": {']);
    expect(out).toContain('고양이');
    expect(JSON.parse(out)).toMatchObject({
      1: {
        class_type: 'CheckpointLoaderSimple',
        inputs: { ckpt_name: 'gone.safetensors' },
        _meta: { title: 'Load Checkpoint' },
      },
      2: { inputs: { clip: ['1', 1] } },
      3: { class_type: 'KSampler //Inspire', inputs: { positive: ['2', 0] } },
    });
  });

  it('chooses the same options for the same --dynamic-seed', async () => {
    const texts = new Map<string, string>();
    for (const seed of ['0', '1', '2', '3', '4', '5', '18446744073709551615', '0']) {
      const { out, err } = await darkroom(
        'convert',
        file('ui.json'),
        '--quiet',
        '--dynamic-seed',
        seed,
      );
      expect(err).toBe('');
      const { text } = JSON.parse(out)['2'].inputs;
      expect(texts.get(seed) ?? text).toBe(text);
      texts.set(seed, text);
    }
    expect(new Set(texts.values()).size).toBeGreaterThan(1);
    expect((await darkroom('convert', file('ui.json'), '--dynamic-seed', 'x')).err).toContain(
      '--dynamic-seed must be a whole number of at most 20 digits, got x',
    );
  });

  it('writes what the named release of ComfyUI takes', async () => {
    const nodes = [
      { id: 1, type: 'LoadImage', mode: 0, outputs: [{}], widgets_values: ['a.png', 'image'] },
      {
        id: 2,
        type: 'ImageScaleToTotalPixels',
        mode: 0,
        inputs: [{ name: 'image', type: 'IMAGE', link: 1 }],
        widgets_values: ['area', 1, 4],
      },
    ];
    writeFileSync(file('scale.json'), JSON.stringify({ nodes, links: [[1, 1, 0, 2, 0, 'IMAGE']] }));
    const old = await darkroom('convert', file('scale.json'), '--comfyui', '0.3.64');
    expect(JSON.parse(old.out)['2'].inputs).not.toHaveProperty('resolution_steps');
    expect(old.err).toContain("warning: 'resolution_steps' of ImageScaleToTotalPixels");
    const any = await darkroom('convert', file('scale.json'));
    expect(JSON.parse(any.out)['2'].inputs['resolution_steps']).toBe(4);
    expect(any.err).toBe('');
    const unknown = await darkroom('convert', file('scale.json'), '--comfyui', '0.3.65');
    expect(unknown.code).toBe(2);
    expect(unknown.err).toContain("unknown ComfyUI version '0.3.65'");
    expect(unknown.err).toContain('The known versions are 0.3.64 and 0.33.0.');
  });

  it('writes a file that converts to itself', async () => {
    const api = file('api.json');
    expect(await darkroom('convert', file('ui.json'), '-o', api, '--quiet')).toEqual({
      code: 0,
      out: '',
      err: '',
    });
    const text = readFileSync(api, 'utf8');
    expect((await darkroom('convert', api)).out).toBe(text);
    expect(
      (await darkroom('convert', api, '-o', join(dir, 'no', 'such', 'folder.json'))).err,
    ).toContain("can't be written");
  });

  it('reads images, and leaves large seeds and floats unchanged', async () => {
    const prompt =
      '{"1": {"class_type": "KSampler", "inputs": ' +
      '{"seed": 18446744073709551615, "cfg": 8.0, "list": [], "none": {}}}}';
    writeFileSync(
      file('x.png'),
      await encodePng(
        { width: 1, height: 1, channels: 3, bytes: Buffer.alloc(3) },
        { text: { prompt } },
      ),
    );
    const { out } = await darkroom('convert', file('x.png'));
    for (const part of [
      '"seed": 18446744073709551615,',
      '"cfg": 8.0,',
      '"list": [],',
      '"none": {}',
    ])
      expect(out).toContain(part);
  });

  it.each([
    [[], 'convert needs a workflow file'],
    [['a', 'b'], 'takes one workflow file, not 2'],
    [['gone.json'], 'there is no file gone.json'],
  ])('rejects the arguments %j', async (args, message) => {
    const { code, err } = await darkroom('convert', ...args);
    expect(err).toContain(message);
    expect(code).toBe(2);
  });
});

describe('darkroom check', () => {
  it('lists everything that is missing, for each file and over all files', async () => {
    writeFileSync(file('other.json'), JSON.stringify({ nodes: [workflow.nodes[2]], links: [] }));
    const { code, out } = await darkroom('check', file('ui.json'), file('other.json'));
    expect(code).toBe(2);
    expect(out).toContain(
      "unknown node type 'KSampler //Inspire' (node 3)\n    It belongs to Inspire Pack",
    );
    expect(out).toContain("model file 'gone.safetensors'");
    expect(out).toContain("folder 'checkpoints'");
    expect(out).toContain('note: ');
    expect(out).toContain(
      '0 of 2 files can run\nmissing node types:\n  KSampler //Inspire: 2 files (Inspire Pack)\n',
    );
    const [first] = JSON.parse(
      (await darkroom('check', file('ui.json'), file('other.json'), '--json')).out,
    );
    expect(first).toMatchObject({
      file: file('ui.json'),
      runnable: false,
      missingNodes: ['KSampler //Inspire'],
      missingModels: ['gone.safetensors'],
      errors: [
        { nodeType: 'KSampler //Inspire' },
        { code: 'DR_MODEL_MISSING', nodeId: '1', input: 'ckpt_name' },
      ],
      nodes: [{ type: 'KSampler //Inspire', pack: 'Inspire Pack', nodeIds: ['3'], files: 2 }],
      models: [{ file: 'gone.safetensors', folder: 'checkpoints', nodeIds: ['1'] }],
    });
  });
});

describe('URLs', () => {
  let server: Server;
  let base = '';
  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === '/away') response.writeHead(302, { location: 'http://example.com/' });
      if (request.url === '/none') response.statusCode = 404;
      response.end(JSON.stringify(workflow));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => void server.close());

  it('on this machine are read', async () => {
    const { code, out } = await darkroom('convert', `${base}/w.json`, '--quiet');
    expect(code).toBe(0);
    expect(Object.keys(JSON.parse(out))).toEqual(['1', '2', '3']);
  });

  it.each([
    'http://example.com/x.json',
    'https://127.0.0.1.example.com/x',
    'http://user@evil.example/',
    'http://[::2]/',
    'http://10.0.0.1/',
  ])('%s is rejected', async (url) => {
    await expect(openSource(url)).rejects.toMatchObject({
      code: 'DR_BAD_USAGE',
      message: expect.stringContaining('not on this machine'),
    });
  });

  it.each([
    ['/none', 'answered 404'],
    ['/away', 'redirect'],
  ])('%s is an error', async (path, message) => {
    await expect(openSource(base + path)).rejects.toMatchObject({
      code: 'DR_FILE_UNREADABLE',
      message: expect.stringContaining(message),
    });
  });
});

it.each(['constructor', '__proto__', 'toString'])(
  'refuses the form %s with a sentence',
  async (form) => {
    const { code, err } = await darkroom('convert', file('any.json'), '--to', form);
    expect(code).toBe(2);
    expect(err).toContain(`unknown form '${form}'`);
  },
);
