// The release of ComfyUI whose results a workflow gets: named by options, by images, by workflows.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Darkroom, openDarkroom, type RunOptions, verifyPicture } from '../src/index.ts';

const root = mkdtempSync(join(tmpdir(), 'darkroom-version-'));
let darkroom: Darkroom;
beforeAll(async () => {
  darkroom = await openDarkroom({ output: root, temp: root, input: root });
});
afterAll(async () => {
  await darkroom.close();
  rmSync(root, { recursive: true, force: true });
});

/** The right edge of a white mask is faded: the releases do that differently. */
const PROMPT = {
  1: { class_type: 'SolidMask', inputs: { value: 1, width: 8, height: 8 } },
  2: {
    class_type: 'FeatherMask',
    inputs: { mask: ['1', 0], left: 0, top: 0, right: 2, bottom: 0 },
  },
  3: { class_type: 'MaskToImage', inputs: { mask: ['2', 0] } },
  4: { class_type: 'SaveImage', inputs: { images: ['3', 0], filename_prefix: 'x' } },
};
// FeatherMask of 0.3.64: mask[:, :, -0] *= 0.5; 0.33.0: mask[:, :, -1] *= 0.5
const OLD_ROW = [127, 255, 255, 255, 255, 255, 255, 255];
const NEW_ROW = [255, 255, 255, 255, 255, 255, 255, 127];

async function run(options: RunOptions = {}, source: string | object = PROMPT) {
  const warnings: string[] = [];
  const { images } = await darkroom.run(source as string, {
    ...options,
    onEvent: (event) => {
      if (event.type === 'warning') warnings.push(event.message);
    },
  });
  const { path } = images[0];
  const pixels = await sharp(path).extractChannel(0).raw().toBuffer();
  return { path, row: [...pixels.subarray(0, 8)], warnings };
}

it('is the newest by default, and another by an option, also in turn', async () => {
  expect(await run()).toMatchObject({ row: NEW_ROW, warnings: [] });
  expect(await run({ comfyui: '0.3.64' })).toMatchObject({ row: OLD_ROW, warnings: [] });
  expect(await run({ comfyui: '0.33.0' })).toMatchObject({ row: NEW_ROW, warnings: [] });
});

it('is that of an image, whose workflow is run or verified again', async () => {
  const { path } = await run({ comfyui: '0.3.64' });
  const note = expect.stringContaining('computed as ComfyUI 0.3.64, which the workflow names');
  expect(await run({}, path)).toMatchObject({ row: OLD_ROW, warnings: [note] });
  expect(await run({ comfyui: '0.33.0' }, path)).toMatchObject({ row: NEW_ROW, warnings: [] });
  expect(await verifyPicture(readFileSync(path), path)).toMatchObject({ same: true });
  const asNewest = await verifyPicture(readFileSync(path), path, { comfyui: '0.33.0' });
  expect(asNewest.same).toBe(false);
});

it('is that of the image again in images of that run', async () => {
  const { path } = await run({ comfyui: '0.3.64' });
  const second = await run({}, path);
  expect(await verifyPicture(readFileSync(second.path), second.path)).toMatchObject({ same: true });
  expect(await run({}, second.path)).toMatchObject({ row: OLD_ROW });
});

it('is that of the editor, where the workflow names it', async () => {
  const workflow = { nodes: [], links: [], extra: { node_versions: { 'comfy-core': '0.3.64' } } };
  const named = await run({ extra: { workflow } });
  expect(named.row).toEqual(OLD_ROW);
  expect(named.warnings).toHaveLength(1);
});

it('numbers files', async () => {
  writeFileSync(join(root, 'dotted_00007.png'), '');
  const save = { class_type: 'SaveImage', inputs: { images: ['3', 0], filename_prefix: 'dotted' } };
  const nameOf = async (options: RunOptions) =>
    basename((await run(options, { ...PROMPT, 4: save })).path);
  // folder_paths.get_save_image_path: max(number of each name) + 1
  expect(await nameOf({ comfyui: '0.3.64' })).toBe('dotted_00001_.png');
  expect(await nameOf({})).toBe('dotted_00008_.png');
});

it('must be known', async () => {
  await expect(run({ comfyui: '0.3.65' as never })).rejects.toThrow(
    "unknown ComfyUI version '0.3.65'",
  );
});
