// The model files of the workflows that `run` and `check` are given: where they come from, and
// downloading those that are missing before a run.
import { type ModelSource, pathOfSource } from '../download/model-source.ts';
import { planDownloads } from '../download/plan.ts';
import { DarkroomError } from '../errors.ts';
import { maskUrl } from '../mask-secrets.ts';
import { withSlashes } from '../slashes.ts';
import { openEmbeddedModels } from '../storage/embedded-models.ts';
import { openFolders } from '../storage/folders.ts';
import { modelRoots } from '../storage/model-roots.ts';
import { modelSources } from '../workflow/model-sources.ts';
import type { NodeTable } from '../workflow/node-table.ts';
import { badUsage } from './bad-usage.ts';
import type { Invocation } from './command.ts';
import {
  confirm,
  downloadMissing,
  printPlan,
  reportDownloads,
  startDownloads,
  sumOf,
} from './model-downloads.ts';
import { modelEntries } from './options.ts';
import { readSource, type Source } from './workflow-source.ts';

/** The sources that a workflow names. Throws the errors of reading it. */
const sourcesOf = (workflow: Source, nodes?: NodeTable): ModelSource[] =>
  modelSources(readSource(workflow, { nodes }).extra);

/**
 * Downloads what workflows lack and name the origin of, after a question. Throws DR_BAD_USAGE where
 * nobody can be asked, and DR_INTERRUPTED; what can't be downloaded is reported.
 */
export async function getBeforeRun(
  { values, terminal, nodes }: Invocation,
  workflows: readonly Source[],
): Promise<void> {
  const sources = workflows.flatMap((workflow) => sourcesOf(workflow, nodes?.table));
  const folders = openFolders({
    models: modelRoots(modelEntries(values)),
    embedded: openEmbeddedModels(),
  });
  const downloads = startDownloads(folders);
  try {
    const plan = await planDownloads(sources, downloads);
    const { missing } = plan;
    printPlan(terminal, plan, downloads.root);
    const isAgreed =
      missing.length === 0 ||
      values.yes ||
      (await confirm(terminal, `Download ${sumOf(missing)}?`));
    if (isAgreed === undefined)
      throw badUsage(
        '--get asks before it downloads, and there is no terminal to ask on',
        'Add --yes to download without a question.',
      );
    const outcome = isAgreed
      ? await downloadMissing(terminal, missing, downloads, { quiet: values.quiet || values.json })
      : { downloaded: [], errors: [] };
    reportDownloads(terminal, plan, outcome);
  } finally {
    downloads.release();
  }
}

/** A sentence that says how to get missing files whose origin a workflow names. */
export function downloadHint(
  missingFiles: readonly string[],
  workflow: Source,
): string | undefined {
  const { name } = workflow;
  if (name === 'standard input') return undefined;
  const found = sourcesOfMissing(missingFiles, workflow);
  const files = [...new Set(found.map((source) => source.name))];
  return files.length === 0
    ? undefined
    : `The workflow says where to get ${files.join(', ')}: darkroom models get ${quoted(name)}`;
}

/** For each missing file whose origin a workflow names, its folder and its address. */
export const originNotes = (missingFiles: readonly string[], workflow: Source): string[] => [
  ...new Set(
    sourcesOfMissing(missingFiles, workflow).map(
      (source) => `${pathOfSource(source)} is at ${maskUrl(source.url)}`,
    ),
  ),
];

function sourcesOfMissing(missingFiles: readonly string[], workflow: Source): ModelSource[] {
  if (missingFiles.length === 0) return [];
  const missing = new Set(missingFiles.map(withSlashes));
  return sourcesOrNone(workflow).filter((source) => missing.has(withSlashes(source.name)));
}

/** The sources that a workflow names; none for one that can't be read. */
function sourcesOrNone(workflow: Source): readonly ModelSource[] {
  try {
    return sourcesOf(workflow);
  } catch (error) {
    if (error instanceof DarkroomError) return [];
    throw error;
  }
}

/** A path as it is typed into a shell. */
const quoted = (path: string): string => (/^[\w./:@%+=-]+$/.test(path) ? path : `"${path}"`);
