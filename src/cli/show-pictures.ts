// Pictures in the terminal (--show), by the protocols of kitty and iTerm2 and as sixels, and in the
// system's viewer (--open).
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { encodeSixel } from '../image/codec/encode-sixel.ts';
import { sharp } from '../image/codec/load-sharp.ts';
import type { PictureProtocol } from './picture-protocol.ts';

const MAX_SIDE = 1024;
/** The payload of one escape sequence of kitty, in characters of base64. */
const KITTY_CHUNK = 4096;

/** The escape sequences that draw a picture file, at most 1024 pixels wide and high. */
export async function pictureSequence(path: string, protocol: PictureProtocol): Promise<string> {
  const picture = sharp(readFileSync(path), { limitInputPixels: false });
  const resized = picture.resize(MAX_SIDE, MAX_SIDE, {
    fit: 'inside',
    withoutEnlargement: true,
  });
  if (protocol === 'sixel') {
    const pixels = resized.flatten().toColourspace('srgb').raw();
    const { data, info } = await pixels.toBuffer({ resolveWithObject: true });
    return encodeSixel({ width: info.width, height: info.height, channels: 3, bytes: data });
  }
  const small = await resized.png().toBuffer();
  const data = small.toString('base64');
  return protocol === 'kitty' ? kittySequence(data) : iterm2Sequence(data, small.length, path);
}

/** Transmits a PNG file (f=100) and displays it (a=T), in chunks (m=1 but for the last). */
function kittySequence(data: string): string {
  const chunks = data.match(new RegExp(`.{1,${KITTY_CHUNK}}`, 'g')) ?? [];
  return chunks
    .map((chunk, i) => {
      const more = i < chunks.length - 1 ? 1 : 0;
      return `\x1b_G${i === 0 ? 'a=T,f=100,' : ''}m=${more};${chunk}\x1b\\`;
    })
    .join('');
}

function iterm2Sequence(data: string, size: number, path: string): string {
  const name = Buffer.from(basename(path)).toString('base64');
  return `\x1b]1337;File=name=${name};size=${size};inline=1:${data}\x07`;
}

/** The program that opens a file with what the user has chosen for it, and its arguments. */
const OPENERS: Readonly<Record<string, readonly [program: string, ...args: string[]]>> = {
  darwin: ['open'],
  win32: ['explorer.exe'],
};
const DEFAULT_OPENER = ['xdg-open'] as const;

/** Opens a file in the system's viewer. Returns whether the viewer could be started. */
export function openInViewer(
  path: string,
  platform: string = process.platform,
  start: typeof spawn = spawn,
): Promise<boolean> {
  const [program, ...args] = OPENERS[platform] ?? DEFAULT_OPENER;
  return new Promise((done) => {
    const child = start(program, [...args, path], { stdio: 'ignore', detached: true });
    child.once('error', () => done(false));
    child.once('spawn', () => {
      child.unref();
      done(true);
    });
  });
}
