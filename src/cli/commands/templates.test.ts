// Official templates by name, from an index of packages and a host of models on this machine.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type FileHost, fileAnswer, startFileHost } from '../../../test/support/file-host.ts';
import { zipOf } from '../../../test/support/files/zip.ts';
import { fixtureModel } from '../../../test/support/golden.ts';
import { type Printed, runMain } from '../../../test/support/memory-terminal.ts';

const VAE = readFileSync(fixtureModel('tiny_vae'));
const FOLDER = 'comfyui_workflow_templates_json/templates';

let host: FileHost;
let root: string;
beforeAll(async () => {
  host = await startFileHost();
  host.answer('/o/r/kl.safetensors', fileAnswer(VAE));
});
afterAll(() => host.close());
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'darkroom-templates-'));
  mkdirSync(join(root, 'm'));
  vi.stubEnv('DARKROOM_CACHE', join(root, 'cache'));
  vi.stubEnv('PIP_INDEX_URL', `${host.origin}/simple`);
  servePackage('0.1.9', '0.1.10');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

/** A template that decodes with a VAE, whose origin it names. */
const template = (): object => ({
  nodes: [
    {
      id: 1,
      type: 'VAELoader',
      widgets_values: ['kl.safetensors'],
      outputs: [{ name: 'VAE', type: 'VAE', links: [1] }],
      properties: {
        models: [
          { name: 'kl.safetensors', url: `${host.origin}/o/r/kl.safetensors`, directory: 'vae' },
        ],
      },
    },
    { id: 2, type: 'PreviewAny', inputs: [{ name: 'source', type: '*', link: 1 }] },
  ],
  links: [[1, 1, 0, 2, 0, 'VAE']],
  version: 0.4,
});

const entry = (name: string, usage: number, more: object = {}): object => ({
  ...{ name, usage, title: `The ${name}`, mediaType: 'image', mediaSubtype: 'webp' },
  ...more,
});
const INDEX = [
  {
    title: 'Image',
    type: 'image',
    templates: [
      entry('image_decode.app', 7, { minComfyUIVersion: '0.3.40' }),
      entry('image_later', 900, { minComfyUIVersion: '0.45.1', size: 31245887078 }),
      entry('api_paid', 5000, { openSource: false }),
      entry('gone', 1),
    ],
  },
  { title: 'Video', type: 'video', templates: [entry('video_x', 1)] },
];

/** Serves an index of packages with these versions of the templates. */
function servePackage(...versions: readonly string[]): void {
  const json = (name: string, value: unknown) => ({
    name: `${FOLDER}/${name}`,
    data: Buffer.from(JSON.stringify(value)),
    deflate: true,
  });
  const workflows = ['image_decode.app', 'image_later', 'api_paid', 'video_x'];
  const wheel = zipOf([
    json('index.json', INDEX),
    ...workflows.map((name) => json(`${name}.json`, template())),
  ]);
  const hash = createHash('sha256').update(wheel).digest('hex');
  const files = versions.map((version) => ({
    filename: `comfyui_workflow_templates_json-${version}-py3-none-any.whl`,
    url: `../../files/${version}.whl`,
    hashes: { sha256: hash },
  }));
  host.answer('/simple/comfyui-workflow-templates-json/', (_, response) =>
    response
      .writeHead(200, { 'content-type': 'application/vnd.pypi.simple.v1+json' })
      .end(JSON.stringify({ files })),
  );
  for (const version of versions) host.answer(`/files/${version}.whl`, fileAnswer(wheel));
}

const models = (): string[] => ['--models', join(root, 'm')];
const run = (name: string, ...args: string[]): Promise<Printed> =>
  runMain(['run', name, ...models(), '--output', root, '--temp', root, '--quiet', ...args]);

describe('darkroom templates', () => {
  it('installs the newest version, and lists open templates of pictures by their use', async () => {
    expect((await runMain(['templates', 'list'])).err).toContain('darkroom templates install');
    const { code, err } = await runMain(['templates', 'install']);
    expect(code).toBe(0);
    expect(err).toContain('installing comfyui-workflow-templates-json 0.1.10 (MIT) into');
    const { out } = await runMain(['templates', 'list']);
    expect(out).toEqual([
      'image_later       The image_later',
      'image_decode.app  The image_decode.app',
    ]);
    expect((await runMain(['templates', 'list', 'decode', 'THE'])).out).toHaveLength(1);
    expect((await runMain(['templates', 'list', 'nothing'])).code).toBe(1);
  });

  it('are found in a folder of a Python environment', async () => {
    const folder = join(root, 'site-packages', FOLDER);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'index.json'), JSON.stringify(INDEX));
    writeFileSync(join(folder, 'image_later.json'), JSON.stringify(template()));
    vi.stubEnv('DARKROOM_TEMPLATES', join(root, 'site-packages'));
    expect((await runMain(['templates', 'list'])).out).toEqual(['image_later  The image_later']);
  });
});

describe('a template by its name', () => {
  it('needs the templates, and says how to get them', async () => {
    const { code, err } = await run('image_decode.app');
    expect(code).toBe(2);
    expect(err).toContain('there is no file image_decode.app');
    expect(err).toContain('install them first: darkroom templates install');
    expect((await run('no-file.json')).err).not.toContain('templates');
  });

  it('is suggested where one is mistyped', async () => {
    await runMain(['templates', 'install']);
    const { code, err } = await run('image_latre');
    expect(code).toBe(2);
    expect(err).toContain("Did you mean 'image_later'?");
  });

  it('runs with --get, which installs the templates and the models', async () => {
    expect((await run('image_decode.app', '--get')).err).toContain('add --yes');
    const { code, out } = await run('image_decode.app', '--get', '--yes');
    expect(out).toHaveLength(1);
    expect(code).toBe(0);
    expect(existsSync(join(root, 'm/vae/kl.safetensors'))).toBe(true);
  });

  it('is read by models get', async () => {
    const { code, out } = await runMain([
      ...['models', 'get', 'image_decode.app', '--yes'],
      ...models(),
    ]);
    expect({ code, out }).toEqual({ code: 0, out: [join(root, 'm/vae/kl.safetensors')] });
  });

  it('says that it needs a later release of ComfyUI', async () => {
    await runMain(['templates', 'install']);
    const { out } = await runMain(['check', 'image_later', ...models()]);
    expect(out.join('\n')).toContain(
      'note: image_later is made for ComfyUI 0.45.1 or later; the nodes here are those of 0.33.0',
    );
    const earlier = await runMain(['check', 'image_decode.app', ...models()]);
    expect(earlier.out.join('\n')).not.toContain('is made for');
  });

  it('says how large its missing model files are, without a network', async () => {
    await runMain(['templates', 'install']);
    vi.stubEnv('PIP_INDEX_URL', 'http://127.0.0.1:9/simple');
    mkdirSync(join(root, 'none'));
    const { out } = await runMain(['check', 'image_later', '--models', join(root, 'none')]);
    expect(out.join('\n')).toContain('note: the model files of image_later take 31.2 GB');
    expect(out.join('\n')).toContain('note: vae/kl.safetensors is at http');
  });

  it('says in one sentence that the index cannot be reached', async () => {
    vi.stubEnv('PIP_INDEX_URL', 'http://127.0.0.1:9/simple');
    const { code, err } = await run('image_decode.app', '--get', '--yes');
    expect(code).toBe(1);
    expect(err).toMatch(/127\.0\.0\.1:9\/simple\/comfyui-workflow-templates-json\/ can't be read/);
  });
});
