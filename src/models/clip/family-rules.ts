// What the families of models differ in when they use their text encoders.
import type { Tokenizer } from '../../text/tokenizers/tokenizer.ts';
import type { JoinParts } from './join.ts';
import type { EncoderKind, TokenSlot } from './text-encoder.ts';

/** How a family uses one of its encoders. */
export interface PartRule {
  readonly kind: EncoderKind;
  readonly tokens: ChunkRule | SequenceRule;
  /**
   * Layer whose hidden states are the features, counted from the end; 'last' is the last layer
   * after the final norm. Several: the states before these layers, counted from 0, beside each
   * other. 'all': those after each layer, the last one after the final norm.
   */
  readonly layer: number | 'last' | 'all' | readonly number[];
  /** Whether the final norm is applied to a layer counted from the end. */
  readonly norm: boolean;
  /** Whether pooled features are multiplied by the text projection. */
  readonly project?: boolean;
  /** Whether weights stay in the type of their file, however wide it is. */
  readonly keepsFileType?: boolean;
}

/** Prompts are divided into chunks, which begin and end as CLIP's do. */
export interface ChunkRule {
  /** Token that pads a chunk. */
  readonly chunkPad: number;
}

/** A prompt is one sequence. */
export interface SequenceRule {
  readonly start?: number;
  readonly end?: number;
  readonly pad: number;
  readonly minLength: number;
  /** Of longer prompts only so many tokens are encoded. */
  readonly maxLength?: number;
  /** The text around the prompt: before and after it. */
  readonly template?: readonly [before: string, after: string];
  /** The text around a prompt with a number of images. */
  readonly imageTemplate?: (images: number) => readonly [before: string, after: string];
  /** The token in whose place an image is; absent: prompts have no images. */
  readonly imageToken?: number;
  /**
   * Whether the tokens of images are left out of the features, which then say where each image was.
   */
  readonly leavesOutImages?: boolean;
  /** Whether parentheses in the prompt are weights. */
  readonly isWeighted: boolean;
  /** Whether these only divide the prompt: the encoder takes each token as it is. */
  readonly dropsWeights?: boolean;
  /** Whether prompts may name embeddings. */
  readonly takesEmbeddings: boolean;
  /** Whether the empty prompt that weights are relative to is padding alone. */
  readonly emptyIsPadding?: boolean;
  /**
   * Returns how many of a prompt's first tokens are left out of its features, those of the text
   * before it.
   */
  readonly leftOut?: (tokens: readonly TokenSlot[]) => number;
  /** Returns how many of the last ones are left out, those of the text after it. */
  readonly leftOutAtEnd?: (tokens: readonly TokenSlot[]) => number;
  /** Prompts that begin with one of these bring their own template. */
  readonly templateMarks?: readonly string[];
  /**
   * The prompt inside of the template is of so many tokens, padded or cut; of what it quotes each
   * letter is tokenized alone. Prompts have no weights and no embeddings then.
   */
  readonly spelledLength?: number;
  /**
   * Padding is hidden from attention: and its features are 0 ('zeroed'), or the mask is a part of
   * the conditioning ('masked'). By default it is a part of the prompt.
   */
  readonly padding?: 'hidden' | 'zeroed' | 'masked';
}

/** A tokenizer without an encoder. */
export interface TokensBeside {
  /** The encoder that it belongs to. */
  readonly kind: EncoderKind;
  readonly tokens: SequenceRule;
  readonly tokenizer: () => Tokenizer;
}

export interface FamilyRule {
  /** In the order of their features. */
  readonly parts: readonly PartRule[];
  /** Whether any one of the parts is enough. */
  readonly isPartial?: boolean;
  readonly join: JoinParts;
  /** The tokens of prompts for networks that embed them themselves. */
  readonly tokensBeside?: TokensBeside;
  /** The node that loads the encoders from files of their own, for messages. */
  readonly loader: string;
}
