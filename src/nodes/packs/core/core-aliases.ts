// Types of ComfyUI itself under other names, as its editor renames them when it opens a file.
import type { Aliases } from '../../pack.ts';

export const CORE_ALIASES: Aliases = {
  types: {
    T2IAdapterLoader: {
      type: 'ControlNetLoader',
      inputs: { t2i_adapter_name: 'control_net_name' },
    },
    SDV_img2vid_Conditioning: { type: 'SVD_img2vid_Conditioning' },
  },
};
