// darkroom frontend install, from an index of packages on this machine that is honest or lies.
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type FileHost, fileAnswer, startFileHost } from '../../../test/support/file-host.ts';
import { type EntryToZip, zipOf } from '../../../test/support/files/zip.ts';
import { type Printed, runMain } from '../../../test/support/memory-terminal.ts';
import { FRONTEND_VERSION, frontendFolder } from '../../server/http/frontend-files.ts';

const INDEX = '/simple/comfyui-frontend-package/';
const INDEX_JSON = 'application/vnd.pypi.simple.v1+json';
const text = (name: string, content: string): EntryToZip => ({
  name,
  data: Buffer.from(content),
  deflate: content.length > 10,
});
const wheelOf = (version: string, ...more: EntryToZip[]): Buffer =>
  zipOf([
    text('comfyui_frontend_package/static/index.html', `<p>Frontend ${version}`),
    text('comfyui_frontend_package/static/assets/', ''),
    text('comfyui_frontend_package/static/assets/app.js', `'${version}'.repeat(1000)`),
    text(`comfyui_frontend_package-${version}.dist-info/METADATA`, `Version: ${version}`),
    ...more,
  ]);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const nameOf = (version: string): string => `comfyui_frontend_package-${version}-py3-none-any.whl`;

let host: FileHost;
let root: string;
let folder: string;
beforeAll(async () => {
  host = await startFileHost();
});
afterAll(() => host.close());
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'darkroom-install-'));
  folder = join(root, 'frontend');
  host.seen.length = 0;
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

interface IndexedWheel {
  readonly version: string;
  readonly url?: string;
  readonly sha256?: string | null;
}
/** Serves an index in JSON that states these wheels. */
const serveIndex = (...wheels: IndexedWheel[]): void =>
  host.answer(INDEX, (_, response) => {
    const files = wheels.map(({ version, url, sha256: hash }) => ({
      filename: nameOf(version),
      url: url ?? `../../files/${nameOf(version)}`,
      hashes: hash === null ? {} : { sha256: hash ?? sha256(wheelOf(version)) },
    }));
    response.writeHead(200, { 'content-type': INDEX_JSON }).end(JSON.stringify({ files }));
  });
const serveWheel = (version: string, bytes = wheelOf(version)): void =>
  host.answer(`/files/${nameOf(version)}`, fileAnswer(bytes));

const install = (...args: string[]): Promise<Printed> =>
  runMain([
    'frontend',
    'install',
    '--out',
    folder,
    '--index-url',
    `${host.origin}/simple`,
    ...args,
  ]);
const indexHtml = (): string => readFileSync(join(frontendFolder(folder), 'index.html'), 'utf8');

