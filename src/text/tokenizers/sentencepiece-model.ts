// Reads SentencePiece models (sentencepiece_model.proto), of which text encoders of the Gemma kind
// carry one in their file.

/** What a piece is; the numbers of ModelProto.SentencePiece.Type. */
export const PIECE_TYPES = ['', 'normal', 'unknown', 'control', 'user', 'unused', 'byte'] as const;

export interface Piece {
  readonly text: string;
  readonly score: number;
  readonly type: (typeof PIECE_TYPES)[number];
}

export interface SentencePieceModel {
  /** In the order of their ids. */
  readonly pieces: readonly Piece[];
  readonly kind: 'unigram' | 'bpe' | 'other';
  readonly byteFallback: boolean;
  /** Whether texts are normalised in another way than by writing spaces as ▁. */
  readonly isNormalised: boolean;
  /** Whether a space is put before texts. */
  readonly addsSpace: boolean;
}

/** Reads a model. Throws RangeError for bytes that are not one. */
export function readSentencePieceModel(bytes: Uint8Array): SentencePieceModel {
  const model = fieldsOf(bytes);
  const trainer = fieldsOf(bytesAt(model, 2));
  const normalizer = fieldsOf(bytesAt(model, 3));
  const pieces = (model.get(1) ?? []).map((piece) => readPiece(fieldsOf(piece as Uint8Array)));
  if (pieces.length === 0) throw new RangeError('no pieces');
  return {
    pieces,
    kind: ({ 1: 'unigram', 2: 'bpe' } as const)[numberAt(trainer, 3, 1)] ?? 'other',
    byteFallback: numberAt(trainer, 35, 0) === 1,
    isNormalised:
      bytesAt(normalizer, 2).length > 0 ||
      numberAt(normalizer, 4, 1) === 1 ||
      numberAt(normalizer, 5, 1) === 0,
    addsSpace: numberAt(normalizer, 3, 1) === 1,
  };
}

function readPiece(fields: Fields): Piece {
  const score = bytesAt(fields, 2);
  return {
    text: Buffer.from(bytesAt(fields, 1)).toString('utf8'),
    score: score.length === 4 ? Buffer.from(score).readFloatLE(0) : 0,
    type: PIECE_TYPES[numberAt(fields, 3, 1)] ?? '',
  };
}

/** The values of each field number, in order: varints as numbers, all others as bytes. */
type Fields = ReadonlyMap<number, readonly (number | Uint8Array)[]>;

const FIXED_BYTES: Readonly<Record<number, number>> = { 1: 8, 5: 4 };

function fieldsOf(bytes: Uint8Array): Fields {
  const fields = new Map<number, (number | Uint8Array)[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      if (at >= bytes.length) throw new RangeError('the message is cut off');
      const byte = bytes[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const type = tag & 7;
    let value: number | Uint8Array;
    if (type === 0) value = varint();
    else {
      const length = type === 2 ? varint() : FIXED_BYTES[type];
      if (length === undefined || at + length > bytes.length)
        throw new RangeError('the message is damaged');
      value = bytes.subarray(at, at + length);
      at += length;
    }
    const number = Math.floor(tag / 8);
    const values = fields.get(number);
    if (values) values.push(value);
    else fields.set(number, [value]);
  }
  return fields;
}

function bytesAt(fields: Fields, number: number): Uint8Array {
  const value = fields.get(number)?.at(-1);
  return value instanceof Uint8Array ? value : new Uint8Array();
}

function numberAt(fields: Fields, number: number, otherwise: number): number {
  const value = fields.get(number)?.at(-1);
  return typeof value === 'number' ? value : otherwise;
}
