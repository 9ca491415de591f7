// The templates of ComfyUI's editor: the examples that can run here, and 404 for everything else.
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { linkFlowModels } from '../../../test/support/flow-examples.ts';
import { type TestServer, testServer } from '../../../test/support/server.ts';
import { TEMPLATES } from '../templates.ts';

const root = mkdtempSync(join(tmpdir(), 'darkroom-templates-'));
let test: TestServer;
beforeAll(async () => {
  writeFileSync(join(root, 'index.html'), '');
  test = await testServer({ builtIn: true, noQueue: true, webRoot: root });
});
afterAll(async () => {
  await test.close();
  rmSync(root, { recursive: true, force: true });
});

interface Category {
  readonly moduleName: string;
  readonly templates: readonly {
    readonly name: string;
    readonly title: string;
    readonly mediaSubtype: string;
  }[];
}
const index = async (server = test): Promise<readonly Category[]> => {
  const response = await server.get('/templates/index.json');
  expect(response.headers['content-type']).toContain('application/json');
  return response.json();
};

/** The templates on models of the package; the others are not shown without their models. */
const OWN = TEMPLATES.filter(({ models }) => models === undefined);

it('every example is a template, with a picture that is packed if its models are', () => {
  const examples = readdirSync('examples').filter((name) => name.endsWith('.json'));
  expect(TEMPLATES.map(({ name }) => name).sort()).toEqual(
    examples.map((name) => basename(name, '.json')).sort(),
  );
  const { files } = JSON.parse(readFileSync('package.json', 'utf8'));
  for (const { name } of OWN) expect(files).toContain(`docs/images/${name}.png`);
});

it('has an index, workflows in the UI format, and pictures', async () => {
  const [{ moduleName, templates }, ...others] = await index();
  expect([moduleName, others]).toEqual(['default', []]);
  expect(templates.map(({ name }) => name)).toEqual(OWN.map(({ name }) => name));
  for (const { name, mediaSubtype } of templates) {
    const workflow = (await test.get(`/templates/${name}.json`)).json();
    expect(workflow).toMatchObject({ version: 0.4, nodes: expect.any(Array) });
    const picture = await test.get(`/templates/${name}-1.${mediaSubtype}`);
    expect(picture.headers['content-type']).toBe('image/png');
    expect(picture.rawPayload.subarray(1, 4).toString()).toBe('PNG');
  }
});

it('leaves out what lacks its pictures here', async () => {
  const other = await testServer({ builtIn: true, noQueue: true, webRoot: root });
  rmSync(join(other.folders.input, 'frame.png'));
  const [{ templates }] = await index(other);
  expect(templates.map(({ name }) => name)).not.toContain('inpaint');
  expect(templates).toHaveLength(OWN.length - 1);
  expect((await other.get('/templates/inpaint.json')).statusCode).toBe(404);
  await other.close();
});

it('shows examples on other models where all of their files are, without pictures', async () => {
  const other = await testServer({ builtIn: true, noQueue: true, webRoot: root });
  const models = join(other.root, 'models');
  linkFlowModels(models);
  rmSync(join(models, 'diffusion_models', 'flux1-dev.safetensors'));
  const [{ templates }] = await index(other);
  const names = templates.map(({ name }) => name);
  expect(names).toEqual(
    TEMPLATES.map(({ name }) => name).filter((name) => name !== 'unsample-flux'),
  );
  expect((await other.get('/templates/z-image.json')).json()).toMatchObject({ version: 0.4 });
  expect((await other.get('/templates/z-image-1.png')).statusCode).toBe(404);
  expect((await other.get('/templates/unsample-flux.json')).statusCode).toBe(404);
  await other.close();
});

it.each([
  'nothing.json',
  'nothing-1.png',
  'text-to-image',
  'text-to-image.png',
  'text-to-image-2.png',
  'text-to-image-1.webp',
  'TEXT-TO-IMAGE.json',
  'index.fr.json',
  'index_logo.json',
  '__proto__.json',
  'constructor.json',
  '..%2f..%2fpackage.json',
  '..%2fexamples%2ftext-to-image.json',
  '%2e%2e%2f%2e%2e%2fpackage.json',
  '..%5c..%5cpackage.json',
  'text-to-image.json%00',
  'text-to-image%00.json',
  '%ff.json',
  '%',
  'a'.repeat(5000),
  'sub/text-to-image.json',
])('%s is a 404', async (name) => {
  const { statusCode, body } = await test.get(`/templates/${name}`);
  expect([400, 404, 414]).toContain(statusCode);
  expect(body).not.toContain('darkroom-engine');
});

it('other methods are refused, and /api has none', async () => {
  expect((await test.post('/templates/index.json')).statusCode).toBe(405);
  expect((await test.get('/api/templates/index.json')).statusCode).toBe(404);
});

describe('a frontend with templates of its own', () => {
  it('keeps them', async () => {
    const own = join(root, 'own');
    mkdirSync(join(own, 'templates'), { recursive: true });
    cpSync(join(root, 'index.html'), join(own, 'index.html'));
    writeFileSync(join(own, 'templates', 'index.json'), '[]');
    writeFileSync(join(own, 'templates', 'a b.json'), '{"own": 1}');
    const other = await testServer({ builtIn: true, noQueue: true, webRoot: own });
    expect(await index(other)).toEqual([]);
    expect((await other.get('/templates/a%20b.json')).json()).toEqual({ own: 1 });
    for (const name of ['text-to-image.json', '..%2f..%2findex.html', '%ff.json'])
      expect((await other.get(`/templates/${name}`)).statusCode).not.toBe(200);
    await other.close();
  });
});
