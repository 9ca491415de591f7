// Where a server and its workers find models, inputs and outputs.
import { DarkroomError } from '../errors.ts';
import { openEmbeddedModels } from '../storage/embedded-models.ts';
import { createFolderStorage } from '../storage/folder-storage.ts';
import { type Folders, modelRoots, openFolders } from '../storage/folders.ts';
import { openStorage, type Storage } from '../storage/storage.ts';
import { darkroomOptions, type Values } from './options.ts';

/** What `--storage`, `--models`, `--input`, `--output`, `--temp` name. Throws DR_BAD_USAGE, DR_STORAGE. */
export async function openServerFolders(
  values: Values,
): Promise<{ readonly folders: Folders; readonly storage: Storage }> {
  const { models, input, output, temp } = darkroomOptions(values);
  const shared = values.storage === undefined ? undefined : await openStorage(values.storage);
  const own = Object.entries({ input, output, temp }).filter(([, folder]) => folder !== undefined);
  if (shared?.location !== undefined && own.length > 0)
    throw new DarkroomError('DR_BAD_USAGE', {
      message: `--${own[0][0]} can't be given together with --storage ${values.storage}`,
      hint: 'A bucket holds input, output and temp; leave the other out.',
    });
  const folders = openFolders({
    ...{ ...shared?.folders, ...Object.fromEntries(own) },
    models: modelRoots(models),
    embedded: openEmbeddedModels(),
    inputNames: shared?.inputNames,
  });
  return {
    folders,
    storage: shared?.location === undefined ? createFolderStorage(folders) : shared,
  };
}
