// The built-in page: opens workflows, runs them, and shows the progress of the server.
import {
  listExamples,
  queueWorkflow,
  RequestError,
  readExample,
  readGraph,
  readWorkflow,
  subscribe,
} from './api.ts';
import { createContactSheet } from './contact-sheet.ts';
import { create, displayName, find } from './dom.ts';
import { type Graph, type RunnableWorkflow, reseeded, type Workflow } from './form-values.ts';
import type { Frame } from './history-frames.ts';
import { PictureViewer } from './picture-viewer.ts';
import { ProgressView } from './progress-view.ts';
import { createQueueList } from './queue-list.ts';
import { WorkflowForm } from './workflow-form.ts';

/** Examples that are listed before all others. */
const FIRST_EXAMPLES = ['text-to-image', 'base-and-refiner', 'three-regions'];
/** Model files from this size on are shown with it. */
const LARGE_FILE_BYTES = 1e8;

/** The graphs of the jobs that this page queued, to name their nodes. */
const queuedGraphs = new Map<string, Graph>();
const progress = new ProgressView();
const queueList = createQueueList(showError);
const form = new WorkflowForm({ run: () => attempt(() => run(form.workflow())), error: showError });
const viewer = new PictureViewer({
  runAgain: (frame) => attempt(async () => run(reseeded(await workflowOf(frame)))),
  edit: (frame) => attempt(() => openFrame(frame, frame.picture?.filename ?? 'Workflow')),
  removed: () => attempt(() => sheet.refresh()),
  error: showError,
});
const sheet = createContactSheet({
  open: (frames, index) => viewer.open(frames, index),
  openFailed: (frame) => attempt(() => openFrame(frame, 'Failed workflow')),
});

// --- errors

function showError(error: unknown): void {
  const message = error instanceof RequestError ? error.message : String(error);
  const details = error instanceof RequestError ? error.details : [];
  const problem = find('#problem');
  problem.replaceChildren(
    create('p', {}, message),
    ...details.map((text) => create('p', { class: 'quiet' }, text)),
  );
  problem.scrollIntoView({ block: 'nearest' });
}

/** Clears the last error, and shows that of an action that fails. */
async function attempt(action: () => unknown): Promise<void> {
  find('#problem').replaceChildren();
  try {
    await action();
  } catch (error) {
    showError(error);
  }
}

const refreshSheet = (): void => void sheet.refresh().catch(showError);

// --- workflows

async function workflowOf({ prompt, extra }: Frame): Promise<Workflow> {
  return { ...(await readGraph(prompt)), extra };
}

async function run(workflow: RunnableWorkflow): Promise<void> {
  const { prompt_id, node_errors } = await queueWorkflow(workflow);
  queuedGraphs.set(prompt_id, workflow.prompt);
  const problems = Object.values(node_errors).flatMap(({ errors }) => errors);
  if (problems.length > 0)
    showError(
      new RequestError(
        'Parts of the workflow cannot run and were left out.',
        problems.map(({ message, details }) => `${message}: ${details}`),
      ),
    );
}

function openWorkflow(workflow: Workflow, name: string): void {
  form.show(workflow, name);
  document.body.classList.add('opened');
  // beside the form on a wide screen, below the pictures on a narrow one
  find('main').append(find('#start'));
  form.focus();
}

async function openFrame(frame: Frame, name: string): Promise<void> {
  openWorkflow(await workflowOf(frame), name);
}

const openFile = (file: File): Promise<void> =>
  attempt(async () => openWorkflow(await readWorkflow(file, file.name), file.name));

// --- files: chosen, dropped, pasted

function listenForFiles(): void {
  const picker = find<HTMLInputElement>('#file');
  picker.addEventListener('change', () => {
    if (picker.files?.[0]) void openFile(picker.files[0]);
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
    event.preventDefault();
    document.body.classList.remove('dropping');
    const file = event.dataTransfer?.files[0];
    if (file) void openFile(file);
  });
  document.addEventListener('paste', openPasted);
}

/** Opens a pasted file, or a pasted JSON text unless it is pasted into a field. */
function openPasted({ clipboardData, target }: ClipboardEvent): void {
  const file = clipboardData?.files[0];
  const text = clipboardData?.getData('text') ?? '';
  const isField = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
  if (file) void openFile(file);
  else if (!isField && text.trim().startsWith('{'))
    void openFile(new File([text], 'Pasted workflow'));
}

async function showExamples(): Promise<void> {
  const names = await listExamples();
  find('#examples').hidden = names.length === 0;
  const rank = (name: string): number =>
    FIRST_EXAMPLES.includes(name) ? FIRST_EXAMPLES.indexOf(name) : FIRST_EXAMPLES.length;
  const open = (name: string) => () =>
    attempt(async () => openWorkflow(await readExample(name), name));
  const item = (name: string): HTMLLIElement =>
    create('li', {}, create('button', { type: 'button', click: open(name) }, displayName(name)));
  find('#examples ul').replaceChildren(...names.toSorted((a, b) => rank(a) - rank(b)).map(item));
}

// --- messages of the server

function nodeName(promptId: string, nodeId: string): string {
  const node = queuedGraphs.get(promptId)?.[nodeId];
  return node?._meta?.title ?? node?.class_type ?? 'Working';
}

function loadingText(file?: string, part?: string, bytes = 0): string {
  if (!file) return 'Loading';
  const size = bytes >= LARGE_FILE_BYTES ? `, ${(bytes / 1e9).toFixed(1)} GB` : '';
  return `Loading ${file} (${part}${size})`;
}

listenForFiles();
void attempt(showExamples);
subscribe({
  messages: {
    status: () => void queueList.refresh().catch(showError),
    execution_start: () => progress.start(),
    executing: ({ node, prompt_id }) => {
      if (node !== null) progress.showNode(nodeName(prompt_id, node));
    },
    'darkroom/loading': ({ file, part, bytes }) =>
      progress.showNode(loadingText(file, part, bytes)),
    progress: ({ value, max, node, prompt_id }) =>
      progress.showStep(nodeName(prompt_id, node), value, max),
    executed: ({ output }) => {
      const picture = output?.images?.at(-1);
      if (picture) progress.showPicture(picture);
    },
    execution_success: () => {
      progress.end();
      refreshSheet();
    },
    execution_interrupted: () => {
      progress.end('Stopped');
      refreshSheet();
    },
    execution_error: ({ exception_message }) => {
      progress.fail(exception_message);
      refreshSheet();
    },
  },
  preview: (picture) => progress.showPreview(picture),
  connection: (open) => {
    find('#connection').textContent = open ? '' : 'The server does not respond; reconnecting …';
    if (open) refreshSheet();
  },
});
