// `<lora:name:strength:clip strength:LBW=…>` in prompts, as the Impact Pack reads them.
import { isNumeric } from './wildcards.ts';

export interface LoraTag {
  /** As written: a file name whose extension or folder may be missing. */
  readonly name: string;
  readonly modelStrength: number;
  readonly clipStrength: number;
  /** Strengths per block (Inspire Pack), as written. */
  readonly blocks?: string;
}

/** The LoRA tags of a prompt, each name once. */
export function parseLoraTags(text: string): LoraTag[] {
  const tags = new Map<string, LoraTag>();
  for (const [, inside] of text.matchAll(/<lora:([^>]+)>/g)) {
    const written = inside.replace(/^:+|:+$/g, '').replace(/LBW=[A-Za-z][A-Za-z0-9_-]*:/g, 'LBW=');
    const [name, ...rest] = written.split(':');
    const [modelStrength = 1, clipStrength = modelStrength] = rest.filter(isNumeric).map(Number);
    const blocks = rest
      .filter((item) => item.startsWith('LBW='))
      .flatMap((item) => item.slice(4).split(';'))
      .filter((item) => item.trim() !== '' && !/^[AB]=/.test(item))
      .at(-1);
    if (!tags.has(name))
      tags.set(name, {
        name,
        modelStrength,
        clipStrength,
        ...(blocks !== undefined && { blocks }),
      });
  }
  return [...tags.values()];
}

/** The prompt without its LoRA tags. */
export const removeLoraTags = (text: string): string => text.replace(/<lora:[^>]+>/g, '');

const MODEL_FILE = /\.(ckpt|pt2?|bin|pth|safetensors|pkl|sft)$/;

/**
 * The first of `files` whose path ends with the name in a tag, to which `.safetensors` is added
 * unless it has an extension.
 */
export function findLoraFile(name: string, files: readonly string[]): string | undefined {
  const fileName = MODEL_FILE.test(name) ? name : `${name}.safetensors`;
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
