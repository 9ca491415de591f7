// The fields of a form that take model files, or the name of one in a text.
import { selectValue } from './dom.ts';
import type { Field } from './form-values.ts';
import type { ModelTarget } from './model-search.ts';

interface Control {
  readonly field: Field;
  readonly input: HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;
}

/** Textual inversions are named in prompts. */
const EMBEDDINGS = 'embeddings';

export const modelTargets = (controls: readonly Control[]): ModelTarget[] =>
  controls.flatMap(({ field, input }) => {
    const { label, kind, folder } = field;
    if (kind === 'lines') return [promptTarget(label, input)];
    if (kind !== 'choice' || folder === undefined || !(input instanceof HTMLSelectElement))
      return [];
    const choose = (name: string): void => selectValue(input, name);
    return [{ label, folder, current: input.value, choose }];
  });

const promptTarget = (label: string, input: Control['input']): ModelTarget => ({
  label,
  folder: EMBEDDINGS,
  current: '',
  choose: (name) => {
    const embedding = `embedding:${name.replace(/\.\w+$/, '')}`;
    input.value = [input.value.trimEnd(), embedding].filter(Boolean).join(', ');
    input.dispatchEvent(new Event('input', { bubbles: true }));
  },
});
