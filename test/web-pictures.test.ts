// The parts of the page's picture fields, mask editor and model browser that need no browser: names
// of pictures, undo and redo, zoom, search.
import { describe, expect, it } from 'vitest';
import { MaskHistory, type MaskOperation } from '../web/mask-history.ts';
import { fitted, moved, pictureAt, screenAt, zoomed } from '../web/mask-view.ts';
import { countByFolder, factsOf, filtered, remarkOf, sizeText } from '../web/model-search.ts';
import { isPictureName, maskedValue, matching, pictureOf } from '../web/picture-names.ts';

describe('values of picture fields', () => {
  it.each([
    ['a.png', 'a.png', '', 'input'],
    ['sub/er/a.png', 'a.png', 'sub/er', 'input'],
    ['clipspace/a b.png [input]', 'a b.png', 'clipspace', 'input'],
    ['a.png [output]', 'a.png', '', 'output'],
    ['a.png[temp]', 'a.png', '', 'temp'],
    ['a [b].png', 'a [b].png', '', 'input'],
    ['', '', '', 'input'],
  ])('%j names a file', (value, filename, subfolder, type) => {
    expect(pictureOf(value)).toEqual({ filename, subfolder, type });
  });

  it('name a saved mask as ComfyUI does', () => {
    const uploaded = { name: 'clipspace-mask-1.png', subfolder: 'clipspace', type: 'input' };
    expect(maskedValue(uploaded)).toBe('clipspace/clipspace-mask-1.png [input]');
    expect(pictureOf(maskedValue(uploaded)).filename).toBe('clipspace-mask-1.png');
  });

  it('are found by words in any order', () => {
    const names = ['Red fox.png', 'fox.png', '(a+).png'];
    const search = (text: string) => matching(names, text, (name) => name);
    expect(search('FOX red')).toEqual(['Red fox.png']);
    expect(search('(a+)')).toEqual(['(a+).png']);
    expect(search(' ')).toEqual(names);
    expect(names.filter(isPictureName)).toEqual(names);
    expect(isPictureName('notes.png.txt')).toBe(false);
  });
});

describe('the history of a mask', () => {
  const stroke = (diameter: number): MaskOperation => ({
    kind: 'stroke',
    erases: false,
    diameter,
    points: [],
  });
  const sizes = ({ operations }: MaskHistory) =>
    operations.map((operation) => operation.kind === 'stroke' && operation.diameter);

  it('undoes and redoes, until something new is drawn', () => {
    const history = new MaskHistory();
    expect(history.undo()).toBe(false);
    history.add(stroke(1));
    history.add(stroke(2));
    expect(history.undo()).toBe(true);
    expect(sizes(history)).toEqual([1]);
    expect(history.redo()).toBe(true);
    expect(sizes(history)).toEqual([1, 2]);
    history.undo();
    history.add(stroke(3));
    expect(history.canRedo).toBe(false);
    expect(sizes(history)).toEqual([1, 3]);
  });

  it('hands out what can no longer be undone', () => {
    const history = new MaskHistory(2);
    expect(history.add(stroke(1))).toBeUndefined();
    expect(history.add(stroke(2))).toBeUndefined();
    expect(history.add(stroke(3))).toMatchObject({ diameter: 1 });
    while (history.undo());
    expect(history.canUndo).toBe(false);
    // what has fallen out is a change too
    expect(history.isChanged).toBe(true);
  });

  it('is unchanged when all is undone', () => {
    const history = new MaskHistory();
    history.add({ kind: 'invert' });
    expect(history.isChanged).toBe(true);
    history.undo();
    expect(history.isChanged).toBe(false);
  });
});

describe('the view of a picture', () => {
  const screen = { width: 400, height: 300 };
  const picture = { width: 4000, height: 1000 };

  it('shows the whole picture in the middle, small ones at most four times as large', () => {
    const view = fitted(picture, screen);
    expect(view.scale).toBeCloseTo(376 / 4000);
    expect(view.x).toBeCloseTo(12);
    expect(view.y).toBeCloseTo((300 - 94) / 2);
    expect(fitted({ width: 8, height: 8 }, screen).scale).toBe(4);
    expect(fitted(picture, { width: 0, height: 0 }).scale).toBeGreaterThan(0);
  });

  it('zooms around a point, within limits', () => {
    const view = fitted(picture, screen);
    const at = { x: 100, y: 120 };
    const near = zoomed(view, 3, at, view.scale / 2);
    expect(near.scale).toBeCloseTo(view.scale * 3);
    const [before, after] = [pictureAt(view, at), pictureAt(near, at)];
    expect(after.x).toBeCloseTo(before.x);
    expect(after.y).toBeCloseTo(before.y);
    expect(screenAt(near, after).x).toBeCloseTo(at.x);
    expect(zoomed(view, 1e9, at, 0.01).scale).toBe(16);
    expect(zoomed(view, 1e-9, at, view.scale / 2).scale).toBeCloseTo(view.scale / 2);
  });

  it('is not moved off the screen', () => {
    const view = fitted(picture, screen);
    expect(moved(view, { x: 1e6, y: 0 }, picture, screen).x).toBe(400 - 48);
    expect(moved(view, { x: -1e6, y: 0 }, picture, screen).x).toBeCloseTo(48 - 376);
  });
});

describe('model files', () => {
  const fox = {
    folder: 'checkpoints',
    name: 'anime/Fox (v2).safetensors',
    size: 6_940_000_000,
    kind: 'checkpoint',
    architecture: 'SDXL, predicts noise',
  };
  const misplaced = { folder: 'checkpoints', name: 'b', size: 9, belongsIn: 'loras' };
  const broken = { folder: 'loras', name: 'c', size: 0, problem: 'c is empty' };
  const models = [fox, misplaced, broken];
  const found = (words: string, folder = '') =>
    filtered(models, { folder, words }).map(({ name }) => name);

  it('are found by all that is shown of them', () => {
    expect(found('')).toEqual(models.map(({ name }) => name));
    expect(found('sdxl FOX')).toEqual([fox.name]);
    expect(found('(v2)')).toEqual([fox.name]);
    expect(found('loras')).toEqual(['b', 'c']);
    expect(found('loras', 'loras')).toEqual(['c']);
    expect(found('nothing')).toEqual([]);
  });

  it('are described as far as they are known', () => {
    expect(factsOf(fox)).toBe('checkpoint · SDXL, predicts noise · 6.9 GB · checkpoints');
    expect(factsOf({ folder: 'vae', name: 'a' })).toBe('comes with Darkroom · vae');
    expect(remarkOf(fox)).toBeUndefined();
    expect(remarkOf(misplaced)).toBe('It belongs in the folder loras.');
    expect(remarkOf(broken)).toBe('Can’t be used: c is empty.');
    expect([0, 1, 949_000, 950_000, 2e9].map(sizeText)).toEqual([
      '0 kB',
      '1 kB',
      '949 kB',
      '1 MB',
      '2.0 GB',
    ]);
    expect([...countByFolder(models)]).toEqual([
      ['checkpoints', 2],
      ['loras', 1],
    ]);
  });
});
