import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, expect, it } from 'vitest';
import { pictureProtocol } from './picture-protocol.ts';
import { openInViewer, pictureSequence } from './show-pictures.ts';

const ESC = '\u001b';
const root = mkdtempSync(join(tmpdir(), 'darkroom-show-'));
afterAll(() => rmSync(root, { recursive: true }));

it.each([
  [{ TERM: 'xterm-kitty' }, 'kitty'],
  [{ TERM: 'xterm-256color', KITTY_WINDOW_ID: '1' }, 'kitty'],
  [{ TERM: 'xterm-ghostty' }, 'kitty'],
  [{ TERM_PROGRAM: 'ghostty' }, 'kitty'],
  [{ KONSOLE_VERSION: '230800' }, 'kitty'],
  [{ TERM_PROGRAM: 'iTerm.app' }, 'iterm2'],
  [{ TERM_PROGRAM: 'WezTerm' }, 'iterm2'],
  [{ LC_TERMINAL: 'iTerm2' }, 'iterm2'],
  [{ TERM: 'foot-extra' }, 'sixel'],
  [{ TERM: 'mlterm' }, 'sixel'],
  [{ TERM: 'xterm-256color' }, undefined],
  [{ KONSOLE_VERSION: '210000' }, undefined],
  [{ TERM: 'xterm-kitty', TMUX: '/tmp/tmux' }, undefined],
  [{ TERM: 'screen', LC_TERMINAL: 'iTerm2' }, undefined],
])('a terminal with %j draws by %s', (environment, protocol) => {
  expect(pictureProtocol(environment)).toBe(protocol);
});

it('pictures are sent in the sequences of kitty and iTerm2, no larger than 1024 pixels', async () => {
  const path = join(root, 'p.webp');
  const bytes = Buffer.from(Array.from({ length: 2000 * 500 * 3 }, (_, i) => (i * i) % 253));
  const raw = { width: 2000, height: 500, channels: 3 as const };
  writeFileSync(path, await sharp(bytes, { raw }).webp().toBuffer());

  const kitty = await pictureSequence(path, 'kitty');
  const parts = [...kitty.matchAll(new RegExp(`${ESC}_G([^;]*);([^${ESC}]*)${ESC}\\\\`, 'g'))];
  expect(parts.map(([whole]) => whole).join('')).toBe(kitty);
  expect(parts[0][1]).toBe('a=T,f=100,m=1');
  expect(new Set(parts.slice(1, -1).map(([, keys]) => keys))).toEqual(new Set(['m=1']));
  expect(parts.at(-1)![1]).toBe('m=0');
  expect(Math.max(...parts.map(([, , data]) => data.length))).toBeLessThanOrEqual(4096);
  const sent = Buffer.from(parts.map(([, , data]) => data).join(''), 'base64');
  expect(await sharp(sent).metadata()).toMatchObject({ format: 'png', width: 1024, height: 256 });

  const iterm = await pictureSequence(path, 'iterm2');
  const [start, data] = iterm.split(':');
  expect(start).toMatch(/File=name=cC53ZWJw;size=\d+;inline=1$/);
  expect(start.startsWith(`${ESC}]1337;`) && data.endsWith('\u0007')).toBe(true);
  const size = /size=(\d+)/.exec(start)![1];
  expect(Buffer.from(data, 'base64')).toHaveLength(Number(size));
});

it('sixels', async () => {
  const path = join(root, 's.png');
  const create = { width: 20, height: 10, channels: 4 as const, background: '#ff0000' };
  writeFileSync(path, await sharp({ create }).png().toBuffer());
  const sequence = await pictureSequence(path, 'sixel');
  expect(sequence.startsWith(`${ESC}P0;1q"1;1;20;10#0;2;0;0;0`)).toBe(true);
  expect(sequence.endsWith(`#210!20~-#210!20N${ESC}\\`)).toBe(true);
});

it('--open starts the viewer of the system, and says when there is none', async () => {
  expect(await openInViewer('x', 'linux', (() => missing()) as never)).toBe(false);
  function missing() {
    return { once: (event: string, act: () => void) => event === 'error' && act(), unref() {} };
  }
  const started: string[][] = [];
  const start = (program: string, args: string[]) => {
    started.push([program, ...args]);
    return { once: (event: string, act: () => void) => event === 'spawn' && act(), unref() {} };
  };
  expect(await openInViewer('p.png', 'linux', start as never)).toBe(true);
  expect(await openInViewer('p.png', 'darwin', start as never)).toBe(true);
  expect(started).toEqual([
    ['xdg-open', 'p.png'],
    ['open', 'p.png'],
  ]);
});
