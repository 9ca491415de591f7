// Recognises files in models folders that contain no readable weights by their first bytes.
import { CUT_OFF } from '../model-file-errors.ts';

export interface ForeignFile {
  /** Continues a sentence that begins with the name of the file. */
  readonly what: string;
  readonly hint: string;
}

interface Kind extends ForeignFile {
  readonly matches: (head: Buffer) => boolean;
}

const DOWNLOAD_AGAIN =
  'Download the model itself: the link may need a login, or lead to a page about the file.';
const UNPACK = 'Unpack the archive first.';
const CONVERT = 'Get the model as .safetensors.';

const bytes =
  (hex: string, at = 0) =>
  (head: Buffer): boolean =>
    head.subarray(at, at + hex.length / 2).toString('hex') === hex;
const ascii = (text: string, at = 0) => bytes(Buffer.from(text).toString('hex'), at);
const text =
  (pattern: RegExp) =>
  (head: Buffer): boolean =>
    !head.includes(0) && pattern.test(head.toString('utf8'));

const FOREIGN_FILES: readonly Kind[] = [
  { matches: (head) => head.length === 0, what: 'is empty', hint: CUT_OFF },
  {
    matches: (head) => head.every((byte) => byte === 0),
    what: 'begins with zeros only',
    hint: CUT_OFF,
  },
  {
    matches: text(/^version https:\/\/git-lfs/),
    what: 'is a Git LFS pointer, not the model that it points to',
    hint: 'Fetch the model with `git lfs pull`, or download the file itself.',
  },
  {
    matches: text(/^\s*(<!--[\s\S]*?-->\s*)?<(!doctype html|html|head|body)/i),
    what: 'is a web page (HTML), not a model',
    hint: DOWNLOAD_AGAIN,
  },
  {
    matches: text(/^\s*<(\?xml|error|svg)/i),
    what: 'is an XML document, not a model',
    hint: DOWNLOAD_AGAIN,
  },
  {
    matches: text(/^\s*\{[\s\S]*"(modelTopology|format":\s*"(layers|graph)-model)"/),
    what: 'is a TensorFlow.js model',
    hint: CONVERT,
  },
  {
    matches: text(/^\s*\{[\s\S]*"(weight_map|total_size)":/),
    what: 'is the index of a model in several files, not its weights',
    hint: 'Get the model as one .safetensors file.',
  },
  {
    matches: text(/^\s*(\{\s*"|\[\s*[{["\d])/),
    what: 'is a JSON document, not a model',
    hint: DOWNLOAD_AGAIN,
  },
  {
    matches: (head) => /^(ggml|lmgg|ggjt|tjgg|ggla|algg)/.test(head.toString('latin1')),
    what: "is a GGML model, whose quantised weights can't be read",
    hint: CONVERT,
  },
  { matches: isOnnx, what: 'is an ONNX model', hint: CONVERT },
  { matches: ascii('TFL3', 4), what: 'is a TensorFlow Lite model', hint: CONVERT },
  { matches: bytes('89484446'), what: 'is an HDF5 file (perhaps from Keras)', hint: CONVERT },
  { matches: bytes('934e554d5059'), what: 'is a NumPy array', hint: CONVERT },
  { matches: text(/^7767517\s/), what: 'is the description of an ncnn network', hint: CONVERT },
  {
    // the marks of float16 and int8 weights; float32 weights have none
    matches: (head) => bytes('476b3001')(head) || bytes('384b0d00')(head),
    what: 'has the weights of an ncnn network',
    hint: CONVERT,
  },
  { matches: ascii('ustar', 257), what: 'is a tar archive', hint: UNPACK },
  { matches: bytes('504b0506'), what: 'is an empty archive', hint: CUT_OFF },
  { matches: bytes('377abcaf271c'), what: 'is a 7z archive', hint: UNPACK },
  { matches: ascii('Rar!'), what: 'is a RAR archive', hint: UNPACK },
  { matches: bytes('1f8b'), what: 'is a gzip archive', hint: UNPACK },
  { matches: bytes('28b52ffd'), what: 'is a zstd archive', hint: UNPACK },
  { matches: bytes('fd377a585a00'), what: 'is an xz archive', hint: UNPACK },
  { matches: ascii('BZh'), what: 'is a bzip2 archive', hint: UNPACK },
  { matches: bytes('89504e47'), what: 'is an image (PNG), not a model', hint: DOWNLOAD_AGAIN },
  { matches: bytes('ffd8ff'), what: 'is an image (JPEG), not a model', hint: DOWNLOAD_AGAIN },
  { matches: ascii('GIF8'), what: 'is an image (GIF), not a model', hint: DOWNLOAD_AGAIN },
  {
    matches: (head) => ascii('RIFF')(head) && ascii('WEBP', 8)(head),
    what: 'is an image (WebP), not a model',
    hint: DOWNLOAD_AGAIN,
  },
  { matches: ascii('ftyp', 4), what: 'is a video or an image, not a model', hint: DOWNLOAD_AGAIN },
  { matches: ascii('%PDF'), what: 'is a PDF document, not a model', hint: DOWNLOAD_AGAIN },
  { matches: ascii('SQLite format 3'), what: 'is a database, not a model', hint: DOWNLOAD_AGAIN },
  {
    matches: (head) => bytes('7f454c46')(head) || ascii('MZ')(head),
    what: 'is a program, not a model',
    hint: DOWNLOAD_AGAIN,
  },
];

/** Protocol buffers have no signature; field 1 is the version, field 2 the name of the producer. */
function isOnnx(head: Buffer): boolean {
  const length = head[3];
  if (
    head[0] !== 0x08 ||
    head[1] < 3 ||
    head[1] > 14 ||
    head[2] !== 0x12 ||
    length === 0 ||
    length > 60
  )
    return false;
  return /^[\x20-\x7e]+$/.test(head.subarray(4, 4 + length).toString('latin1'));
}

/** Describes a file with these first bytes; undefined when they are not recognised. */
export const foreignFile = (head: Buffer): ForeignFile | undefined =>
  FOREIGN_FILES.find(({ matches }) => matches(head));
