// ControlNets for SEGS: each segment has a control image of its own. Source: Impact Pack
// segs_nodes.py.
import {
  type ControlNetSettings,
  wrapControlNet,
} from '../../../../segs/detail/controlnet-wrapper.ts';
import { clearControlNets } from '../../../../segs/edit/edit-segs.ts';
import { mapSegs, type Segs } from '../../../../segs/segs.ts';
import { defineNode, float, output, outputs, socket } from '../../../declare.ts';
import { percent } from '../../../shared/percent-input.ts';

const CATEGORY = 'ImpactPack/Util';

const withControlNet = (segs: Segs, control: Omit<ControlNetSettings, 'previous'>): Segs =>
  mapSegs(segs, (seg) => {
    const previous = seg.controlNetWrapper;
    return {
      ...seg,
      controlNetWrapper: wrapControlNet(
        { ...control, previous },
        [segs.height, segs.width],
        seg.cropRegion,
      ),
    };
  });

const strength = () => float({ default: 1, min: 0, max: 10, step: 0.01 });
const controlImageInputs = {
  segs_preprocessor: socket('SEGS_PREPROCESSOR', {
    optional: true,
    tooltip: "Makes the control image from each segment's image.",
  }),
  control_image: socket('IMAGE', {
    optional: true,
    tooltip: 'A control image of the whole image, which is cropped for each segment.',
  }),
};

const ImpactControlNetApplySEGS = defineNode({
  type: 'ImpactControlNetApplySEGS',
  display: 'ControlNetApply (SEGS) - DEPRECATED',
  category: CATEGORY,
  deprecated: true,
  inputs: {
    segs: socket('SEGS'),
    control_net: socket('CONTROL_NET'),
    strength: strength(),
    ...controlImageInputs,
  },
  outputs: [output('SEGS')],
  run: ({ segs, control_net, strength, segs_preprocessor, control_image }) =>
    outputs(
      withControlNet(segs, {
        net: control_net,
        strength,
        preprocessor: segs_preprocessor,
        image: control_image,
      }),
    ),
});

const ImpactControlNetApplyAdvancedSEGS = defineNode({
  type: 'ImpactControlNetApplyAdvancedSEGS',
  display: 'ControlNetApply (SEGS)',
  category: CATEGORY,
  inputs: {
    segs: socket('SEGS'),
    control_net: socket('CONTROL_NET'),
    strength: strength(),
    start_percent: percent(0),
    end_percent: percent(1),
    ...controlImageInputs,
    vae: socket('VAE', {
      optional: true,
      tooltip: 'Required by ControlNets that use latents; those of SD1, SD2 and SDXL do not.',
    }),
  },
  outputs: [output('SEGS')],
  run: ({
    segs,
    control_net,
    strength,
    start_percent,
    end_percent,
    segs_preprocessor,
    control_image,
    vae,
  }) =>
    outputs(
      withControlNet(segs, {
        net: control_net,
        strength,
        range: { start: start_percent, end: end_percent },
        preprocessor: segs_preprocessor,
        image: control_image,
        vae,
      }),
    ),
});

const ImpactControlNetClearSEGS = defineNode({
  type: 'ImpactControlNetClearSEGS',
  display: 'ImpactControlNetClearSEGS',
  category: CATEGORY,
  inputs: { segs: socket('SEGS') },
  outputs: [output('SEGS')],
  run: ({ segs }) => outputs(clearControlNets(segs)),
});

export const SEGS_CONTROL_NODES = [
  ImpactControlNetApplySEGS,
  ImpactControlNetApplyAdvancedSEGS,
  ImpactControlNetClearSEGS,
];
