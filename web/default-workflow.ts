// An extension of ComfyUI's editor. The editor's default workflow is made for a checkpoint of
// Stable Diffusion; where there is none, the editor chooses the first checkpoint of the list. If
// that is the embedded one, the default workflow becomes one that fits it: text-to-image.

interface Workflow {
  readonly id?: string;
  readonly nodes?: readonly WorkflowNode[];
}

interface WorkflowNode {
  readonly type: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly widgets_values?: readonly unknown[];
}

interface Editor {
  registerExtension(extension: {
    readonly name: string;
    beforeConfigureGraph(workflow: Workflow): Promise<void>;
  }): void;
}

interface NodeInfo {
  readonly input: { readonly required: Readonly<Record<string, readonly [readonly string[]]>> };
}

const LOADER = 'CheckpointLoaderSimple';
const PROMPT = 'beautiful scenery nature glass bottle landscape';

/** Whether a workflow is the editor's own: a file that was saved has an id and names its types. */
const isDefault = ({ id, nodes = [] }: Workflow): boolean =>
  id === undefined &&
  nodes.every(({ properties }) => properties?.['Node name for S&R'] === undefined) &&
  nodes.some(({ widgets_values: [text] = [] }) => String(text).startsWith(PROMPT));

const checkpointOf = ({ nodes = [] }: Workflow): unknown =>
  nodes.find(({ type }) => type === LOADER)?.widgets_values?.[0];

async function read<T>(path: string): Promise<T | undefined> {
  const response = await fetch(new URL(`../../${path}`, import.meta.url));
  return response.ok ? ((await response.json()) as T) : undefined;
}

async function replaceDefault(workflow: Workflow): Promise<void> {
  if (!isDefault(workflow)) return;
  const [info, example] = await Promise.all([
    read<Record<string, NodeInfo>>(`api/object_info/${LOADER}`),
    read<Workflow>('templates/text-to-image.json'),
  ]);
  const checkpoints = info?.[LOADER].input.required['ckpt_name'][0] ?? [];
  const isThere = checkpoints.includes(checkpointOf(workflow) as string);
  if (!example || isThere || checkpoints[0] !== checkpointOf(example)) return;
  // the editor goes on with the object that it has passed
  Object.assign(workflow, example);
}

const scripts = new URL('../../scripts/app.js', import.meta.url).href;
const { app } = (await import(scripts)) as { readonly app: Editor };
app.registerExtension({
  name: 'Darkroom.DefaultWorkflow',
  beforeConfigureGraph: replaceDefault,
});
