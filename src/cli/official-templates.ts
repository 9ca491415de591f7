// ComfyUI's official templates, where their package is installed: workflows by name, and what its
// index says of each.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { formatSize } from '../format-size.ts';
import { isJsonObject, type Json, type JsonObject, numberOf } from '../formats/json.ts';
import { parseJson } from '../formats/parse-json.ts';
import { readRegularFileSync } from '../formats/regular-file.ts';
import { includes, NEWEST_VERSION, type Release } from '../nodes/versions/comfyui-versions.ts';
import { cacheFolder } from '../user-cache-folder.ts';
import type { FilePackage } from './install-package.ts';

export const TEMPLATES: FilePackage = {
  name: 'comfyui-workflow-templates-json',
  licence: 'MIT',
  folder: 'templates',
  content: 'comfyui_workflow_templates_json',
  proof: 'templates/index.json',
};

export interface OfficialTemplate {
  readonly name: string;
  /** The workflow. */
  readonly file: string;
  readonly title?: string;
  /** The kind of its category: `image`, `video` … */
  readonly kind?: string;
  /** Whether it needs no paid service. */
  readonly isOpen: boolean;
  /** How often it has been used, as the index counts. */
  readonly usage: number;
  /** The release of ComfyUI that it needs: `0.36.0`. */
  readonly minComfyUIVersion?: string;
  /** The bytes of all its model files. */
  readonly size?: number;
}

const NAME = /^[\w.-]+$/;
const FILE_NAME = /\.(json|png|webp|jpe?g|gif|avif|txt|csv|[cm]?[jt]s)$/i;

/** Whether a text may be the name of a template, and is not the name of a file. */
export const mayBeTemplate = (text: string): boolean =>
  NAME.test(text) && !text.startsWith('-') && !FILE_NAME.test(text);

/** A sentence where a template needs a later release of ComfyUI than is known here. */
export function laterTemplateNote(template: OfficialTemplate | undefined): string | undefined {
  const needed = template?.minComfyUIVersion;
  if (!template || !needed || !isRelease(needed) || includes(NEWEST_VERSION, needed))
    return undefined;
  return (
    `${template.name} is made for ComfyUI ${needed} or later; ` +
    `the nodes here are those of ${NEWEST_VERSION}`
  );
}

/** A sentence about the size of a template's model files, where the index has it. */
export const templateSizeNote = (template: OfficialTemplate | undefined): string | undefined =>
  template?.size
    ? `the model files of ${template.name} take ${formatSize(template.size)}`
    : undefined;

const isRelease = (text: string): text is Release => /^\d{1,4}\.\d{1,4}\.\d{1,4}$/.test(text);

/** A folder of templates, also that of a Python environment, and its subfolders. */
const SUBFOLDERS = ['.', 'templates', join(TEMPLATES.content, 'templates')];
const MAX_INDEX_BYTES = 64 * 1024 * 1024;
const INDEX = 'index.json';

/** The folders that may contain templates: that of DARKROOM_TEMPLATES, then the installed one. */
const rootsOf = (environment: NodeJS.ProcessEnv): string[] =>
  [environment.DARKROOM_TEMPLATES, join(cacheFolder(environment), TEMPLATES.folder)].filter(
    (folder) => folder !== undefined && folder !== '',
  ) as string[];

/**
 * The templates of the first folder that has an index of them; undefined where there is none.
 * Throws DR_JSON_INVALID for a broken index.
 */
export function officialTemplates(
  environment: NodeJS.ProcessEnv = process.env,
): readonly OfficialTemplate[] | undefined {
  for (const root of rootsOf(environment))
    for (const subfolder of SUBFOLDERS) {
      const folder = join(root, subfolder);
      const index = textOf(join(folder, INDEX));
      if (index === undefined) continue;
      const names = new Set(readdirSync(folder));
      return templatesIn(parseJson(index, { file: join(folder, INDEX) })).flatMap((template) => {
        const file = `${template.name}.json`;
        return names.has(file) ? [{ ...template, file: join(folder, file) }] : [];
      });
    }
  return undefined;
}

function textOf(file: string): string | undefined {
  try {
    return readRegularFileSync(file, MAX_INDEX_BYTES).toString('utf8');
  } catch {
    return undefined;
  }
}

/** The templates of an index: a list of categories, each with a list of templates. */
function templatesIn(index: Json): Omit<OfficialTemplate, 'file'>[] {
  return objectsIn(index).flatMap((category) =>
    objectsIn(category['templates']).flatMap((entry) => {
      const { name, title, openSource, usage, minComfyUIVersion, size } = entry;
      if (typeof name !== 'string' || name === 'index') return [];
      return [
        {
          name,
          title: textIn(title),
          kind: textIn(category['type']),
          isOpen: openSource !== false,
          usage: numberOf(usage) ?? 0,
          minComfyUIVersion: textIn(minComfyUIVersion),
          size: numberOf(size),
        },
      ];
    }),
  );
}

const objectsIn = (value: Json | undefined): JsonObject[] =>
  Array.isArray(value) ? value.filter(isJsonObject) : [];

const textIn = (value: Json | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;
