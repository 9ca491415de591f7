// Types of ComfyUI itself that are not built in.
import { type Aliases, type RefusedTypes, typesIn } from '../../pack.ts';
import { CORE_OUTSIDE } from './core-outside.ts';

export const CORE_REFUSED: readonly RefusedTypes[] = CORE_OUTSIDE;

/** As ComfyUI's editor renames them when it opens a file. */
export const CORE_ALIASES: Aliases = {
  types: {
    T2IAdapterLoader: {
      type: 'ControlNetLoader',
      inputs: { t2i_adapter_name: 'control_net_name' },
    },
    SDV_img2vid_Conditioning: { type: 'SVD_img2vid_Conditioning' },
  },
};

/** Types for SD1.x, SD2.x and SDXL that are not built in yet. */
export const CORE_OTHER_TYPES: readonly string[] = typesIn(`
`);
