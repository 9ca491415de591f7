// The field of an input picture: a thumbnail that opens the choice of pictures, a list of their
// names, upload by button, drop or paste, and the mask editor.
import { announce, create, selectValue } from './dom.ts';
import type { Field } from './form-values.ts';
import { choosePicture } from './picture-chooser.ts';
import { isPictureName, pictureOf } from './picture-names.ts';
import { listFolder, thumbnailUrl, uploadPicture } from './pictures-api.ts';
import { attempt } from './problem.ts';

const THUMBNAIL_SIDE = 256;

/** The select with a thumbnail and buttons; `select` has the value. */
export function createPictureChoice(field: Field, select: HTMLSelectElement): HTMLElement {
  const choose = async (): Promise<void> => {
    const chosen = await choosePicture({
      title: `Picture: ${field.label}`,
      values: await choices(field, select),
      current: select.value,
    });
    if (chosen !== undefined) selectValue(select, chosen);
  };
  const upload = async (file: File): Promise<void> => {
    selectValue(select, await uploadPicture(file));
    announce(`Uploaded ${file.name}`);
  };
  const draw = async (): Promise<void> => {
    const { drawMask } = await import('./mask-editor.ts');
    const masked = await drawMask(select.value);
    if (masked !== undefined) selectValue(select, masked);
  };
  const thumbnail = createThumbnail(field, select, () => void attempt(choose));
  const row = create(
    'div',
    { class: 'picture-choice' },
    thumbnail,
    select,
    create(
      'div',
      { class: 'picture-tools' },
      uploadButton((file) => void attempt(() => upload(file))),
      create('button', { type: 'button', click: () => void attempt(draw) }, 'Draw a mask'),
    ),
  );
  takeFiles(row, (file) => void attempt(() => upload(file)));
  return row;
}

/** The options of a field, and what was added to its folder since; the newest first. */
async function choices(field: Field, select: HTMLSelectElement): Promise<readonly string[]> {
  const isOutput = field.folder === 'output';
  const names = (await listFolder(isOutput ? 'output' : 'input')).filter(isPictureName);
  const listed = names.map((name) => (isOutput ? `${name} [output]` : name));
  return [...new Set([...listed, ...[...select.options].map(({ value }) => value)])].filter(
    Boolean,
  );
}

/** A button with the picture that is chosen. */
function createThumbnail(
  { label }: Field,
  select: HTMLSelectElement,
  click: () => void,
): HTMLButtonElement {
  const image = create('img', { alt: '', decoding: 'async' });
  const problem = create('span', {});
  const name = create('span', { class: 'hidden' });
  const properties = { type: 'button', class: 'thumbnail', click };
  const button = create('button', properties, name, image, problem);
  const update = (): void => {
    const { value } = select;
    name.textContent = `Choose another picture for ${label}: ${value || 'none'} `;
    problem.textContent = value ? '' : 'Choose';
    image.hidden = !value;
    if (value) image.src = thumbnailUrl(pictureOf(value), THUMBNAIL_SIDE);
  };
  image.addEventListener('error', () => {
    image.hidden = true;
    problem.textContent = 'No preview';
  });
  select.addEventListener('change', update);
  update();
  return button;
}

function uploadButton(upload: (file: File) => void): HTMLLabelElement {
  const input = create('input', { type: 'file', accept: 'image/*' });
  input.addEventListener('change', () => {
    if (input.files?.[0]) upload(input.files[0]);
    input.value = '';
  });
  return create('label', { class: 'button' }, 'Upload', input);
}

/** Takes files that are dropped on an element, or pasted while it has the focus. */
function takeFiles(element: HTMLElement, take: (file: File) => void): void {
  const taken = (event: Event, data: DataTransfer | null): void => {
    const file = data?.files[0];
    element.classList.remove('over');
    if (!file) return;
    event.preventDefault();
    take(file);
  };
  element.addEventListener('drop', (event) => taken(event, event.dataTransfer));
  element.addEventListener('paste', (event) => taken(event, event.clipboardData));
  element.addEventListener('dragover', () => element.classList.add('over'));
  element.addEventListener('dragleave', () => element.classList.remove('over'));
}
