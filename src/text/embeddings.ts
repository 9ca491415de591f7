// Textual inversion (Gal et al. 2022): the vectors for `embedding:name` in a prompt, from files in
// the layouts that ComfyUI's load_embed reads.
import { posix } from 'node:path';
import { withModelFile } from '../formats/model-file.ts';
import { withSlashes } from '../slashes.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** The tensors of an embedding file by key, in the order of the file. */
export type Embedding = ReadonlyMap<string, Tensor>;

export type Warn = (message: string) => void;

/**
 * Finds an embedding by its name in the prompt; undefined when there is none. `warn` is called with
 * a message about a file that can't be used.
 */
export type EmbeddingLookup = (name: string, warn: Warn) => Promise<Embedding | undefined>;

const BUNDLE = 'bundle_emb.';
/** The web UI's name for the vectors in .pt files. */
const PARAMETERS = 'string_to_param.';
/** The names of tensors in a file that contains a list of dictionaries. */
const LISTED = /^\d+\./;

/**
 * The vectors for an encoder: the web UI's, those of its width in a list, those under its key
 * (`clip_l`, `clip_g`, `clip_h`), bundled ones, or the first tensor of the file.
 */
export function embeddingVectors(
  embedding: Embedding,
  key: string,
  width?: number,
): Float32Array[] {
  const names = [...embedding.keys()];
  const parameters = names.find((name) => name.startsWith(PARAMETERS));
  if (parameters !== undefined) return rows(embedding.get(parameters)!);
  if (names.length > 0 && names.every((name) => LISTED.test(name)))
    return [...embedding.values()]
      .filter(({ shape }) => width === undefined || shape.at(-1) === width)
      .flatMap(rows);
  const own = embedding.get(key);
  if (own) return rows(own);
  for (const suffix of ['.string_to_param.*', `.${key}`]) {
    const bundled = [...embedding].filter(
      ([name]) => name.startsWith(BUNDLE) && name.endsWith(suffix),
    );
    if (bundled.length) return bundled.flatMap(([, vectors]) => rows(vectors));
  }
  const [first] = embedding.values();
  return first ? rows(first) : [];
}

function rows(x: Tensor): Float32Array[] {
  const width = x.shape.at(-1) ?? 1;
  return Array.from({ length: x.data.length / width }, (_, i) =>
    x.data.subarray(i * width, (i + 1) * width),
  );
}

const IGNORES_CASE = process.platform === 'win32' || process.platform === 'darwin';
const ENDINGS = ['', '.safetensors', '.pt', '.bin'];

/**
 * Returns the file of an embedding, also one in a subfolder that the name leaves out. Of several,
 * the one in the outermost folder counts, then the first folder by name; in one folder, that of the
 * name as written, then .safetensors, .pt and .bin. (ComfyUI searches the folders in an order that
 * changes from start to start.) `files`: names relative to the embeddings folders, with `/`.
 * `ignoreCase`: as the file systems of macOS and Windows do.
 */
export function findEmbeddingFile(
  name: string,
  files: readonly string[],
  ignoreCase = IGNORES_CASE,
): string | undefined {
  const cased = (text: string): string => (ignoreCase ? text.toLowerCase() : text);
  const wanted = cased(posix.normalize(withSlashes(name)));
  if (/^(\.{0,2})(\/|$)/.test(wanted)) return undefined;
  const found = ENDINGS.flatMap((ending, order) =>
    files
      .filter((file) => `/${cased(file)}`.endsWith(`/${wanted}${ending}`))
      .map((file) => {
        const folder = file.slice(0, file.length - wanted.length - ending.length);
        return { file, folder, depth: folder.split('/').length, order };
      }),
  );
  const before = (a: (typeof found)[number], b: (typeof found)[number]): number =>
    a.depth - b.depth || byName(a.folder, b.folder) || a.order - b.order;
  return found.sort(before)[0]?.file;
}

const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * A lookup in files. `files`: their names, as for findEmbeddingFile; `pathOf` returns the path of
 * one of them.
 */
export function embeddingReader(
  files: readonly string[],
  pathOf: (file: string) => string,
): EmbeddingLookup {
  return async (name, warn) => {
    const file = findEmbeddingFile(name, files);
    if (file === undefined) return undefined;
    try {
      return await readEmbedding(pathOf(file));
    } catch (error) {
      warn(
        `embedding:${name} is left out: ${error instanceof Error ? error.message : String(error)}`,
      );
      return undefined;
    }
  };
}

/** Reads all tensors of an embedding file. Throws as openModelFile does. */
export const readEmbedding = (path: string): Promise<Embedding> =>
  withModelFile(path, async ({ tensors, read }) => {
    const embedding = new Map<string, Tensor>();
    for (const name of tensors.keys()) embedding.set(name, await read(name));
    return embedding;
  });
