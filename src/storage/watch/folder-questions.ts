// What a server asks the process that looks at folders for it, and the answers.
export interface FolderQuestion {
  readonly id: number;
  /** `probe`: whether the folder answers; `files`: those in it; `tree`: those under it. */
  readonly kind: 'probe' | 'files' | 'tree';
  readonly path: string;
  /** Names of folders that are left out of a tree. */
  readonly skip?: readonly string[];
}

/** While a tree is listed, answers without names say that the folder answers. */
export interface FolderAnswer {
  readonly id: number;
  readonly isDone: boolean;
  readonly names?: readonly string[];
  /** What cannot be read: sentences with their paths. */
  readonly problems?: readonly (readonly [problem: string, path: string])[];
}

/** The id of the answer that says that the process has started. */
export const READY = 0;
