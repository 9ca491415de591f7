// How often a workflow is queued by one click, and how its seed changes after each run.
import { create } from './dom.ts';
import { SEED_CONTROLS, type SeedControl } from './seed-control.ts';

const MAX_COUNT = 100;

export interface BatchControls {
  readonly element: HTMLElement;
  /** The number of runs; 1 for texts that are none. */
  count(): number;
  control(): SeedControl;
}

/**
 * Creates the controls. Without a control of the workflow's own the seed stays as it is, and steps
 * by one when several runs are requested, which would be the same otherwise.
 */
export function createBatchControls(own: SeedControl | undefined): BatchControls {
  const count = create('input', {
    ...{ id: 'batch-count', type: 'number', min: 1, max: MAX_COUNT, step: 1, value: 1 },
    inputmode: 'numeric',
  });
  const select = create(
    'select',
    { id: 'seed-control' },
    ...Object.entries(SEED_CONTROLS).map(([value, text]) => create('option', { value }, text)),
  );
  select.value = own ?? 'fixed';
  let isChosen = own !== undefined;
  select.addEventListener('change', () => {
    isChosen = true;
  });
  const countOf = (): number => {
    const value = Math.round(Number(count.value));
    return value >= 1 ? Math.min(value, MAX_COUNT) : 1;
  };
  count.addEventListener('change', () => {
    count.value = String(countOf());
    if (!isChosen) select.value = countOf() > 1 ? 'increment' : 'fixed';
  });
  return {
    element: create(
      'div',
      { class: 'batch' },
      labelled('Batch count', count),
      labelled('Seed after each run', select),
    ),
    count: countOf,
    control: () => select.value as SeedControl,
  };
}

const labelled = (text: string, input: HTMLElement): HTMLElement =>
  create('div', { class: 'field' }, create('label', { for: input.id }, text), input);
