// The built-in page: opens workflows, runs them, and shows the progress of the server.
import type { JobOrigin } from '../src/server/api-types.ts';
import {
  listExamples,
  queueWorkflow,
  RequestError,
  readExample,
  readGraph,
  readWorkflow,
  subscribe,
} from './api.ts';
import { createBatchControls } from './batch-controls.ts';
import { CheckPanel } from './check-panel.ts';
import { createContactSheet } from './contact-sheet.ts';
import { displayName } from './display-name.ts';
import { announce, create, download, find } from './dom.ts';
import {
  type Graph,
  type RunnableWorkflow,
  randomSeed,
  reseeded,
  type Workflow,
} from './form-values.ts';
import { watchGallery } from './gallery.ts';
import { createGridForm } from './grid-form.ts';
import { drawGrid } from './grid-picture.ts';
import { type GridSide, gridCells, gridOf } from './grid-plan.ts';
import { GridView } from './grid-view.ts';
import type { Frame } from './history-frames.ts';
import { listenForFiles } from './open-files.ts';
import { PictureViewer } from './picture-viewer.ts';
import { attempt, clearError, showError } from './problem.ts';
import { ProgressView } from './progress-view.ts';
import { createQueueList } from './queue-list.ts';
import { nextSeed, seedControlOf } from './seed-control.ts';
import { NEW_PICTURE, readNewPicture, watchModel } from './start-form.ts';
import { WorkflowForm } from './workflow-form.ts';

/** Examples that are listed before all others. */
const FIRST_EXAMPLES = ['text-to-image', 'base-and-refiner', 'three-regions'];
/** Model files from this size on are shown with it. */
const LARGE_FILE_BYTES = 1e8;

/** The graphs of the jobs that this page queued, to name their nodes. */
const queuedGraphs = new Map<string, Graph>();
/** Counts the workflows that are opened. */
let opened = 0;
/** Running and waiting jobs of all clients, as the server said last. */
let lastRemaining = 0;
const progress = new ProgressView();
const queueList = createQueueList();
let batch = createBatchControls(undefined);
const form = new WorkflowForm({
  run: () => attempt(runBatch),
  extras: (workflow) => {
    const seed = workflow.form.main.find(({ kind }) => kind === 'seed');
    const isNew = form.name === NEW_PICTURE;
    batch = createBatchControls(isNew ? 'randomize' : seed && seedControlOf(workflow, seed));
    const gridForm = createGridForm({
      fields: () => form.fields(),
      queue: (x, y) => attempt(() => runGrid(x, y)),
    });
    return [gridForm, ...(seed ? [batch.element] : [])];
  },
});
const checkPanel = new CheckPanel(form);
const viewer = new PictureViewer({
  runAgain: (frame) =>
    attempt(async () => run(reseeded(await workflowOf(frame)), { file: nameOf(frame) })),
  edit: (frame) => openFrame(frame),
  removed: () => attempt(() => sheet.refresh()),
});
const sheet = createContactSheet({
  open: (frames, index) => viewer.open(frames, index),
  openFailed,
});

const gridView = new GridView({
  open: (frames, index) => viewer.open(frames, index),
  openFailed,
  save: async (grid, frameOf) => download(`${grid.title} grid.png`, await drawGrid(grid, frameOf)),
});

async function openFailed(frame: Frame): Promise<void> {
  if (await openFrame(frame))
    showError(new RequestError(frame.error ?? '', frame.hint ? [frame.hint] : []));
}

const refreshSheet = (): void => void sheet.refresh().catch(showError);
const refreshCell = (id: string): void => void gridView.update(id).catch(showError);

/** Shows how many jobs there are now, and the results of those that have ended. */
function showQueue(remaining: number): void {
  void queueList.refresh().catch(showError);
  // no other message tells of the ends of other clients' jobs
  if (remaining <= lastRemaining) refreshSheet();
  lastRemaining = remaining;
  if (remaining === 0) void gridView.updateAll(true).catch(showError);
}

// --- workflows

async function workflowOf({ prompt, extra }: Frame): Promise<Workflow> {
  return { ...(await readGraph(prompt)), extra };
}

async function run(workflow: RunnableWorkflow, origin: JobOrigin): Promise<string> {
  const { prompt_id, node_errors } = await queueWorkflow(workflow, origin);
  queuedGraphs.set(prompt_id, workflow.prompt);
  const problems = Object.values(node_errors).flatMap(({ errors }) => errors);
  if (problems.length > 0)
    showError(
      new RequestError(
        'Parts of the workflow cannot run and were left out.',
        problems.map(({ message, details }) => `${message}: ${details}`),
      ),
    );
  return prompt_id;
}

/**
 * Queues the open workflow as often as requested, unless another one is opened in between; its seed
 * changes after each time.
 */
