// darkroom models get and run --get, against a server on this machine.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FileHost, fileAnswer, startFileHost } from '../../../test/support/file-host.ts';
import { fixtureModel } from '../../../test/support/golden.ts';
import { formatSize } from '../../format-size.ts';
import { main } from '../cli.ts';

const VAE = readFileSync(fixtureModel('tiny_vae'));
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

let host: FileHost;
let root: string;
beforeAll(async () => {
  host = await startFileHost();
  host.answer('/o/r/kl.safetensors', fileAnswer(VAE));
});
afterAll(() => host.close());
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'darkroom-get-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** A workflow in UI format that decodes with a VAE, whose origin it names. */
function workflow(model: object = {}): string {
  const entry = {
    name: 'kl.safetensors',
    url: `${host.origin}/o/r/kl.safetensors`,
    hash: sha256(VAE),
    hash_type: 'SHA256',
    directory: 'vae',
    ...model,
  };
  const file = join(root, 'w.json');
  const nodes = [
    {
      id: 1,
      type: 'VAELoader',
      widgets_values: [entry.name],
      inputs: [],
      outputs: [{ name: 'VAE', type: 'VAE', links: [1] }],
      properties: { models: [entry] },
    },
    { id: 2, type: 'PreviewAny', inputs: [{ name: 'source', type: '*', link: 1 }] },
  ];
  writeFileSync(file, JSON.stringify({ nodes, links: [[1, 1, 0, 2, 0, 'VAE']], version: 0.4 }));
  return file;
}

interface Ran {
  readonly code: number;
  readonly out: string[];
  readonly err: string;
}
async function darkroom(args: readonly string[], answer?: string): Promise<Ran> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await main(args, {
    out: (line) => void out.push(line),
    err: (text) => void err.push(text),
    interactive: false,
    columns: () => 80,
    now: () => 0,
    ask:
      answer === undefined
        ? undefined
        : (question) => {
            err.push(question);
            return Promise.resolve(answer);
          },
  });
  return { code, out, err: err.join('') };
}
const models = (): string => join(root, 'm');
const target = (): string => join(models(), 'vae/kl.safetensors');
const get = (...args: string[]): Promise<Ran> => {
  return darkroom(['models', 'get', ...args, '--models', models()]);
};

