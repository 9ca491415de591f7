// Runs the nodes that load and use models on a runtime that opens no network, so that only the
// headers of model files are read. What they throw and warn of is what a run would.
import { DarkroomError } from '../../errors.ts';
import type { Clip } from '../../models/clip/clip.ts';
import { featureWidth } from '../../models/clip/feature-width.ts';
import { recordingRuntime } from '../../models/inspect/network-memory.ts';
import type { Autoencoder } from '../../models/vae/autoencoder.ts';
import { behaviourOf } from '../../nodes/versions/behaviour-changes.ts';
import { NEWEST_VERSION } from '../../nodes/versions/comfyui-versions.ts';
import { checkFeatures } from '../../sampling/conditioning/prepare.ts';
import type { Model } from '../../sampling/sampling-types.ts';
import { createFolderStorage } from '../../storage/folder-storage.ts';
import type { Folders } from '../../storage/folders.ts';
import { zeros } from '../../tensor/tensor.ts';
import { type Graph, linksByInput } from '../../workflow/api-graph.ts';
import type { NodeTable } from '../../workflow/node-table.ts';
import { nodesBefore } from '../../workflow/nodes-before.ts';
import { declaredNode } from '../../workflow/overrides/graph-search.ts';
import type { EngineEvent } from '../events.ts';
import { createDynamicGraph } from '../execute/dynamic-prompt.ts';
import { createExecution, type Execution } from '../execute/execution.ts';
import { failureOf } from '../execute/failures.ts';
import { callsOf } from '../execute/lists.ts';
import { collectInputs, requestedInputs } from '../execute/node-inputs.ts';
import { runNode } from '../execute/run-node.ts';
import { createNodeContexts } from '../node-context.ts';
import { dryNodes } from './dry-nodes.ts';
import { visitNeeded } from './visit-needed.ts';

interface DryRunOptions {
  /** The graph after validation's conversions. */
  readonly graph: Graph;
  readonly nodes: NodeTable;
  readonly folders: Folders;
  /** The nodes whose results matter; they and those before them are run if they can be. */
  readonly targets: readonly string[];
  /** Nodes that are known to be invalid. */
  readonly invalid: ReadonlySet<string>;
}

interface DryRun {
  /** What a run would throw, with `nodeId` and `nodeType`. */
  readonly errors: readonly DarkroomError[];
  readonly warnings: readonly string[];
}

/** The running dry run. */
interface State {
  readonly execution: Execution;
  /** The nodes whose outputs are known. */
  readonly done: Set<string>;
  readonly errors: DarkroomError[];
  /** Whether the node that runs has tried to run a network: what it throws then says nothing. */
  reachedNetwork: boolean;
}

/** Returns what a run would report about model files. Never throws for the graph or its files. */
export async function dryRun(options: DryRunOptions): Promise<DryRun> {
  const { graph, nodes, targets, invalid } = options;
  const warnings = new Set<string>();
  const state = createState(options, (event) => {
    if (event.type === 'warning') warnings.add(event.message);
  });
  const runnable = new Set(dryNodes(graph, nodes, nodesBefore(graph, targets)));
  const needed = await visitNeeded(targets, {
    sourcesOf: (id) => sourcesOf(state, id),
    requestedBy: async (id) => (invalid.has(id) ? [] : await requestedBy(state, id)),
    visit: async (id) => {
      if (invalid.has(id)) return;
      if (alwaysFails(state, id) || (runnable.has(id) && areSourcesDone(state, id)))
        await runDry(state, id);
    },
  });
  for (const id of needed)
    if (!invalid.has(id)) {
      await checkAutoencoders(state, id);
      await checkPrompts(state, id);
    }
  return { errors: state.errors, warnings: [...warnings] };
}

function createState(options: DryRunOptions, emit: (event: EngineEvent) => void): State {
  const { graph, nodes, folders } = options;
  const dynamic = createDynamicGraph(graph);
  const { signal } = new AbortController();
  // which release it is does not matter to what a run reports about model files
  const behaviour = behaviourOf(NEWEST_VERSION);
  const contextOf = createNodeContexts({
    graph,
    dynamic,
    extra: {},
    nodes,
    folders,
    storage: createFolderStorage(folders),
    release: NEWEST_VERSION,
    behaviour,
    runtime: recordingRuntime([], () => {
      state.reachedNetwork = true;
    }),
    signal,
    emit,
    onFolder: () => undefined,
    now: () => new Date(),
    random: Math.random,
    states: new Map(),
    interrupt: () => undefined,
  });
  const execution = createExecution({
    graph,
    dynamic,
    outputs: [],
    nodes,
    cache: new Map(),
    signal,
    emit,
    behaviour,
    contextOf: (id, call) => ({
      ...contextOf(id, call),
      save: writesNothing,
      saveLarge: writesNothing,
    }),
  });
  const state: State = { execution, done: new Set(), errors: [], reachedNetwork: false };
  return state;
}

const writesNothing = (): Promise<never> =>
  Promise.reject(new Error('internal: a dry run writes nothing'));

