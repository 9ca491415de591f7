// `<lora:name:strength:text strength:LBW=…>` in prompts, as the Impact Pack reads them.
import { isNumeric } from './wildcards.ts';

export interface LoraTag {
  /** As it is written: a file name, its ending or folder may be missing. */
  readonly name: string;
  readonly modelStrength: number;
  readonly clipStrength: number;
  /** Strengths by block (Inspire Pack), as they are written. */
  readonly blocks?: string;
}

/** The LoRAs that a prompt asks for, each name once. */
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

/** The prompt without them. */
export const removeLoraTags = (text: string): string => text.replace(/<lora:[^>]+>/g, '');

const MODEL_FILE = /\.(ckpt|pt2?|bin|pth|safetensors|pkl|sft)$/;

/** The file among `files` that a tag means: the first whose name ends so; `.safetensors` unless an ending is given. */
export function findLoraFile(name: string, files: readonly string[]): string | undefined {
  const whole = MODEL_FILE.test(name) ? name : `${name}.safetensors`;
  return files.find((file) => file.endsWith(whole));
}

/** A prompt's parts between the words BREAK, encoded one by one; at least one. */
export function splitAtBreak(text: string): string[] {
  const parts = text
    .split('BREAK')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  return parts.length > 0 ? parts : [''];
}
