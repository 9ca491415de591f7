// ComfyUI's extra_model_paths.yaml: folders of models outside the models folders.
// Source: ComfyUI utils/extra_config.py.
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, normalize, resolve } from 'node:path';
import { DarkroomError } from '../errors.ts';
import { isJsonObject } from '../formats/json.ts';
import { yaml } from '../formats/load-yaml.ts';
import { readRegularFileSync } from '../formats/regular-file.ts';

export interface ExtraModelFolder {
  /** `checkpoints`, `loras` … as the file names it. */
  readonly kind: string;
  /** Absolute. */
  readonly path: string;
  /** Whether it is searched before the models folders. */
  readonly isDefault: boolean;
}

/** Whether an entry among the models folders is a list of such folders. */
export const isExtraModelPaths = (path: string): boolean => /\.ya?ml$/i.test(path);

const MAX_BYTES = 2 ** 20;

/** The folders that a file lists, in its order. Throws DR_BAD_USAGE. */
export function readExtraModelPaths(file: string): ExtraModelFolder[] {
  const sections = readYaml(file);
  return Object.values(sections).flatMap((section) => {
    if (section === null) return [];
    if (!isJsonObject(section)) throw invalid(file, 'its sections must be mappings');
    const { base_path, is_default, ...kinds } = section;
    const base = baseOf(file, base_path);
    return Object.entries(kinds).flatMap(([kind, paths]) => {
      if (typeof paths !== 'string') throw invalid(file, `'${kind}' must be a path`);
      return paths
        .split('\n')
        .filter((path) => path !== '')
        .map((path) => ({
          kind,
          path: normalize(isAbsolute(path) ? path : join(base, path)),
          isDefault: Boolean(is_default),
        }));
    });
  });
}

/** `base_path`, in which variables and `~` are replaced; without one, the folder of the file. */
function baseOf(file: string, path: unknown): string {
  const folder = dirname(resolve(file));
  if (path === undefined || path === null || path === '') return folder;
  if (typeof path !== 'string') throw invalid(file, "'base_path' must be a path");
  return resolve(folder, expandPath(path));
}

/** A path with `~`, `$NAME` and `${NAME}` (on Windows also `%NAME%`) replaced. */
export function expandPath(
  path: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const expanded = path
    .replace(/^~(?=[/\\]|$)/, () => homedir())
    .replaceAll(
      /\$\{(\w+)\}|\$(\w+)/g,
      (all, braced, plain) => environment[braced ?? plain] ?? all,
    );
  return process.platform === 'win32'
    ? expanded.replaceAll(/%(\w+)%/g, (all, name) => environment[name] ?? all)
    : expanded;
}

function readYaml(file: string): Readonly<Record<string, unknown>> {
  let content: unknown;
  try {
    content = yaml().parse(readRegularFileSync(file, MAX_BYTES).toString('utf8')) ?? {};
  } catch (cause) {
    throw invalid(file, (cause as Error).message.split('\n')[0], cause);
  }
  if (!isJsonObject(content)) throw invalid(file, 'it must be a mapping of sections');
  return content;
}

const invalid = (file: string, reason: string, cause?: unknown): DarkroomError =>
  new DarkroomError('DR_BAD_USAGE', {
    message: `the list of model folders ${file} can't be read: ${reason}`,
    hint: "Write it as ComfyUI's extra_model_paths.yaml.example.",
    file,
    cause,
  });
