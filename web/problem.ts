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

/** Clears the last error, and shows that of an action that fails. */
export async function attempt(action: () => unknown): Promise<void> {
  clearError();
  try {
    await action();
  } catch (error) {
    showError(error);
  }
}
