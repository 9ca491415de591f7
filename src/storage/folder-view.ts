// How folders are looked at: directly, or through a watch that knows which of them answer.
import { isAtOrUnder } from './folder-paths.ts';
import { filesIn, filesUnder, type OnFolder, type OnUnreadable } from './walk-folder.ts';
import type { FolderWatch } from './watch/folder-watch.ts';

export interface FolderView {
  /** Whether a path can be read without the danger of waiting for ever. */
  isReachable(path: string): boolean;
  /**
   * Returns the files in a folder (`files`), or under it (`tree`) without the folders named in
   * `skip`; none where it is not reachable. `onFolder` is called for those of a tree that are read
   * now.
   */
  names(
    folder: string,
    kind: 'files' | 'tree',
    skip?: ReadonlySet<string>,
    onFolder?: OnFolder,
  ): readonly string[];
}

export const directView = (onUnreadable?: OnUnreadable): FolderView => ({
  isReachable: () => true,
  names: (folder, kind, skip, onFolder) =>
    kind === 'files'
      ? filesIn(folder, onUnreadable)
      : filesUnder(folder, { skip, onUnreadable, onFolder }),
});

/** Reads folders that the watch has not listed yet directly, if they answer. */
export function watchedView(
  watch: Pick<FolderWatch, 'isReachable' | 'names'>,
  onUnreadable?: OnUnreadable,
): FolderView {
  const direct = directView(onUnreadable);
  return {
    isReachable: watch.isReachable,
    names: (folder, kind, skip, onFolder) => {
      if (!watch.isReachable(folder)) return [];
      return watch.names(folder, kind, skip) ?? direct.names(folder, kind, skip, onFolder);
    },
  };
}

/** The view of a thread that is told which folders do not answer. */
export const viewWithout = (unreachable: () => readonly string[]): FolderView => {
  const direct = directView();
  const isReachable = (path: string): boolean =>
    !unreachable().some((folder) => isAtOrUnder(path, folder));
  return {
    isReachable,
    names: (folder, ...how) => (isReachable(folder) ? direct.names(folder, ...how) : []),
  };
};
