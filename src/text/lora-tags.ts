// `<lora:name:strength:clip strength:LBW=…>` in prompts, as the Impact Pack reads them.
import { withSlashes } from '../slashes.ts';
import { strip } from '../strip.ts';
import { isNumeric } from './wildcard-weights.ts';

export interface LoraTag {
  /** As written: a file name whose extension or folder may be missing. */
  readonly name: string;
  readonly modelStrength: number;
  readonly clipStrength: number;
  /** Strengths per block (Inspire Pack), as written. */
  readonly blocks?: string;
  /** The node that loads it (`LOADER=nunchaku`), as written. */
  readonly loader?: string;
}

const START = '<lora:';

/**
 * Separates the `<lora:…>` of a prompt, without their brackets, from the text around them. Tags
 * that `accepts` refuses stay in the text. Takes linear time.
 */
export function splitLoraTags(
  text: string,
  accepts = (inside: string): boolean => inside !== '',
): { readonly tags: readonly string[]; readonly rest: string } {
  const tags: string[] = [];
  const rest: string[] = [];
  let from = 0;
  let at = 0;
  let close = -1;
  for (let open = text.indexOf(START); open >= 0; open = text.indexOf(START, at)) {
    const start = open + START.length;
    if (close < start) close = text.indexOf('>', start);
    if (close < 0) break;
    const inside = text.slice(start, close);
    at = open + 1;
    if (!accepts(inside)) continue;
    tags.push(inside);
    rest.push(text.slice(from, open));
    from = close + 1;
    at = from;
  }
  return { tags, rest: rest.join('') + text.slice(from) };
}

/** The LoRA tags of a prompt, each name once. */
export function parseLoraTags(text: string): LoraTag[] {
  const tags = new Map<string, LoraTag>();
  for (const inside of splitLoraTags(text).tags) {
    const written = strip(inside, ':').replace(/LBW=[A-Za-z][A-Za-z0-9_-]*:/g, 'LBW=');
    const [name, ...rest] = written.split(':');
    const [modelStrength = 1, clipStrength = modelStrength] = rest.filter(isNumeric).map(Number);
    const blocks = rest
      .filter((item) => item.startsWith('LBW='))
      .flatMap((item) => item.slice(4).split(';'))
      .filter((item) => item.trim() !== '' && !/^[AB]=/.test(item))
      .at(-1);
    const loader = rest.findLast((item) => item.startsWith('LOADER='))?.slice('LOADER='.length);
    if (!tags.has(name))
      tags.set(name, {
        name,
        modelStrength,
        clipStrength,
        ...(blocks !== undefined && { blocks }),
        ...(loader !== undefined && { loader }),
      });
  }
  return [...tags.values()];
}

/** The prompt without its LoRA tags. */
export const removeLoraTags = (text: string): string => splitLoraTags(text).rest;

const MODEL_FILE = /\.(ckpt|pt2?|bin|pth|safetensors|pkl|sft)$/;

/**
 * The first of `files` whose path ends with the name in a tag, to which `.safetensors` is added
 * unless it has an extension.
 */
export function findLoraFile(name: string, files: readonly string[]): string | undefined {
  const fileName = withSlashes(MODEL_FILE.test(name) ? name : `${name}.safetensors`);
  return files.find((file) => file.endsWith(fileName));
}

/**
 * The parts of a prompt between the words BREAK, which are encoded one by one; at least one part.
 */
export function splitAtBreak(text: string): string[] {
  const parts = text
    .split('BREAK')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  return parts.length > 0 ? parts : [''];
}
