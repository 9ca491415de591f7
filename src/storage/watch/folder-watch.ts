// Watches the folders of a server: whether they answer, and what is in them. A network share that
// is gone blocks whoever touches it, so the folders are looked at by another process, and one that
// does not answer in time is left out until it does.
import { isAtOrUnder } from '../folder-paths.ts';
import { createFolderInquiry, type FolderInquiry } from './folder-inquiry.ts';
import type { FolderQuestion } from './folder-questions.ts';
import { hasRemoteMounts } from './remote-mounts.ts';

export interface FolderWatch {
  /**
   * Asks whether the folders answer, and lists again what was requested of them before. To be
   * awaited before folders are read. Takes no longer than the time limit for each folder that has
   * stopped to answer.
   */
  refresh(): Promise<void>;
  /** Whether a path is not in a folder that does not answer, as of the last refresh. */
  isReachable(path: string): boolean;
  /** The watched folders that do not answer. */
  unreachable(): readonly string[];
  /** Returns the files in a folder as of the last refresh; undefined if they were not listed. */
  names(
    folder: string,
    kind: 'files' | 'tree',
    skip?: ReadonlySet<string>,
  ): readonly string[] | undefined;
  close(): void;
}

export interface FolderWatchOptions {
  /** Is called when a folder stops or starts to answer, and with what cannot be read. */
  readonly onWarning?: (message: string) => void;
  /** The time in which a folder has to answer (5000). */
  readonly limitMs?: number;
  /** The time between two questions to a folder that does not answer (15000). */
  readonly retryMs?: number;
  /** The time for which the listing of a tree is used (1000). */
  readonly listingMs?: number;
  /**
   * Whether folders may stop to answer at all; where not, they are read directly (whether there are
   * remote mounts).
   */
  readonly isNeeded?: () => boolean;
}

interface Listing {
  readonly question: Omit<FolderQuestion, 'id'>;
  names?: readonly string[];
  time: number;
}

interface WatchState {
  readonly roots: readonly string[];
  readonly options: Required<FolderWatchOptions>;
  readonly inquiry: FolderInquiry;
  /** The folders that do not answer, with the processes that wait for them. */
  readonly silent: Map<string, { time: number; inquiry?: FolderInquiry }>;
  readonly listings: Map<string, Listing>;
  readonly reported: Set<string>;
}

const DEFAULTS: Required<FolderWatchOptions> = {
  onWarning: () => undefined,
  limitMs: 5000,
  retryMs: 15_000,
  listingMs: 1000,
  isNeeded: hasRemoteMounts,
};
const MAX_REPORTED = 500;

/** `roots`: absolute paths. Nothing is started before the first refresh. */
export function createFolderWatch(
  roots: readonly string[],
  options: FolderWatchOptions = {},
): FolderWatch {
  const all = { ...DEFAULTS, ...options };
  const state: WatchState = {
    roots: [...new Set(roots)],
    options: all,
    inquiry: createFolderInquiry(all.limitMs),
    silent: new Map(),
    listings: new Map(),
    reported: new Set(),
  };
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const isReachable = (path: string): boolean => {
    for (const root of state.silent.keys()) if (isAtOrUnder(path, root)) return false;
    return true;
  };
  const run = (): Promise<void> => {
    running = refreshNow(state, isReachable).finally(() => {
      running = undefined;
    });
    return running;
  };
  return {
    // what was asked before this call may be out of date, so those that wait share the next round
    refresh: () => {
      if (!running) return run();
      next ??= running.then(() => {
        next = undefined;
        return run();
      });
      return next;
    },
    isReachable,
    unreachable: () => [...state.silent.keys()],
    names: (path, kind, skip = new Set()) => {
      const key = `${kind} ${path}`;
      const listing = state.listings.get(key) ?? {
        question: { kind, path, skip: [...skip] },
        time: Number.NEGATIVE_INFINITY,
      };
      state.listings.set(key, listing);
      return listing.names;
    },
    close: () => {
      state.inquiry.close();
      for (const { inquiry } of state.silent.values()) inquiry?.close();
    },
  };
}

async function refreshNow(
  state: WatchState,
  isReachable: (path: string) => boolean,
): Promise<void> {
  const { roots, inquiry, silent, listings, options } = state;
  if (silent.size === 0 && !options.isNeeded()) {
    for (const listing of listings.values())
      Object.assign(listing, { names: undefined, time: Number.NEGATIVE_INFINITY });
    return;
  }
  for (const root of silent.keys()) retry(state, root);
  await probeAll(
    state,
    roots.filter((root) => !silent.has(root)),
  );
  for (const listing of listings.values()) {
    const { question } = listing;
    const isOld =
      question.kind === 'files' || performance.now() - listing.time >= options.listingMs;
    if (!isOld || !isReachable(question.path)) continue;
    const answer = await inquiry.ask(question);
    if (!answer) {
      // the folder itself may be a link to a share
      markSilent(state, question.path);
      continue;
    }
    listing.names = answer.names;
    listing.time = performance.now();
    for (const [problem, path] of answer.problems ?? []) {
      if (state.reported.has(path) || state.reported.size >= MAX_REPORTED) continue;
      state.reported.add(path);
      options.onWarning(problem);
    }
  }
}

/** Asks one folder after another; once one does not answer, all others at once. */
async function probeAll(state: WatchState, roots: readonly string[]): Promise<void> {
  for (const [i, path] of roots.entries()) {
    if (await state.inquiry.ask({ kind: 'probe', path })) continue;
    markSilent(state, path);
    await Promise.all(
      roots.slice(i + 1).map(async (other) => {
        const inquiry = createFolderInquiry(state.options.limitMs);
        if (!(await inquiry.ask({ kind: 'probe', path: other }))) markSilent(state, other);
        inquiry.close();
      }),
    );
    return;
  }
}

function markSilent({ silent, options }: WatchState, folder: string): void {
  // a machine under load may have been slow once, so it is asked again at the next refresh
  silent.set(folder, { time: Number.NEGATIVE_INFINITY });
  options.onWarning(
    `the folder ${folder} does not answer; it is left out until it does. ` +
      'Check the network share or the disk.',
  );
}

/** Asks a folder that does not answer again, without waiting for it. */
function retry(state: WatchState, folder: string): void {
  const { silent, options } = state;
  const entry = silent.get(folder);
  if (!entry || entry.inquiry || performance.now() - entry.time < options.retryMs) return;
  const inquiry = createFolderInquiry(options.limitMs);
  entry.inquiry = inquiry;
  void inquiry.ask({ kind: 'probe', path: folder }).then((answer) => {
    inquiry.close();
    entry.inquiry = undefined;
    entry.time = performance.now();
    if (!answer || silent.get(folder) !== entry) return;
    silent.delete(folder);
    options.onWarning(`the folder ${folder} answers again`);
  });
}