describe('darkroom models get', () => {
  beforeEach(() => writeModelsFolder());

  it('shows what is missing, downloads it, and then misses nothing', async () => {
    const { code, out, err } = await get(workflow());
    expect(err).toContain(
      `  vae/kl.safetensors: ${formatSize(VAE.length)} from ` +
        `${new URL(host.origin).host}/o/r, licence: unknown\n`,
    );
    expect(out).toEqual([target()]);
    expect(readFileSync(target()).equals(VAE)).toBe(true);
    expect(code).toBe(0);
    const again = await get(workflow());
    expect(again).toMatchObject({ code: 0, out: [] });
    expect(again.err).toBe('nothing is missing: 1 model files are there\n');
  });

  it('asks on a terminal; --yes answers', async () => {
    const ask = (answer: string, ...args: string[]): Promise<Ran> =>
      darkroom(['models', 'get', workflow(), '--models', models(), ...args], answer);
    const no = await ask('n');
    expect(no.err).toContain(`Download 1 file, ${formatSize(VAE.length)}? [y/N] `);
    expect({ code: no.code, out: no.out }).toEqual({ code: 1, out: [] });
    expect((await ask('n', '--yes')).out).toEqual([target()]);
  });

  it('--dry-run downloads nothing, and exits with 1 if something is missing', async () => {
    const { code, out } = await get(workflow(), '--dry-run', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(out[0])).toMatchObject({
      missing: [{ path: 'vae/kl.safetensors', remote: { size: VAE.length } }],
      downloaded: [],
    });
    expect(existsSync(target())).toBe(false);
  });

  it('reads a workflow from an address, and one file with --folder', async () => {
    host.answer('/w.json', (_, response) => response.end(readFileSync(workflow())));
    expect((await get(`${host.origin}/w.json`)).out).toEqual([target()]);
    const url = `${host.origin}/o/r/kl.safetensors`;
    expect((await get(url)).err).toContain('models get needs the folder that kl.safetensors');
    expect((await get(url, '--folder', 'vae_approx')).out).toEqual([
      join(models(), 'vae_approx/kl.safetensors'),
    ]);
    expect((await get(url, '--folder', 'vae', '--out', 'b.safetensors')).out).toEqual([
      join(models(), 'vae/b.safetensors'),
    ]);
  });

  it.each([
    [{ hash: 'ab'.repeat(32) }, 'is not the file that is expected'],
    [{ name: '../../x.safetensors' }, 'is no path inside a models folder'],
    [{ directory: '../custom_nodes' }, 'is no path inside a models folder'],
    [{ name: 'x.py' }, 'is not the name of a model file'],
    [{ url: 'file:///etc/passwd' }, 'is not an https address'],
    [{ url: 'http://example.com/kl.safetensors' }, 'is not an https address'],
  ])('%j fails, and nothing is left', async (model, message) => {
    const { code, out, err } = await get(workflow(model));
    expect(err).toContain(message);
    expect({ code, out }).toEqual({ code: 1, out: [] });
    expect(existsSync(target())).toBe(false);
  });

  it('--no-hash keeps a file of another hash', async () => {
    expect((await get(workflow({ hash: 'ab'.repeat(32) }), '--no-hash')).code).toBe(0);
  });

  it('names what the workflow does not say the origin of', async () => {
    const file = join(root, 'api.json');
    writeFileSync(
      file,
      JSON.stringify({
        1: { class_type: 'VAELoader', inputs: { vae_name: 'gone.safetensors' } },
        2: { class_type: 'PreviewAny', inputs: { source: ['1', 0] } },
      }),
    );
    const { code, err } = await get(file);
    expect(err).toBe(
      'vae/gone.safetensors is missing, and the workflow does not say where it comes from\n',
    );
    expect(code).toBe(1);
  });
});

describe('missing files of other commands', () => {
  beforeEach(() => writeModelsFolder());
  const run = (file: string, answer: string | undefined, ...args: string[]): Promise<Ran> =>
    darkroom(
      ['run', file, '--models', models(), '--output', root, '--temp', root, '--quiet', ...args],
      answer,
    );

  it('run and check say that they can be downloaded', async () => {
    const file = workflow();
    const hint = `The workflow says where to get kl.safetensors: darkroom models get ${file}`;
    expect((await run(file, undefined)).err).toContain(` hint: ${hint}\n`);
    const checked = (await darkroom(['check', file, '--models', models()])).out.join('\n');
    expect(checked).toContain(hint);
    expect(checked).toContain(`note: vae/kl.safetensors is at ${host.origin}/o/r/kl.safetensors\n`);
  });

  it('run --get asks; without a terminal it needs --yes', async () => {
    const file = workflow();
    const nobody = await run(file, undefined, '--get');
    expect(nobody.code).toBe(2);
    expect(nobody.err).toContain('there is no terminal to ask on');
    const no = await run(file, 'n', '--get');
    expect(no.err).toContain(`Download 1 file, ${formatSize(VAE.length)}? [y/N] `);
    expect(no.err).toContain("'kl.safetensors'");
    expect(no.code).toBe(2);
    expect(existsSync(target())).toBe(false);
    expect((await run(file, 'y', '--get')).code).toBe(0);
    expect(readFileSync(target()).equals(VAE)).toBe(true);
    rmSync(target());
    expect((await run(file, undefined, '--get', '--yes')).code).toBe(0);
  });
});

function writeModelsFolder(): void {
  rmSync(models(), { recursive: true, force: true });
  mkdirSync(models());
}
