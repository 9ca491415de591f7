// Parses the `parameters` text that A1111 and Forge write into images: the prompts, then a line of
// settings.
import { splitLoraTags } from '../../text/lora-tags.ts';

/** Whether a text has the form of a `parameters` text. */
export const isA1111 = (text: string): boolean =>
  !/^\s*[{[]/.test(text) && /(^|\n)Steps:\s*\d+\s*,/.test(text);

export interface A1111Lora {
  readonly name: string;
  readonly weight: number;
}

export interface A1111Parameters {
  readonly positive: string;
  readonly negative: string;
  readonly loras: readonly A1111Lora[];
  /** The LoRAs in the negative prompt. */
  readonly negativeLoras: readonly A1111Lora[];
  /** LoRA tags without a valid weight, as written. */
  readonly invalidLoras: readonly string[];
  /** The settings by their names in lower case. */
  readonly settings: ReadonlyMap<string, string>;
}

/** Splits a `parameters` text into prompts, LoRAs and settings. Never throws. */
export function parseParameters(text: string): A1111Parameters {
  const normalized = text.replaceAll('\r\n', '\n');
  const start = normalized.startsWith('Steps:') ? 0 : normalized.lastIndexOf('\nSteps:') + 1;
  const prompts = normalized.slice(0, start);
  const split = prompts.startsWith('Negative prompt:')
    ? 0
    : prompts.lastIndexOf('\nNegative prompt:');
  const positive = split < 0 ? prompts : prompts.slice(0, split);
  const negative = split < 0 ? '' : prompts.slice(split).replace(/^\n?Negative prompt:/, '');
  const inPositive = splitLoraTags(positive, hasName);
  const inNegative = splitLoraTags(negative, hasName);
  const isValid = (tag: string): boolean => Number.isFinite(loraOf(tag).weight);
  return {
    positive: inPositive.rest.trim(),
    negative: inNegative.rest.trim(),
    loras: inPositive.tags.filter(isValid).map(loraOf),
    negativeLoras: inNegative.tags.filter(isValid).map(loraOf),
    invalidLoras: [...inPositive.tags, ...inNegative.tags].filter((tag) => !isValid(tag)),
    settings: parseSettings(normalized.slice(start).split('\n')[0]),
  };
}

function loraOf(tag: string): A1111Lora {
  const [name, weight] = tag.split(':', 2);
  return { name, weight: Number(weight || 1) };
}

const hasName = (tag: string): boolean => tag !== '' && !tag.startsWith(':');

/** Parses `Name: value` and `Name: "quoted value"`, followed by a comma or the end. */
function parseSettings(line: string): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  let from = 0;
  for (let colon = line.indexOf(':'); colon >= 0; colon = line.indexOf(':', from)) {
    const key = keyBefore(line, colon, from);
    from = colon + 1;
    if (key === '') continue;
    const { value, end } = valueAt(line, from);
    settings.set(key.trim().toLowerCase(), value.trim());
    from = end + 1;
  }
  return settings;
}

/** The words that end at a colon and begin at `from` or later. */
function keyBefore(line: string, colon: number, from: number): string {
  let start = colon;
  while (start > from && /[\w \-/]/.test(line[start - 1])) start--;
  while (start < colon && !/\w/.test(line[start])) start++;
  return line.slice(start, colon);
}

/** The value from `from`, and the position of the comma after it or of the end. */
function valueAt(line: string, from: number): { readonly value: string; readonly end: number } {
  let start = from;
  while (/\s/.test(line.charAt(start))) start++;
  if (line[start] === '"') {
    let close = start + 1;
    while (close < line.length && line[close] !== '"') close += line[close] === '\\' ? 2 : 1;
    if (close < line.length && (close + 1 === line.length || line[close + 1] === ','))
      return { value: line.slice(start + 1, close), end: close + 1 };
  }
  const comma = line.indexOf(',', start);
  const end = comma < 0 ? line.length : comma;
  return { value: line.slice(start, end), end };
}

/** ComfyUI's schedulers by A1111's names. */
const SCHEDULERS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    karras: 'karras',
    exponential: 'exponential',
    'sgm uniform': 'sgm_uniform',
    simple: 'simple',
    normal: 'normal',
    ddim: 'ddim_uniform',
    'kl optimal': 'kl_optimal',
    beta: 'beta',
    uniform: 'normal',
    automatic: 'normal',
  }),
);

/** ComfyUI's samplers by A1111's names, where these differ in more than their spelling. */
const SAMPLERS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    dpm2: 'dpm_2',
    dpm2_ancestral: 'dpm_2_ancestral',
    unipc: 'uni_pc',
    plms: 'ipndm',
  }),
);

/** ComfyUI's names for sampler and scheduler: `DPM++ 2M Karras` is dpmpp_2m with karras. */
export function samplerOf({ settings }: A1111Parameters): {
  readonly samplerName: string;
  readonly scheduler: string;
} {
  let name = (settings.get('sampler') ?? 'Euler').toLowerCase().replaceAll('++', 'pp');
  let scheduler = SCHEDULERS.get((settings.get('schedule type') ?? '').toLowerCase());
  for (const [suffix, value] of SCHEDULERS)
    if (name.endsWith(` ${suffix}`)) {
      name = name.slice(0, -suffix.length - 1);
      scheduler ??= value;
    }
  const spelled = name.trim().replace(/\ba\b/, 'ancestral').replaceAll(' ', '_');
  return { samplerName: SAMPLERS.get(spelled) ?? spelled, scheduler: scheduler ?? 'normal' };
}

/** A number among the settings; `fallback` when it is missing or invalid. */
export function numberSetting(
  { settings }: A1111Parameters,
  key: string,
  fallback: number,
): number {
  const value = Number.parseFloat(settings.get(key) ?? '');
  return Number.isFinite(value) ? value : fallback;
}

/** A latent has one row for 8 rows of an image. */
const MULTIPLE = 8;
/** The next larger size that a latent can have, in pixels. */
export const roundUp = (pixels: number): number => Math.ceil(pixels / MULTIPLE) * MULTIPLE;

/** A size such as `512x768` among the settings, rounded up to multiples of 8. */
export function sizeSetting(
  { settings }: A1111Parameters,
  key: string,
): readonly [width: number, height: number] | undefined {
  const [, width, height] = /^(\d{1,5})x(\d{1,5})$/.exec(settings.get(key) ?? '') ?? [];
  return width === undefined ? undefined : [roundUp(Number(width)), roundUp(Number(height))];
}
