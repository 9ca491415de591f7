// @ts-check
// The page: opens workflows, runs them, and keeps what it shows in step with the server.
import { make, the, title } from './dom.js';
import { createForm } from './form.js';
import { createQueue } from './queue.js';
import { example, examples, listen, Refused, read, readPrompt, run } from './server.js';
import { createSheet } from './sheet.js';
import { createStage } from './stage.js';
import { reseeded } from './values.js';
import { createViewer } from './viewer.js';

/** Prompts of this page's jobs, to name their nodes. @type {Map<string, any>} */
const mine = new Map();
const stage = createStage();
const form = createForm({ run: () => attempt(() => start(form.workflow())), trouble });
const queue = createQueue(trouble);
const viewer = createViewer({
  again: (frame) => attempt(async () => start(reseeded(await reading(frame)))),
  edit: (frame) =>
    attempt(async () => open(await reading(frame), frame.picture?.filename ?? 'Workflow')),
  forgotten: () => attempt(sheet.refresh),
  trouble,
});
const sheet = createSheet({
  open: viewer.open,
  failed: (frame) => attempt(async () => open(await reading(frame), 'Workflow that failed')),
});

/** @param {import('./sheet.js').Frame} frame */
const reading = async ({ prompt, extra }) => ({ ...(await readPrompt(prompt)), extra });

/** @param {unknown} error */
function trouble(error) {
  const { message, details } =
    error instanceof Refused ? error : { message: String(error), details: [] };
  the('#problem').replaceChildren(
    make('p', {}, message),
    ...details.map((text) => make('p', { class: 'quiet' }, text)),
  );
  the('#problem').scrollIntoView({ block: 'nearest' });
}

/** @param {() => unknown} act */
async function attempt(act) {
  the('#problem').replaceChildren();
  try {
    await act();
  } catch (error) {
    trouble(error);
  }
}

/** @param {{prompt: any, extra: any}} workflow */
async function start({ prompt, extra }) {
  const { prompt_id, node_errors } = await run(prompt, extra);
  mine.set(prompt_id, prompt);
  const problems = Object.values(node_errors).flatMap((/** @type {any} */ { errors }) => errors);
  if (problems.length > 0)
    trouble(
      new Refused(
        'Parts of the workflow are left out.',
        problems.map((e) => `${e.message}: ${e.details}`),
      ),
    );
}

/** @param {any} given @param {string} name */
function open(given, name) {
  form.show(given, name);
  document.body.classList.add('opened');
  // beside the form on a desk, below the pictures on a phone
  the('main').append(the('#start'));
  form.focus();
}

/** @param {File} file */
const openFile = (file) => attempt(async () => open(await read(file, file.name), file.name));

const pick = /** @type {HTMLInputElement} */ (the('#file'));
pick.addEventListener('change', () => {
  if (pick.files?.[0]) openFile(pick.files[0]);
  pick.value = '';
});
document.addEventListener('dragover', (event) => {
  event.preventDefault();
  document.body.classList.add('dropping');
});
document.addEventListener('dragleave', ({ relatedTarget }) => {
  if (!relatedTarget) document.body.classList.remove('dropping');
});
document.addEventListener('drop', (event) => {
  event.preventDefault();
  document.body.classList.remove('dropping');
  const file = event.dataTransfer?.files[0];
  if (file) openFile(file);
});
document.addEventListener('paste', ({ clipboardData, target }) => {
  const file = clipboardData?.files[0];
  const text = clipboardData?.getData('text') ?? '';
  if (file) openFile(file);
  else if (
    !(target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement) &&
    text.trim().startsWith('{')
  )
    openFile(new File([text], 'Pasted workflow'));
});

attempt(async () => {
  const names = await examples();
  the('#examples').hidden = names.length === 0;
  const first = ['text-to-image', 'base-and-refiner', 'three-regions'];
  const rank = (/** @type {string} */ name) =>
    first.includes(name) ? first.indexOf(name) : first.length;
  const button = (/** @type {string} */ name) =>
    make(
      'button',
      { type: 'button', click: () => attempt(async () => open(await example(name), name)) },
      title(name),
    );
  const sorted = names.toSorted(
    (/** @type {string} */ a, /** @type {string} */ b) => rank(a) - rank(b),
  );
  the('#examples ul').replaceChildren(
    ...sorted.map((/** @type {string} */ name) => make('li', {}, button(name))),
  );
});

/** What a node of a job is called. @param {string} id @param {string} node */
const nodeName = (id, node) => {
  const found = mine.get(id)?.[node];
  return found?._meta?.title ?? found?.class_type ?? 'Working';
};

/** @type {Record<string, (data: any) => void>} */
const HEARD = {
  status: () => {
    queue.refresh().catch(trouble);
  },
  execution_start: stage.begin,
  executing: ({ node, prompt_id }) => {
    if (node !== null) stage.node(nodeName(prompt_id, node));
  },
  'darkroom/loading': ({ file, part, bytes }) =>
    stage.node(
      file
        ? `Loading ${file} (${part}${bytes >= 1e8 ? `, ${(bytes / 1e9).toFixed(1)} GB` : ''})`
        : 'Loading',
    ),
  progress: ({ value, max, node, prompt_id }) =>
    stage.progress(nodeName(prompt_id, node), value, max),
  executed: ({ output }) => {
    const picture = output?.images?.at(-1);
    if (picture) stage.made(picture);
  },
  execution_success: () => ended(() => stage.end()),
  execution_interrupted: () => ended(() => stage.end('Stopped')),
  execution_error: ({ exception_message }) => ended(() => stage.failed(exception_message)),
};

/** @param {() => void} tell */
function ended(tell) {
  tell();
  sheet.refresh().catch(trouble);
}

listen({
  message: (type, data) => HEARD[type]?.(data),
  preview: stage.preview,
  state: (connected) => {
    const line = the('#connection');
    line.textContent = connected ? '' : 'The server is away; trying again …';
    if (connected) sheet.refresh().catch(trouble);
  },
});
