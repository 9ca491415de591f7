// The error of the last action, above the form.
import { RequestError } from './api.ts';
import { create, find } from './dom.ts';

export function showError(error: unknown): void {
  const message = error instanceof RequestError ? error.message : String(error);
  const details = error instanceof RequestError ? error.details : [];
  const problem = find('#problem');
  problem.replaceChildren(
    create('p', {}, message),
    ...details.map((text) => create('p', { class: 'quiet' }, text)),
  );
  problem.scrollIntoView({ block: 'nearest' });
}

export const clearError = (): void => find('#problem').replaceChildren();

/** Disables a button while an action runs, and shows the error of one that fails. */
export async function attemptOn(
  button: HTMLButtonElement,
  action: () => Promise<void>,
): Promise<void> {
  button.disabled = true;
  try {
    await action();
  } catch (error) {
    showError(error);
  } finally {
    button.disabled = false;
  }
}

/** Clears the last error, and shows that of an action that fails. */
export async function attempt(action: () => unknown): Promise<void> {
  clearError();
  try {
    await action();
  } catch (error) {
    showError(error);
  }
}
