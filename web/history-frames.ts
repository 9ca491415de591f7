// Converts the history to frames of the contact sheet: one per picture, or one per failed job.
import type { HistoryEntry, QueueItem, StoredImage } from '../src/server/api-types.ts';
import { describeGraph } from './describe-graph.ts';
import { displayName } from './display-name.ts';
import { displayText, type JsonNumber, type JsonValue } from './exact-json.ts';
import type { Graph, Workflow } from './form-values.ts';

/** A picture or an error, with the workflow that it comes from. */
export interface Frame {
  readonly id: string;
  /** The job's number. */
  readonly number: string;
  readonly prompt: Graph;
  readonly extra: Workflow['extra'];
  /** Its prompt. */
  readonly description: string;
  readonly seed?: string;
  /** The file or the example that it was opened from. */
  readonly file?: string;
  /** Its values in a grid. */
  readonly cell?: string;
  readonly picture?: StoredImage;
  readonly error?: string;
  /** What to do about the error. */
  readonly hint?: string;
}

type Item = QueueItem<JsonValue, JsonNumber>;

/** What captions say about a job. */
export function jobFacts([, , graph, extraData]: Item): Pick<
  Frame,
  'description' | 'seed' | 'file' | 'cell'
> {
  const { prompt, seed } = describeGraph(graph);
  const { file, cell } = extraData?.darkroom ?? {};
  return { description: prompt, seed, file: textOf(file), cell: textOf(cell) };
}

/** Programs may store anything under this name. */
const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;

/** `seed 7 · Text to image` */
export const originText = ({ seed, file, cell }: Pick<Frame, 'seed' | 'file' | 'cell'>): string =>
  [cell, seed && `seed ${seed}`, file && displayName(file)].filter(Boolean).join(' · ');

/** The frames of a history entry: its saved pictures, else its temporary ones, else its error. */
export function framesOf(id: string, entry: HistoryEntry<JsonValue, JsonNumber>): Frame[] {
  const { prompt: item, outputs, status } = entry;
  const [number, , prompt, extraData] = item;
  const common = {
    id,
    number: displayText(number),
    prompt,
    extra: extraData?.extra_pnginfo ?? {},
    ...jobFacts(item),
  };
  const images = Object.values(outputs ?? {}).flatMap((output) => output.images ?? []);
  const pictures = images.filter(({ filename }) => /\.(png|webp|jpe?g)$/i.test(filename));
  const saved = pictures.filter(({ type }) => type === 'output');
  if (pictures.length > 0)
    return (saved.length > 0 ? saved : pictures).map((picture) => ({ ...common, picture }));
  if (status?.status_str !== 'error') return [];
  const failure = status.messages?.find(([type]) => type === 'execution_error')?.[1];
  if (!failure) return [];
  const { exception_message, traceback } = failure;
  return [{ ...common, error: exception_message || 'The job failed.', hint: traceback?.join(' ') }];
}
