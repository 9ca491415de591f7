// What the server does in threads about model files: their headers may be large, and there may be
// thousands of them.
import { join, sep } from 'node:path';
import { DarkroomError } from '../../errors.ts';
import {
  identifyListed,
  listedSize,
  locationOf,
  MODEL_FOLDERS,
  type ModelName,
} from '../../models/inspect/model-listing.ts';
import type { Folders } from '../../storage/folders.ts';
import type {
  DescribedModel,
  DescriptionsResponse,
  ListedModel,
  ModelsResponse,
} from '../api-types.ts';
import { json, type RouteResponse } from '../http/responses.ts';
import { previewPath } from '../model-previews.ts';
import type { TaskContext } from './task-context.ts';

/** One request describes models for this long, so that a thread is soon free for others. */
const DESCRIBE_MS = 300;
const UNREADABLE = 'it can’t be read';

/** Each task may throw a DarkroomError. */
export const MODEL_TASKS = {
  listModels: ({ folders }: TaskContext, _input: undefined): RouteResponse => {
    const models = MODEL_FOLDERS.flatMap((folder) =>
      folders
        .modelFiles(folder)
        .map(
          (name): ListedModel => ({ folder, name, size: listedSize(folders, { folder, name }) }),
        ),
    );
    return json<ModelsResponse>({ models });
  },

  /**
   * Describes models in order, as many as there is time for. Those that are not listed are left
   * out.
   */
  describeModels: async (
    { folders }: TaskContext,
    { models }: { readonly models: readonly ModelName[] },
  ): Promise<RouteResponse> => {
    const end = performance.now() + DESCRIBE_MS;
    const described: DescribedModel[] = [];
    for (const model of models) {
      if (!isListed(folders, model)) continue;
      described.push(await describe(folders, model));
      if (performance.now() > end) break;
    }
    return json<DescriptionsResponse>({ models: described });
  },
};

const isListed = (folders: Folders, { folder, name }: ModelName): boolean =>
  MODEL_FOLDERS.includes(folder) && folders.modelFiles(folder).includes(name);

async function describe(folders: Folders, model: ModelName): Promise<DescribedModel> {
  const location = locationOf(folders, model);
  const root = location && folders.modelFolders(model.folder)[location.index];
  const preview = root && previewPath(root, model.name) ? location.index : undefined;
  const found = { ...model, size: location?.size, preview };
  try {
    return { ...found, ...(await identifyListed(folders, model)) };
  } catch (error) {
    if (!(error instanceof DarkroomError)) return { ...found, problem: UNREADABLE };
    return { ...found, problem: root ? withoutFolder(error.message, root) : error.message };
  }
}

/** A message that names files by their names only. */
const withoutFolder = (message: string, root: string): string =>
  message.replaceAll(join(root, sep), '');
