// Translates tensor names of diffusers' UNets and ControlNets into those of the original
// checkpoints (guided-diffusion's numbering of blocks).
import type { TensorInfo } from '../../formats/safetensors/safetensors.ts';

/** Parts of a residual block: diffusers' name, original name. */
const RESIDUAL: readonly (readonly [string, string])[] = [
  ['norm1', 'in_layers.0'],
  ['conv1', 'in_layers.2'],
  ['time_emb_proj', 'emb_layers.1'],
  ['norm2', 'out_layers.0'],
  ['conv2', 'out_layers.3'],
  ['conv_shortcut', 'skip_connection'],
];

/** The original name of a tensor of a residual block, without its ending. */
const residualPart = (part: string): string =>
  RESIDUAL.find(([name]) => part.startsWith(`${name}.`))?.[1] ?? part.replace(/\.[^.]*$/, '');
/** The ending of a name: `.weight` or `.bias`. */
const ending = (name: string): string => name.slice(name.lastIndexOf('.'));

/** Counts that the numbering of blocks depends on. */
interface Counts {
  /** Residual blocks per level. */
  readonly residuals: number;
  /** Convolutions of the hint between its first and its last. */
  readonly hintBlocks: number;
  /** Whether block `index` of a level of the second half has attention. */
  readonly hasAttention: (level: string, index: number) => boolean;
}

type Rule = readonly [pattern: RegExp, rewrite: (groups: string[], counts: Counts) => string];

/** The first rule that matches a name rewrites it. The last group is copied unchanged. */
const RULES: readonly Rule[] = [
  [/^conv_in\.(.*)/, ([rest]) => `input_blocks.0.0.${rest}`],
  [/^conv_norm_out\.(.*)/, ([rest]) => `out.0.${rest}`],
  [/^conv_out\.(.*)/, ([rest]) => `out.2.${rest}`],
  [
    /^time_embedding\.linear_([12])\.(.*)/,
    ([n, rest]) => `time_embed.${2 * Number(n) - 2}.${rest}`,
  ],
  [
    /^(?:add|class)_embedding\.linear_([12])\.(.*)/,
    ([n, rest]) => `label_emb.0.${2 * Number(n) - 2}.${rest}`,
  ],
  [
    /^down_blocks\.(\d+)\.resnets\.(\d+)\.(.*)/,
    ([i, j, rest], c) =>
      `input_blocks.${inputBlock(i, j, c)}.0.${residualPart(rest)}${ending(rest)}`,
  ],
  [
    /^down_blocks\.(\d+)\.attentions\.(\d+)\.(.*)/,
    ([i, j, rest], c) => `input_blocks.${inputBlock(i, j, c)}.1.${rest}`,
  ],
  [
    /^down_blocks\.(\d+)\.downsamplers\.0\.conv\.(.*)/,
    ([i, rest], c) => `input_blocks.${(Number(i) + 1) * (c.residuals + 1)}.0.op.${rest}`,
  ],
  [
    /^mid_block\.resnets\.(\d+)\.(.*)/,
    ([i, rest]) => `middle_block.${2 * Number(i)}.${residualPart(rest)}${ending(rest)}`,
  ],
  [/^mid_block\.attentions\.0\.(.*)/, ([rest]) => `middle_block.1.${rest}`],
  [
    /^up_blocks\.(\d+)\.resnets\.(\d+)\.(.*)/,
    ([i, j, rest], c) =>
      `output_blocks.${outputBlock(i, j, c)}.0.${residualPart(rest)}${ending(rest)}`,
  ],
  [
    /^up_blocks\.(\d+)\.attentions\.(\d+)\.(.*)/,
    ([i, j, rest], c) => `output_blocks.${outputBlock(i, j, c)}.1.${rest}`,
  ],
  [
    /^up_blocks\.(\d+)\.upsamplers\.0\.conv\.(.*)/,
    ([i, rest], c) => {
      const layer = c.hasAttention(i, c.residuals) ? 2 : 1;
      return `output_blocks.${outputBlock(i, c.residuals, c)}.${layer}.conv.${rest}`;
    },
  ],
  [/^controlnet_down_blocks\.(\d+)\.(.*)/, ([i, rest]) => `zero_convs.${i}.0.${rest}`],
  [/^controlnet_mid_block\.(.*)/, ([rest]) => `middle_block_out.0.${rest}`],
  [/^controlnet_cond_embedding\.conv_in\.(.*)/, ([rest]) => `input_hint_block.0.${rest}`],
  [
    /^controlnet_cond_embedding\.blocks\.(\d+)\.(.*)/,
    ([i, rest]) => `input_hint_block.${2 * Number(i) + 2}.${rest}`,
  ],
  [
    /^controlnet_cond_embedding\.conv_out\.(.*)/,
    ([rest], c) => `input_hint_block.${2 * c.hintBlocks + 2}.${rest}`,
  ],
];

const inputBlock = (level: string, index: string, { residuals }: Counts): number =>
  1 + Number(level) * (residuals + 1) + Number(index);

/** Levels of the second half have one residual block more than those of the first. */
const outputBlock = (level: string, index: string | number, { residuals }: Counts): number =>
  Number(level) * (residuals + 1) + Number(index);

/** Counts the different numbers that follow `prefix` in the names. */
const countNumbered = (names: readonly string[], prefix: string): number =>
  new Set(
    names
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length).split('.')[0]),
  ).size;

/**
 * Returns the tensors of a diffusers UNet or ControlNet under their original names; unknown names
 * are not changed.
 */
export function fromDiffusers(tensors: ReadonlyMap<string, TensorInfo>): Map<string, TensorInfo> {
  const names = [...tensors.keys()];
  const counts = {
    residuals: countNumbered(names, 'down_blocks.0.resnets.'),
    hintBlocks: countNumbered(names, 'controlnet_cond_embedding.blocks.'),
    hasAttention: (level: string, index: number) =>
      tensors.has(`up_blocks.${level}.attentions.${index}.norm.weight`),
  };
  return new Map(names.map((name) => [originalName(name, counts), tensors.get(name)!]));
}

function originalName(name: string, counts: Counts): string {
  for (const [pattern, rewrite] of RULES) {
    const match = pattern.exec(name);
    if (match) return rewrite(match.slice(1), counts);
  }
  return name;
}
