// The table of upscalers that Darkroom runs, and of common ones that it cannot run yet, recognised
// by tensors that only they have.
import { DarkroomError } from '../../errors.ts';
import type { Weights } from '../weights/tensors.ts';
import { rrdb } from './rrdb.ts';
import { srvgg } from './srvgg.ts';
import type { UpscalerArchitecture, UpscalerReader } from './upscaler-kind.ts';

const KINDS: readonly UpscalerReader[] = [rrdb, srvgg];

/**
 * Prefixes that training programs add to all names; of several sets of weights in a file, the first
 * is used (as in spandrel).
 */
const PREFIXES = [
  '',
  'module.',
  'netG.',
  'model_state_dict.',
  'params_ema.',
  'params-ema.',
  'params.',
  'model.',
  'net.',
] as const;

/**
 * Common architectures that are not supported, each with tensors that identify it. An architecture
 * that has another one's tensors too is listed before it.
 */
const UNSUPPORTED: Readonly<Record<string, readonly string[]>> = {
  HAT: ['layers.0.residual_group.blocks.0.conv_block.cab.0.weight'],
  ATD: ['layers.0.residual_group.td'],
  Swin2SR: ['patch_embed.proj.weight'],
  SRFormer: ['layers.0.residual_group.blocks.0.attn.aligned_relative_position_index'],
  SwinIR: [
    'layers.0.residual_group.blocks.0.attn.relative_position_index',
    'layers.0.residual_group.blocks.0.norm1.weight',
  ],
  RGT: ['layers.0.blocks.0.gamma'],
  DAT: ['layers.0.blocks.0.attn.attns.0.pos.pos_proj.weight'],
  DRCT: ['layers.0.swin1.norm1.weight'],
  GRL: ['layers.0.blocks.0.attn.window_attn.attn_transform.logit_scale'],
  CRAFT: ['layers.0.residual_group.hf_blocks.0.attn.temperature'],
  OmniSR: ['residual_layer.0.residual_layer.0.layer.0.fn.0.weight'],
  SPAN: ['block_1.c1_r.sk.weight'],
  PLKSR: ['feats.1.lk.conv.weight', 'feats.1.lk.convs.0.weight', 'feats.1.lk.mn_conv.weight'],
  SAFMN: ['feats.0.safm.mfr.0.weight'],
  SeemoRe: ['body.0.local_block.norm_1.weight'],
  MoSR: ['gblocks.1.fc1.weight'],
  MoESR: ['blocks.0.blocks.0.conv.dwconv_hw.weight'],
  FDAT: ['groups.0.blocks.0.attn.bias'],
  RCAN: ['body.0.body.0.body.3.conv_du.0.weight'],
  DITN: ['UFONE.0.ITLs.0.attn.temperature'],
  DCTLSA: ['B1.body.0.transformer_body.0.blocks.0.attn.qkv.weight'],
  RealCUGAN: ['unet1.conv1.conv.0.weight'],
  SwiftSRGAN: ['initial.cnn.depthwise.weight'],
  SCUNet: ['m_head.0.weight'],
  FBCNN: ['qf_pred.0.res.0.weight'],
  DRUNet: ['m_down3.0.res.0.weight'],
  NAFNet: ['middle_blks.0.beta'],
  Uformer: ['encoderlayer_0.blocks.0.norm1.weight'],
  AuraSR: ['mid_attn.layers.0.0.to_out.weight'],
  LaMa: ['model.model.1.bn_l.running_mean', 'generator.model.1.bn_l.running_mean'],
  GFPGAN: ['stylegan_decoder.style_mlp.1.weight'],
  CodeFormer: ['ft_layers.0.self_attn.in_proj_weight'],
  RestoreFormer: ['quantize.embedding.weight'],
};

const HINT =
  'ESRGAN, Real-ESRGAN and BSRGAN (RRDBNet) and Real-ESRGAN Compact (SRVGGNet) models are ' +
  'supported; use one of these.';

/**
 * Returns the architecture of a file's upscaler; `weightsBelow` returns the tensors below a prefix.
 * Throws DR_MODEL_UNSUPPORTED, which names the architecture where it is a common one.
 */
export function upscalerArchitecture(
  weightsBelow: (prefix: string) => Weights,
): UpscalerArchitecture {
  const candidates = PREFIXES.map(weightsBelow);
  const unsupportedFile = (reason: string): DarkroomError => {
    const { file } = candidates[0];
    return new DarkroomError('DR_MODEL_UNSUPPORTED', {
      message: `${file} ${reason}`,
      hint: HINT,
      file,
    });
  };
  for (const weights of candidates)
    for (const read of KINDS) {
      const found = read(weights);
      if (!found) continue;
      if (found.inChannels !== 3 || found.outChannels !== 3)
        throw unsupportedFile(
          `converts ${found.inChannels} channels to ${found.outChannels} instead of 3 to 3`,
        );
      if (found.scale < 1) throw unsupportedFile(`makes images smaller (scale ${found.scale})`);
      return found;
    }
  const unsupported = Object.keys(UNSUPPORTED).find((name) =>
    candidates.some((weights) => UNSUPPORTED[name].some(weights.has)),
  );
  throw unsupportedFile(
    unsupported
      ? `is a ${unsupported} model, which is not supported`
      : 'is not a known upscale model',
  );
}
