// What of a workflow's model files is missing, and what their hosts say about them.
import type { DarkroomError } from '../errors.ts';
import { withSlashes } from '../slashes.ts';
import { pathInside } from '../storage/folder-paths.ts';
import type { ModelFolders } from '../storage/model-folders.ts';
import { isSafePath, type ModelSource, pathOfSource, refuseSource } from './model-source.ts';
import { partialSize } from './partial-file.ts';
import { describeRemote, type RemoteFile } from './remote-file.ts';
import type { WebClient } from './web-client.ts';

export interface MissingFile {
  readonly source: ModelSource;
  /** `checkpoints/sd15.safetensors` */
  readonly path: string;
  /** Absolute path of the file that it will be. */
  readonly target: string;
  readonly remote: RemoteFile;
  /** Bytes that an earlier download has left. */
  readonly loaded: number;
}

export interface DownloadPlan {
  readonly missing: readonly MissingFile[];
  /** Paths of the files that are there, such as `vae/kl.safetensors`. */
  readonly present: readonly string[];
  /** Files whose name or address is refused. */
  readonly refused: readonly DarkroomError[];
}

export interface PlanOptions {
  readonly folders: Pick<ModelFolders, 'modelFiles'>;
  /** The models folder that files are downloaded into. */
  readonly root: string;
  readonly client: WebClient;
  readonly signal: AbortSignal;
}

/** Compares the sources with the models folders; each file once. Throws DR_INTERRUPTED only. */
export async function planDownloads(
  sources: readonly ModelSource[],
  options: PlanOptions,
): Promise<DownloadPlan> {
  const byPath = new Map<string, ModelSource>();
  for (const source of sources) {
    const path = pathOfSource(source);
    // the first source counts, unless only a later one has a hash
    if (!byPath.get(path)?.hash)
      byPath.set(path, source.hash ? source : (byPath.get(path) ?? source));
  }
  const refused: DarkroomError[] = [];
  const present: string[] = [];
  const missing: ModelSource[] = [];
  for (const [path, source] of byPath) {
    if (isPresent(source, options.folders)) present.push(path);
    else {
      const error = refuseSource(source);
      if (error) refused.push(error);
      else missing.push(source);
    }
  }
  const described: MissingFile[] = [];
  for (let i = 0; i < missing.length; i += CONCURRENT_FILES)
    described.push(
      ...(await Promise.all(
        missing.slice(i, i + CONCURRENT_FILES).map((source) => describeMissing(source, options)),
      )),
    );
  return { present, refused, missing: described };
}

/** How many files are described at once. */
const CONCURRENT_FILES = 8;

/** Whether a file is there; folders outside the models folders are not listed. */
const isPresent = (
  { folder, name }: ModelSource,
  { modelFiles }: Pick<ModelFolders, 'modelFiles'>,
): boolean => isSafePath(folder) && modelFiles(folder).includes(withSlashes(name));

async function describeMissing(
  source: ModelSource,
  { root, client, signal }: PlanOptions,
): Promise<MissingFile> {
  const path = pathOfSource(source);
  // refuseSource has refused all others
  const target = pathInside(root, path)!;
  const remote = await describeRemote(client, source.url, signal);
  return { source, path, target, remote, loaded: partialSize(target) };
}
