// Textual inversion (Gal et al. 2022): the vectors for `embedding:name` in a prompt, from files in
// the layouts that ComfyUI's load_embed reads.
import { withModelFile } from '../formats/model-file.ts';
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

const ENDINGS = ['', '.safetensors', '.pt', '.bin'];

/**
 * A lookup in files. `findFile` returns the path of a file in the embeddings folders; it is called
 * with the name as written, then with each file extension.
 */
export function embeddingReader(findFile: (name: string) => string | undefined): EmbeddingLookup {
  return async (name, warn) => {
    const file = ENDINGS.map((ending) => findFile(name + ending)).find(
      (path) => path !== undefined,
    );
    if (file === undefined) return undefined;
    try {
      return await readEmbedding(file);
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
