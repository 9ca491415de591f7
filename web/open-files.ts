// Workflow files that are chosen, dropped or pasted.
import { find } from './dom.ts';

/**
 * Calls `open` with each file that the user gives to the page, except those that a field has taken
 * (`preventDefault`).
 */
export function listenForFiles(open: (file: File) => void): void {
  const picker = find<HTMLInputElement>('#file');
  picker.addEventListener('change', () => {
    if (picker.files?.[0]) open(picker.files[0]);
    picker.value = '';
  });
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    document.body.classList.add('dropping');
  });
  document.addEventListener('dragleave', ({ relatedTarget }) => {
    if (!relatedTarget) document.body.classList.remove('dropping');
  });
  document.addEventListener('drop', (event) => {
    const isTaken = event.defaultPrevented;
    event.preventDefault();
    document.body.classList.remove('dropping');
    const file = event.dataTransfer?.files[0];
    if (file && !isTaken) open(file);
  });
  document.addEventListener('paste', ({ clipboardData, target, defaultPrevented }) => {
    if (defaultPrevented) return;
    const file = clipboardData?.files[0];
    const text = clipboardData?.getData('text') ?? '';
    const isField = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
    if (file) open(file);
    else if (!isField && text.trim().startsWith('{')) open(new File([text], 'Pasted workflow'));
  });
}
