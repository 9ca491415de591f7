// A model file in the model browser: its preview, name and facts, and the buttons that use it.
import type { DescribedModel } from '../src/server/api-types.ts';
import { create } from './dom.ts';
import { factsOf, type ModelTarget, remarkOf } from './model-search.ts';
import { previewUrl } from './models-api.ts';

export interface ModelRow {
  readonly element: HTMLLIElement;
  /** Shows what has become known. */
  update(model: DescribedModel): void;
}

/** `use` puts the file into a field. */
export function createModelRow(
  model: DescribedModel,
  targets: readonly ModelTarget[],
  use: (target: ModelTarget) => void,
): ModelRow {
  const { folder, name } = model;
  const frame = create('span', { class: 'frame' });
  const facts = create('p', { class: 'quiet' });
  const remark = create('p', { class: 'warning' });
  const fitting = targets.filter((target) => target.folder === folder);
  const isUsed = fitting.some(({ current }) => current === name);
  let shown: DescribedModel | undefined;
  const update = (now: DescribedModel): void => {
    if (now === shown) return;
    shown = now;
    facts.textContent = factsOf(now);
    remark.textContent = remarkOf(now) ?? '';
    const url = previewUrl(now);
    if (url) frame.replaceChildren(preview(url));
  };
  update(model);
  const element = create(
    'li',
    { 'aria-current': isUsed && 'true' },
    frame,
    create('div', { class: 'what' }, create('p', { class: 'name' }, name), facts, remark),
    create(
      'div',
      { class: 'use' },
      ...fitting.map((target) => useButton(name, target, fitting, use)),
    ),
  );
  return { element, update };
}

function preview(url: string): HTMLImageElement {
  const image = create('img', { src: url, alt: '', loading: 'lazy', decoding: 'async' });
  image.addEventListener('error', () => image.remove());
  return image;
}

function useButton(
  name: string,
  target: ModelTarget,
  fitting: readonly ModelTarget[],
  use: (target: ModelTarget) => void,
): HTMLButtonElement {
  const text = fitting.length > 1 ? `For ${target.label}` : 'Use';
  const properties = {
    type: 'button',
    'aria-label': `Use ${name} for ${target.label}`,
    title: target.label,
    click: () => use(target),
  };
  return create('button', properties, text);
}
