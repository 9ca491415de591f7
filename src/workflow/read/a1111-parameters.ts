// Parses the `parameters` text that A1111 and Forge write into images: the prompts, then a line of
// settings.

/** Whether a text has the form of a `parameters` text. */
export const isA1111 = (text: string): boolean =>
  !/^\s*[{[]/.test(text) && /(^|\n)Steps:\s*\d+\s*,/.test(text);

export interface A1111Parameters {
  readonly positive: string;
  readonly negative: string;
  readonly loras: readonly { readonly name: string; readonly weight: number }[];
  /** The settings by their names in lower case. */
  readonly settings: ReadonlyMap<string, string>;
}

const LORA = /<lora:([^:>]+)(?::([^:>]+))?[^>]*>/g;
/** `Name: value` or `Name: "quoted value"`, followed by a comma or the end. */
const SETTING = /\s*([\w][\w \-/]*):\s*(?:"((?:[^"\\]|\\.)*)"|([^,]*))(?:,|$)/g;

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
  const loras = [...positive.matchAll(LORA)].map(([, name, weight]) => ({
    name,
    weight: Number(weight ?? 1),
  }));
  return {
    positive: positive.replace(LORA, '').trim(),
    negative: negative.replace(LORA, '').trim(),
    loras: loras.filter(({ weight }) => Number.isFinite(weight)),
    settings: parseSettings(normalized.slice(start).split('\n')[0]),
  };
}

function parseSettings(line: string): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  for (const [, key, quoted, plain] of line.matchAll(SETTING))
    settings.set(key.trim().toLowerCase(), (quoted ?? plain).trim());
  return settings;
}

/** ComfyUI's schedulers by A1111's names. */
const SCHEDULERS: Readonly<Record<string, string>> = {
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
};

/** ComfyUI's samplers by A1111's names, where these differ in more than their spelling. */
const SAMPLERS: Readonly<Record<string, string>> = {
  dpm2: 'dpm_2',
  dpm2_ancestral: 'dpm_2_ancestral',
  unipc: 'uni_pc',
  plms: 'ipndm',
};

/** ComfyUI's names for sampler and scheduler: `DPM++ 2M Karras` is dpmpp_2m with karras. */
export function samplerOf({ settings }: A1111Parameters): {
  readonly samplerName: string;
  readonly scheduler: string;
} {
  let name = (settings.get('sampler') ?? 'Euler').toLowerCase().replaceAll('++', 'pp');
  let scheduler = SCHEDULERS[(settings.get('schedule type') ?? '').toLowerCase()];
  for (const [suffix, value] of Object.entries(SCHEDULERS))
    if (name.endsWith(` ${suffix}`)) {
      name = name.slice(0, -suffix.length - 1);
      scheduler ??= value;
    }
  const spelled = name.trim().replace(/\ba\b/, 'ancestral').replaceAll(' ', '_');
  return { samplerName: SAMPLERS[spelled] ?? spelled, scheduler: scheduler ?? 'normal' };
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
