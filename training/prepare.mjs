// Renders the training art: node prepare.mjs [FOLDER]. Every subject of subjects.json from both emoji sets as 192 x 192 RGBA:
// art.bin (uint8, straight alpha) and art.json (what is where, and under which licence).
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';

const SIZE = 192;
const here = import.meta.dirname;
const folder = process.argv[2] ?? join(here, 'build', 'data');
const json = (...path) => JSON.parse(readFileSync(join(here, ...path), 'utf8'));

const { styles, subjects } = json('subjects.json');
const sets = Object.entries(styles).map(([style, name]) => ({
  style,
  info: json('node_modules', name, 'package.json'),
  icons: json('node_modules', name, 'icons.json'),
}));

function svgOf({ icons, info }, name) {
  const icon = icons.icons[name] ?? icons.icons[icons.aliases?.[name]?.parent];
  if (!icon) throw new Error(`${info.name} has no icon '${name}'`);
  const box = [
    icon.left ?? 0,
    icon.top ?? 0,
    icon.width ?? icons.width ?? 16,
    icon.height ?? icons.height ?? 16,
  ].join(' ');
  const links = 'xmlns:xlink="http://www.w3.org/1999/xlink"';
  return `<svg xmlns="http://www.w3.org/2000/svg" ${links} viewBox="${box}" width="${SIZE}" height="${SIZE}">${icon.body}</svg>`;
}

const items = [];
const pixels = [];
for (const [name, captions] of Object.entries(subjects)) {
  for (const set of sets) {
    pixels.push(
      await sharp(Buffer.from(svgOf(set, name)))
        .ensureAlpha()
        .raw()
        .toBuffer(),
    );
    items.push({ name, style: set.style, captions });
  }
}
const sources = Object.fromEntries(
  sets.map(({ style, info }) => [
    style,
    { package: info.name, version: info.version, license: info.license },
  ]),
);
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'art.bin'), Buffer.concat(pixels));
writeFileSync(join(folder, 'art.json'), JSON.stringify({ size: SIZE, sources, items }, null, 1));
console.log(`${Object.keys(subjects).length} subjects, ${items.length} pictures`);