/** The nodes that a node needs in any case; of a node of unknown type, all that it is linked to. */
function sourcesOf({ execution }: State, id: string): string[] {
  const { graph, lookup } = execution;
  const node = graph.get(id);
  if (!declaredNode(execution, id))
    return node ? linksByInput(node).map(([, link]) => link.id) : [];
  return lookup.linksOf(id).flatMap(([, [source], { lazy }]) => (lazy ? [] : [source]));
}

const areSourcesDone = (state: State, id: string): boolean =>
  sourcesOf(state, id).every((source) => state.done.has(source));

const alwaysFails = ({ execution }: State, id: string): boolean =>
  declaredNode(execution, id)?.declaration.alwaysFails ?? false;

/** The sources of the lazy inputs that a node requests; none while it can't be known. */
async function requestedBy(state: State, id: string): Promise<string[]> {
  const { execution } = state;
  if (!declaredNode(execution, id)?.declaration.needs || !areSourcesDone(state, id)) return [];
  const sources: string[] = [];
  await attempt(state, id, async () => {
    const calls = callsOf(execution.lookup.get(id).declaration, collectInputs(execution, id).lists);
    const names = await requestedInputs(execution, id, calls);
    for (const [name, [source]] of execution.lookup.linksOf(id))
      if (names.has(name)) sources.push(source);
  });
  return sources;
}

/** Runs a node; records its DarkroomError unless it tried to run a network. */
async function runDry(state: State, id: string): Promise<void> {
  const { execution, done } = state;
  await attempt(state, id, async () => {
    await execution.signatures.sign(id);
    if (!execution.results.of(id)) await runNode(execution, id);
    // a node that expanded to others, or waits for lazy inputs, has no result
    if (execution.results.of(id)) done.add(id);
  });
}

async function attempt(state: State, id: string, action: () => Promise<unknown>): Promise<void> {
  state.reachedNetwork = false;
  try {
    await action();
  } catch (thrown) {
    const { graph, dynamic, signal } = state.execution;
    if (state.reachedNetwork || !(thrown instanceof DarkroomError)) return;
    state.errors.push(failureOf(thrown, id, graph, dynamic, signal));
  }
}

/** Decodes a small latent with the autoencoders that a node will use: a file may contain none. */
async function checkAutoencoders(state: State, id: string): Promise<void> {
  const { execution, done } = state;
  const { graph, nodes, lookup, results } = execution;
  if (done.has(id) || !declaredNode({ graph, nodes }, id)) return;
  for (const [, [source, slot], input] of lookup.linksOf(id)) {
    if (input.kind !== 'SOCKET' || input.type !== 'VAE' || !done.has(source)) continue;
    const [vae] = (results.of(source)?.outputs[slot] ?? []) as (Autoencoder | undefined)[];
    if (vae) await attempt(state, id, async () => vae.decode(smallLatent(vae)));
  }
}

/** Compares the width of the prompts that a node gets for its model with what the model takes. */
async function checkPrompts(state: State, id: string): Promise<void> {
  const { execution, done } = state;
  if (done.has(id) || !declaredNode(execution, id)) return;
  const links = socketLinks(execution, id);
  const models = links.filter(({ type }) => type === 'MODEL');
  for (const link of models) {
    // base_model with base_positive; without such names it is not clear which belong together
    const prefix = link.name.slice(0, Math.max(0, link.name.indexOf('model')));
    const [model] = valuesOf<Model>(state, link);
    if (!model || (models.length > 1 && prefix === '')) continue;
    const prompts = links.filter(
      ({ name, type }) => type === 'CONDITIONING' && name.startsWith(prefix),
    );
    await attempt(state, id, async () => {
      for (const { name, source } of prompts)
        for (const clip of clipsBehind(state, source))
          checkFeatures(model, name, featureWidth(clip));
    });
  }
}

/** A link of a node's input to the output `slot` of the node `source`. */
interface SocketLink {
  readonly name: string;
  readonly type: string;
  readonly source: string;
  readonly slot: number;
}

const socketLinks = ({ lookup }: Execution, id: string): SocketLink[] =>
  lookup
    .linksOf(id)
    .flatMap(([name, [source, slot], input]) =>
      input.kind === 'SOCKET' ? [{ name, type: input.type, source, slot }] : [],
    );

/** The known values of a link. */
const valuesOf = <T>({ execution, done }: State, { source, slot }: SocketLink): readonly T[] =>
  done.has(source) ? ((execution.results.of(source)?.outputs[slot] ?? []) as T[]) : [];

/** The known CLIPs that encode the prompts of a node's conditioning. */
function clipsBehind(state: State, id: string): Clip[] {
  const seen = new Set<string>();
  const clips: Clip[] = [];
  const stack = [id];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const links = socketLinks(state.execution, next);
    const [clip, second] = links.filter(({ type }) => type === 'CLIP');
    // of several it is not clear which one encodes the prompt
    if (clip && !second) clips.push(...valuesOf<Clip>(state, clip));
    for (const { type, source } of links) if (type === 'CONDITIONING') stack.push(source);
  }
  return clips.filter(({ encoders }) => encoders.length > 0);
}

const LATENT_SIDE = 8;

const smallLatent = ({ latentChannels }: Autoencoder) =>
  zeros([1, latentChannels, LATENT_SIDE, LATENT_SIDE]);
