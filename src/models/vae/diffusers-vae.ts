// Translates tensor names of diffusers' AutoencoderKL into those of the original checkpoints, whose
// decoder counts its levels in the opposite direction.
import type { TensorInfo } from '../../formats/tensor-file.ts';

/** Parts of attention: diffusers' names, current and earlier, and the original ones. */
const ATTENTION: Readonly<Record<string, string>> = {
  group_norm: 'norm',
  to_q: 'q',
  query: 'q',
  to_k: 'k',
  key: 'k',
  to_v: 'v',
  value: 'v',
  'to_out.0': 'proj_out',
  proj_attn: 'proj_out',
};

/**
 * Returns the tensors of a diffusers VAE, whose names begin with `prefix`, under their original
 * names after it; unknown names are not changed.
 */
export function vaeFromDiffusers(
  tensors: ReadonlyMap<string, TensorInfo>,
  prefix = '',
): Map<string, TensorInfo> {
  const own = [...tensors].flatMap(([name, info]) =>
    name.startsWith(prefix) ? [[name.slice(prefix.length), info] as const] : [],
  );
  const levels =
    1 +
    Math.max(
      -1,
      ...own.map(([name]) => Number(/^decoder\.up_blocks\.(\d+)\./.exec(name)?.[1] ?? -1)),
    );
  return new Map(own.map(([name, info]) => [prefix + originalName(name, levels), info]));
}

const originalName = (name: string, levels: number): string =>
  name
    .replace(/^encoder\.down_blocks\.(\d+)\.resnets\.(\d+)\./, 'encoder.down.$1.block.$2.')
    .replace(/^encoder\.down_blocks\.(\d+)\.downsamplers\.0\./, 'encoder.down.$1.downsample.')
    .replace(
      /^decoder\.up_blocks\.(\d+)\.resnets\.(\d+)\./,
      (_, i, j) => `decoder.up.${levels - 1 - Number(i)}.block.${j}.`,
    )
    .replace(
      /^decoder\.up_blocks\.(\d+)\.upsamplers\.0\./,
      (_, i) => `decoder.up.${levels - 1 - Number(i)}.upsample.`,
    )
    .replace(/\.mid_block\.resnets\.(\d+)\./, (_, i) => `.mid.block_${Number(i) + 1}.`)
    .replace(
      /\.mid_block\.attentions\.0\.([^.]+(?:\.0)?)\.(weight|bias)$/,
      (_, part: string, end) => `.mid.attn_1.${ATTENTION[part] ?? part}.${end}`,
    )
    .replace('.conv_norm_out.', '.norm_out.')
    .replace('.conv_shortcut.', '.nin_shortcut.');