async function runBatch(): Promise<void> {
  const [count, control, opening] = [batch.count(), batch.control(), opened];
  for (let i = 0; i < count && opening === opened; i++) {
    await run(form.workflow(), { file: form.name });
    form.changeSeed((seed) => nextSeed(control, seed));
  }
  if (count > 1) announce(`${count} runs queued`);
}

/** Queues the open workflow once for each cell of a grid. */
async function runGrid(x: GridSide, y: GridSide | undefined): Promise<void> {
  if (!form.validate()) return;
  const file = form.name;
  const jobs = gridCells(x, y).map((cell) => ({ cell, workflow: form.workflow(cell.edits) }));
  const grid = gridOf(displayName(file), x, y);
  gridView.show(grid);
  try {
    for (const { cell, workflow } of jobs) {
      const id = await run(workflow, { file, cell: cell.label });
      await gridView.addJob(grid, cell.row, cell.column, id);
    }
  } finally {
    gridView.finish(grid);
  }
}

/**
 * Opens a workflow when it has been read, unless another was opened in the meantime. What was said
 * about the one before goes.
 */
async function open(name: string, read: () => Promise<Workflow | undefined>): Promise<boolean> {
  const opening = ++opened;
  let isShown = false;
  await attempt(async () => {
    const workflow = await read().catch((error) => {
      if (opening === opened) throw error;
    });
    if (!workflow || opening !== opened) return;
    showWorkflow(workflow, name);
    isShown = true;
  });
  return isShown;
}

function showWorkflow(workflow: Workflow, name: string): void {
  clearError();
  progress.dismissFailure();
  form.show(workflow, name);
  checkPanel.open(name, workflow.notes);
  document.body.classList.add('opened');
  // beside the form on a wide screen, below the pictures on a narrow one
  find('main').append(find('#start'));
  form.focus();
}

/** Starts with the form of a new picture, unless the user has opened something in the meantime. */
async function start(): Promise<void> {
  const workflow = await readNewPicture();
  if (!workflow || opened > 0) return;
  form.show(workflow, NEW_PICTURE);
  form.changeSeed(randomSeed);
}

async function openNewPicture(): Promise<void> {
  if (await open(NEW_PICTURE, readNewPicture)) form.changeSeed(randomSeed);
}

/** What the frame was opened from, else its picture. */
const nameOf = ({ file, picture }: Frame): string => file ?? picture?.filename ?? 'Workflow';

const openFrame = (frame: Frame): Promise<boolean> => open(nameOf(frame), () => workflowOf(frame));

find('#models').addEventListener('click', () =>
  attempt(async () => {
    const { browseModels } = await import('./model-browser.ts');
    await browseModels(form.modelTargets());
  }),
);

const openExample = (name: string): Promise<boolean> => open(name, () => readExample(name));

async function showExamples(): Promise<void> {
  const names = await listExamples();
  find('#examples').hidden = names.length === 0;
  const rank = (name: string): number =>
    FIRST_EXAMPLES.includes(name) ? FIRST_EXAMPLES.indexOf(name) : FIRST_EXAMPLES.length;
  const item = (name: string): HTMLLIElement => {
    const click = () => openExample(name);
    return create('li', {}, create('button', { type: 'button', click }, displayName(name)));
  };
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

listenForFiles((file) => void open(file.name, () => readWorkflow(file, file.name)));
watchModel(form);
watchGallery(openExample);
find('#new-picture').addEventListener('click', () => void openNewPicture());
void attempt(() => Promise.all([start(), showExamples()]));
subscribe({
  messages: {
    status: ({ status }) => showQueue(status.exec_info.queue_remaining),
    execution_start: () => progress.start(),
    executing: ({ node, prompt_id }) => {
      if (node !== null) progress.showNode(nodeName(prompt_id, node));
    },
    'darkroom/loading': ({ file, part, bytes }) =>
      progress.showNode(loadingText(file, part, bytes)),
    progress: ({ value, max, node, prompt_id }) =>
      progress.showStep(`${prompt_id} ${node}`, nodeName(prompt_id, node), value, max),
    executed: ({ output }) => {
      const picture = output?.images?.at(-1);
      if (picture) progress.showPicture(picture);
    },
    execution_success: ({ prompt_id }) => {
      progress.end();
      refreshCell(prompt_id);
    },
    execution_interrupted: ({ prompt_id }) => {
      progress.end('Cancelled');
      refreshCell(prompt_id);
    },
    execution_error: ({ prompt_id, exception_message }) => {
      progress.fail(exception_message);
      refreshCell(prompt_id);
    },
  },
  preview: (picture) => progress.showPreview(picture),
  connection: (open) => {
    find('#connection').textContent = open ? '' : 'The server does not respond; reconnecting …';
    if (!open) return;
    refreshSheet();
    void gridView.updateAll(false).catch(showError);
  },
});
