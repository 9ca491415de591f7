// What nodes do, in one sentence each, for nodes without a description of their own.
import { CORE_SUMMARIES } from './core.ts';
import { IMAGE_SUMMARIES } from './images.ts';
import { PACK_SUMMARIES } from './packs.ts';

/** Sentences by node type. */
export const SUMMARIES: Readonly<Record<string, string>> = {
  ...CORE_SUMMARIES,
  ...IMAGE_SUMMARIES,
  ...PACK_SUMMARIES,
};
