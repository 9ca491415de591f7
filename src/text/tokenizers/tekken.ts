// Mistral's byte-level BPE, whose vocabulary (tekken.json) travels in the file of the text encoder
// (comfy/text_encoders/bpe_tokenizer.py from_tekken_json).
import { bytePairTokenizer } from './byte-pair-tokenizer.ts';
import type { Tokenizer } from './tokenizer.ts';

interface Tekken {
  readonly config: {
    readonly default_vocab_size: number;
    readonly default_num_special_tokens: number;
  };
  readonly vocab: readonly { readonly rank: number; readonly token_bytes: string }[];
  readonly special_tokens: readonly {
    readonly rank: number;
    readonly token_str?: string;
    readonly token_bytes?: string;
  }[];
}

/** `<s>` */
export const TEKKEN_START = 1;

/**
 * Returns the tokenizer of a vocabulary, the bytes of a tekken.json. Throws RangeError if they are
 * none.
 */
export function tekkenTokenizer(bytes: Uint8Array): Tokenizer {
  const { config, vocab, special_tokens: special } = parsed(bytes);
  const first = config.default_num_special_tokens;
  const ids = new Map<string, number>();
  for (const { rank, token_bytes } of vocab)
    if (rank < config.default_vocab_size - first) ids.set(latin1(token_bytes), rank + first);
  return bytePairTokenizer(
    ids,
    new Map(
      special.map(({ rank, token_str, token_bytes = '' }) => [
        token_str ?? Buffer.from(token_bytes, 'base64').toString('utf8'),
        rank,
      ]),
    ),
  );
}

const latin1 = (base64: string): string => Buffer.from(base64, 'base64').toString('latin1');

function parsed(bytes: Uint8Array): Tekken {
  try {
    const found = JSON.parse(new TextDecoder().decode(bytes)) as Partial<Tekken>;
    const { config, vocab, special_tokens } = found;
    if (config && Array.isArray(vocab) && Array.isArray(special_tokens)) return found as Tekken;
  } catch (error) {
    throw new RangeError('no JSON', { cause: error });
  }
  throw new RangeError('no vocabulary of tekken');
}
