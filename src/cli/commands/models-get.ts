// darkroom models get WORKFLOW|URL…: downloads the model files that workflows name the origin of,
// or a single file, into the models folder.
import { basename } from 'node:path';
import { type ModelSource, pathOfSource } from '../../download/model-source.ts';
import { type DownloadPlan, planDownloads } from '../../download/plan.ts';
import { bytesOf } from '../../download/remote-file.ts';
import { DarkroomError } from '../../errors.ts';
import type { Folders } from '../../storage/folders.ts';
import { isModelName } from '../../storage/model-folders.ts';
import { modelSources } from '../../workflow/model-sources.ts';
import { MAX_BYTES } from '../../workflow/read/read-errors.ts';
import { findProblems } from '../../workflow/validate/find-problems.ts';
import { badUsage } from '../bad-usage.ts';
import type { Invocation } from '../command.ts';
import { getTemplates } from '../get-templates.ts';
import {
  confirm,
  type DownloadOutcome,
  type Downloads,
  downloadMissing,
  printPlan,
  reportDownloads,
  startDownloads,
  sumOf,
} from '../model-downloads.ts';
import { nodeTable } from '../node-packs.ts';
import type { Values } from '../options.ts';
import { jsonLine, printable, type Terminal } from '../terminal.ts';
import { openSource, readSource, type Source } from '../workflow-source.ts';

/** Runs the command; returns the exit code: 0 if nothing is missing any more. */
export async function getModels(
  invocation: Invocation,
  folders: Folders,
  names: readonly string[],
): Promise<number> {
  const { values, terminal } = invocation;
  await getTemplates(invocation, names);
  const downloads = startDownloads(folders);
  try {
    const requested: Requested[] = [];
    for (const name of names)
      requested.push(await requestedBy(name, invocation, folders, downloads));
    const sources = requested.flatMap((one) => one.sources);
    const unknown = withoutSource(requested);
    const plan = await planDownloads(sources, downloads);
    if (!values.quiet) printPlan(terminal, plan, downloads.root);
    const isAgreed = !values['dry-run'] && (await isAgreedTo(plan, names, invocation));
    const outcome: DownloadOutcome = !isAgreed
      ? { downloaded: [], errors: plan.missing.flatMap(({ remote }) => remote.error ?? []) }
      : await downloadMissing(terminal, plan.missing, downloads, {
          quiet: values.quiet || values.json,
          noHash: values['no-hash'],
          onFile: (path) => values.json || terminal.out(path),
        });
    if (values.json) terminal.out(jsonLine({ ...plan, ...outcome, unknown }));
    reportDownloads(terminal, plan, outcome);
    return conclude(terminal, values, { plan, outcome, unknown });
  } finally {
    downloads.release();
  }
}

/** Asks on a terminal before much is downloaded for a workflow; an address says what it is. */
async function isAgreedTo(
  { missing }: DownloadPlan,
  names: readonly string[],
  { values, terminal }: Invocation,
): Promise<boolean> {
  if (missing.length === 0 || values.yes || names.every(isWebAddress)) return true;
  return (await confirm(terminal, `Download ${sumOf(missing)}?`)) ?? true;
}

interface Conclusion {
  readonly plan: DownloadPlan;
  readonly outcome: DownloadOutcome;
  readonly unknown: readonly string[];
}

function conclude(
  terminal: Terminal,
  values: Values,
  { plan, outcome, unknown }: Conclusion,
): number {
  for (const path of unknown)
    terminal.err(
      `${printable(path)} is missing, and the workflow does not say where it comes from\n`,
    );
  const isComplete = unknown.length + plan.refused.length + outcome.errors.length === 0;
  if (isComplete && plan.missing.length === 0 && !values.quiet)
    terminal.err(
      plan.present.length === 0
        ? 'the workflow names no model files with their origin\n'
        : `nothing is missing: ${plan.present.length} model files are there\n`,
    );
  const isMissing = plan.missing.length > outcome.downloaded.length;
  return isComplete && !isMissing ? 0 : 1;
}

/** What an argument stands for. */
interface Requested {
  readonly sources: readonly ModelSource[];
  /** Paths of the model files that a workflow lacks: `vae/kl.safetensors`. */
  readonly missing: readonly string[];
}

/** The missing files that no workflow names the origin of. */
function withoutSource(requested: readonly Requested[]): string[] {
  const paths = requested.flatMap(({ sources }) => sources.map(pathOfSource));
  const names = new Set(paths.map((path) => basename(path)));
  const missing = new Set(requested.flatMap((one) => one.missing));
  return [...missing].filter((path) => !names.has(basename(path)));
}

async function requestedBy(
  name: string,
  invocation: Invocation,
  folders: Folders,
  downloads: Downloads,
): Promise<Requested> {
  const single = singleFile(name, invocation.values);
  if (single) return { sources: [single], missing: [] };
  const workflow = await openWorkflow(name, downloads);
  const table = await nodeTable(invocation);
  const { graph, extra } = readSource(workflow, { nodes: table, modelFiles: folders.modelFiles });
  const { models } = findProblems(graph, table, folders);
  return {
    sources: modelSources(extra),
    missing: models.map(({ file, folder }) => pathOfSource({ folder, name: file })),
  };
}

const isWebAddress = (name: string): boolean => /^https?:\/\//i.test(name) && URL.canParse(name);

/** The model file that an address leads to; undefined for workflows. */
function singleFile(name: string, { folder, out }: Values): ModelSource | undefined {
  if (!isWebAddress(name)) return undefined;
  const file = out ?? decodeURIComponent(basename(new URL(name).pathname));
  if (folder === undefined && !isModelName('', file)) return undefined;
  if (folder === undefined)
    throw badUsage(
      `models get needs the folder that ${file} belongs in`,
      'For example: --folder checkpoints (or loras, vae, controlnet, upscale_models …)',
    );
  return { url: name, name: file, folder };
}

/** Reads a workflow: a path, standard input, or any http(s) address. */
async function openWorkflow(name: string, { client, signal }: Downloads): Promise<Source> {
  if (!isWebAddress(name)) return openSource(name);
  try {
    const response = await client.get({ url: name, signal });
    return { content: await bytesOf(response, MAX_BYTES), name };
  } catch (error) {
    if (error instanceof DarkroomError) throw error;
    throw new DarkroomError('DR_DOWNLOAD', {
      message: `the workflow can't be read: ${(error as Error).message}`,
      hint: 'Check the address in a browser.',
    });
  }
}