describe('frontend install', () => {
  it('downloads the wheel of a version, and unpacks it', async () => {
    serveIndex({ version: '1.2.3' }, { version: '1.3.0' });
    serveWheel('1.2.3');
    const { code, out, err } = await install('--version', '1.2.3');
    expect(err).toContain('installing comfyui-frontend-package 1.2.3 (GPL-3) into ');
    expect(code).toBe(0);
    expect(out).toEqual([`darkroom serve --frontend ${JSON.stringify(folder)}`]);
    expect(indexHtml()).toBe('<p>Frontend 1.2.3');
    expect(readdirSync(folder).sort()).toEqual([
      'comfyui_frontend_package',
      'comfyui_frontend_package-1.2.3.dist-info',
    ]);
    expect(host.seen[0].headers.accept).toContain(INDEX_JSON);
  });

  it('replaces another version, and leaves other files alone', async () => {
    serveIndex({ version: '1.2.3' }, { version: '1.3.0' });
    for (const version of ['1.2.3', '1.3.0']) serveWheel(version);
    await install('--version', '1.2.3');
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    writeFileSync(join(folder, 'comfyui_frontend_package', 'static', 'old.js'), '');
    expect((await install('--version', '1.3.0')).code).toBe(0);
    expect(indexHtml()).toBe('<p>Frontend 1.3.0');
    expect(readdirSync(folder).sort()).toEqual([
      'comfyui_frontend_package',
      'comfyui_frontend_package-1.3.0.dist-info',
      'notes.txt',
    ]);
    expect(existsSync(join(frontendFolder(folder), 'old.js'))).toBe(false);
  });

  it('installs the tested version by default, if it is the tested file', async () => {
    serveIndex({ version: FRONTEND_VERSION });
    serveWheel(FRONTEND_VERSION);
    const { code, err } = await install();
    expect(code).toBe(1);
    expect(err).toMatch(/is not the file that is expected: its sha256 is/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('reads an index in HTML, whose addresses have the hash', async () => {
    const [name, hash] = [nameOf('1.2.3'), sha256(wheelOf('1.2.3'))];
    host.answer(INDEX, (_, response) =>
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end(
          '<!DOCTYPE html><html><body><a href="comfyui_frontend_package-1.2.3.tar.gz">x</a><br/>\n' +
            `<a data-requires-python="&gt;=3.9" href='/files/${name}?a=1&amp;b=2#sha256=${hash}'>` +
            `${name}</a></body></html>`,
        ),
    );
    serveWheel('1.2.3');
    expect((await install('--version', '1.2.3')).code).toBe(0);
    expect(host.seen.at(-1)?.url).toBe(`/files/${name}?a=1&b=2`);
    expect(indexHtml()).toBe('<p>Frontend 1.2.3');
  });

  it('follows redirects of the index and of the wheel, and goes on where a connection broke', async () => {
    serveIndex({ version: '1.2.3', url: `${host.origin}/moved` });
    const redirect = (path: string, location: string): void =>
      host.answer(path, (_, response) => response.writeHead(302, { location }).end());
    redirect('/proxy/comfyui-frontend-package/', INDEX);
    redirect('/moved', `/files/${nameOf('1.2.3')}`);
    host.answer(
      `/files/${nameOf('1.2.3')}`,
      fileAnswer(wheelOf('1.2.3'), { breakAfter: 300, breaks: 2 }),
    );
    const { code } = await install('--version', '1.2.3', '--index-url', `${host.origin}/proxy/`);
    expect(code).toBe(0);
    expect(indexHtml()).toBe('<p>Frontend 1.2.3');
  });
});

describe('an index that lies', () => {
  const bytes = wheelOf('1.2.3');
  const outside = wheelOf('1.2.3', text('../../outside.txt', 'x'));
  const bomb = zipOf([
    {
      ...text('comfyui_frontend_package/static/index.html', 'x'.repeat(99)),
      directory: { size: 1e9 },
    },
  ]);
  const empty = zipOf([text('other/index.html', 'x')]);
  const wheel = { version: '1.2.3' };
  it.each<[string, IndexedWheel, Buffer, RegExp]>([
    ['another file', { ...wheel, sha256: '0'.repeat(64) }, bytes, /not the file that is expected/],
    ['no hash', { ...wheel, sha256: null }, bytes, /has no sha256 in the index/],
    ['a short hash', { ...wheel, sha256: 'abc' }, bytes, /has no sha256 in the index/],
    ['a broken archive', { ...wheel, sha256: sha256(bytes.subarray(9)) }, bytes.subarray(9), /is /],
    ['a path outside', { ...wheel, sha256: sha256(outside) }, outside, /outside of its folder/],
    ['a zip bomb', { ...wheel, sha256: sha256(bomb) }, bomb, /zip bomb/],
    [
      'no frontend',
      { ...wheel, sha256: sha256(empty) },
      empty,
      /contains no comfyui_frontend_pack/,
    ],
    ['a local file', { ...wheel, url: 'file:///etc/passwd' }, bytes, /has no wheel of/],
  ])('%s: nothing is kept, and the former version stays', async (_, indexed, content, message) => {
    serveIndex({ version: '1.0.0' });
    serveWheel('1.0.0');
    await install('--version', '1.0.0');
    serveIndex(indexed);
    serveWheel('1.2.3', content);
    const { code, err, out } = await install('--version', '1.2.3');
    expect(err).toMatch(message);
    expect([code, out]).toEqual([1, []]);
    expect(indexHtml()).toBe('<p>Frontend 1.0.0');
    expect(readdirSync(folder)).toHaveLength(2);
    expect(readdirSync(root)).toEqual(['frontend']);
  });

  it.each([
    ['application/json', 'no json', /is not an index of packages: /],
    ['application/json', '{"files": {}}', /is not an index of packages: it has no list 'files'/],
    ['text/html', '<p>Log in', /has no wheel of comfyui-frontend-package 1\.2\.3/],
  ])('%s %s', async (type, content, message) => {
    host.answer(INDEX, (_, response) =>
      response.writeHead(200, { 'content-type': type }).end(content),
    );
    const { code, err } = await install('--version', '1.2.3');
    expect(err).toMatch(message);
    expect(err).toContain('--index-url');
    expect(code).toBe(1);
    expect(existsSync(folder)).toBe(false);
  });

  it('names the newest versions where there is no such one', async () => {
    serveIndex({ version: '1.9.0' }, { version: '1.10.0' }, { version: '1.2.0' });
    const { err } = await install('--version', '7');
    expect(err).toContain('has no wheel of comfyui-frontend-package 7');
    expect(err).toContain('Its newest versions are 1.10.0, 1.9.0, 1.2.0.');
  });

  it('says what to do where there is none, and where a login is needed', async () => {
    const { err } = await install('--index-url', `${host.origin}/none`);
    expect(err).toMatch(/none\/comfyui-frontend-package\/ is not there: .* answered 404/);
    expect(err).toContain('hint: Check the address of the index');
    host.answer(INDEX, (_, response) => response.writeHead(401).end());
    expect((await install()).err).toMatch(/needs a login \(401\)\n hint: Put USER:TOKEN@ before/);
  });
});

describe('the index', () => {
  beforeEach(() => {
    serveIndex({ version: '1.2.3' });
    serveWheel('1.2.3');
    for (const name of ['PIP_INDEX_URL', 'UV_DEFAULT_INDEX', 'UV_INDEX_URL', 'VIRTUAL_ENV'])
      vi.stubEnv(name, '');
    for (const name of ['HOME', 'APPDATA', 'XDG_CONFIG_HOME']) vi.stubEnv(name, root);
  });
  const run = (): Promise<Printed> =>
    runMain(['frontend', 'install', '--out', folder, '--version', '1.2.3']);

  it.each(['PIP_INDEX_URL', 'UV_DEFAULT_INDEX', 'UV_INDEX_URL'])('is that of %s', async (name) => {
    vi.stubEnv(name, `${host.origin}/simple`);
    expect((await run()).code).toBe(0);
  });

  it('is that of pip.conf', async () => {
    mkdirSync(join(root, 'pip'));
    vi.stubEnv('PIP_CONFIG_FILE', join(root, 'pip', 'my.conf'));
    writeFileSync(
      join(root, 'pip', 'my.conf'),
      `# a comment\n[global]\ntimeout = 60\nindex-url = ${host.origin}/simple/\n`,
    );
    expect((await run()).code).toBe(0);
  });

  it('gets the login of its address, which other hosts and messages do not', async () => {
    const other = await startFileHost();
    other.answer(`/w/${nameOf('1.2.3')}`, fileAnswer(wheelOf('1.2.3')));
    serveIndex({ version: '1.2.3', url: `${other.origin}/w/${nameOf('1.2.3')}` });
    vi.stubEnv('PIP_INDEX_URL', `${host.origin.replace('//', '//me:s%40cret@')}/simple`);
    const { code, err } = await run();
    await other.close();
    expect(code).toBe(0);
    expect(err).not.toContain('cret');
    const basic = `Basic ${Buffer.from('me:s@cret').toString('base64')}`;
    expect(host.seen.map(({ headers }) => headers.authorization)).toEqual([basic]);
    expect(other.seen.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it.each(['file:///opt/simple', 'not an address', 'ftp://me:secret@host/simple'])(
    'can’t be %s',
    async (address) => {
      vi.stubEnv('PIP_INDEX_URL', address);
      const { code, err } = await run();
      expect(code).toBe(2);
      expect(err).toContain('the index of Python packages is no http(s) address: ');
      expect(err).not.toContain('secret');
    },
  );
});

it('stops on Ctrl-C, keeps what it has loaded, and goes on from there', async () => {
  const bytes = wheelOf('1.2.3', {
    name: 'comfyui_frontend_package/static/large.bin',
    data: Buffer.alloc(2 ** 20),
  });
  serveIndex({ version: '1.2.3', sha256: sha256(bytes) });
  host.answer(
    `/files/${nameOf('1.2.3')}`,
    (request, response) =>
      void fileAnswer(bytes, { breakAfter: 2 ** 19 })(
        request,
        Object.assign(response, { destroy: () => process.emit('SIGINT') }),
      ),
  );
  const stopped = await install('--version', '1.2.3');
  expect(stopped.code).toBe(130);
  expect(stopped.err).toContain('the same command goes on from there');
  expect(existsSync(join(folder, 'comfyui_frontend_package'))).toBe(false);
  host.seen.length = 0;
  serveWheel('1.2.3', bytes);
  expect((await install('--version', '1.2.3')).code).toBe(0);
  expect(host.seen.at(-1)?.headers.range).toMatch(/^bytes=\d{4,}-$/);
  expect(indexHtml()).toBe('<p>Frontend 1.2.3');
});
