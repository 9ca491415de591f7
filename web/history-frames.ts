// Converts the history to frames of the contact sheet: one per picture, or one per failed job.
import type { HistoryEntry, StoredImage } from '../src/server/api-types.ts';
import { displayText, type JsonNumber, type JsonValue } from './exact-json.ts';
import type { Graph, Workflow } from './form-values.ts';

/** A picture or an error, with the workflow that it comes from. */
export interface Frame {
  readonly id: string;
  /** The job's number. */
  readonly number: string;
  readonly prompt: Graph;
  readonly extra: Workflow['extra'];
  readonly description: string;
  readonly picture?: StoredImage;
  readonly error?: string;
}

/** The longest text among a workflow's inputs, which is usually its prompt. */
export const describeGraph = (graph: Graph): string =>
  Object.values(graph)
    .flatMap((node) => Object.values(node.inputs))
    .filter((value) => typeof value === 'string' && value.includes(' '))
    .map(displayText)
    .reduce((longest, text) => (text.length > longest.length ? text : longest), '') || 'Workflow';

/** The frames of a history entry: its saved pictures, else its temporary ones, else its error. */
export function framesOf(id: string, entry: HistoryEntry<JsonValue, JsonNumber>): Frame[] {
  const { prompt: item, outputs, status } = entry;
  const [number, , prompt, extraData] = item;
  const common = {
    id,
    number: displayText(number),
    prompt,
    extra: extraData?.extra_pnginfo ?? {},
    description: describeGraph(prompt),
  };
  const images = Object.values(outputs ?? {}).flatMap((output) => output.images ?? []);
  const pictures = images.filter(({ filename }) => /\.(png|webp|jpe?g)$/i.test(filename));
  const saved = pictures.filter(({ type }) => type === 'output');
  if (pictures.length > 0)
    return (saved.length > 0 ? saved : pictures).map((picture) => ({ ...common, picture }));
  if (status?.status_str !== 'error') return [];
  const failure = status.messages?.find(([type]) => type === 'execution_error')?.[1];
  return failure ? [{ ...common, error: failure.exception_message ?? 'The job failed.' }] : [];
}
