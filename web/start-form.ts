// The form for a new picture, which the page starts with: text to image on a model. With
// another one, settings that were not changed become those that suit it.
import { RequestError, readStart } from './api.ts';
import { find } from './dom.ts';
import type { Workflow } from './form-values.ts';
import { attempt } from './problem.ts';
import type { Edit, WorkflowForm } from './workflow-form.ts';

/** The name of the workflow, and of its jobs. */
export const NEW_PICTURE = 'New picture';
/** The inputs that name the model, and what the server calls it. */
const MODELS: Readonly<Record<string, string | undefined>> = {
  ckpt_name: 'checkpoint',
  unet_name: 'diffusion_model',
};

/** Reads the workflow; undefined where the server has no model at all. */
export async function readNewPicture(): Promise<Workflow | undefined> {
  try {
    return await readStart();
  } catch (error) {
    if (error instanceof RequestError && error.status === 404) return undefined;
    throw error;
  }
}

/** Watches the form for another model. */
export function watchModel(form: WorkflowForm): void {
  find('#form').addEventListener('change', ({ target }) => {
    const changed = form.changedBy(target);
    const kind = MODELS[changed?.input ?? ''];
    if (form.name !== NEW_PICTURE || !changed || !kind) return;
    void attempt(async () => {
      const workflow = await readStart({ [kind]: changed.text });
      const edits = form.edits();
      if (form.name !== NEW_PICTURE || !edits.some((edit) => isSame(edit, changed))) return;
      form.show(workflow, NEW_PICTURE);
      form.fill(edits);
      form.reveal(changed.id, changed.input);
    });
  });
}

const isSame = (a: Edit, b: Edit): boolean =>
  a.id === b.id && a.input === b.input && a.text === b.text;
