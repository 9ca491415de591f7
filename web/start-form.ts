// The form for a new picture, which the page starts with: text to image on a checkpoint. With
// another checkpoint, settings that were not changed become those that suit it.
import { RequestError, readStart } from './api.ts';
import { find } from './dom.ts';
import type { Workflow } from './form-values.ts';
import { attempt } from './problem.ts';
import type { Edit, WorkflowForm } from './workflow-form.ts';

/** The name of the workflow, and of its jobs. */
export const NEW_PICTURE = 'New picture';
const CHECKPOINT = 'ckpt_name';

/** Reads the workflow; undefined where the server has no checkpoint at all. */
export async function readNewPicture(): Promise<Workflow | undefined> {
  try {
    return await readStart();
  } catch (error) {
    if (error instanceof RequestError && error.status === 404) return undefined;
    throw error;
  }
}

/** Watches the form for another checkpoint. */
export function watchCheckpoint(form: WorkflowForm): void {
  find('#form').addEventListener('change', ({ target }) => {
    const changed = form.changedBy(target);
    if (form.name !== NEW_PICTURE || changed?.input !== CHECKPOINT) return;
    void attempt(async () => {
      const workflow = await readStart(changed.text);
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
