// The pack SeargeSDXL up to version 3. The nodes of version 4 are refused.
import { definePack, type Pack } from '../../pack.ts';
import { SEARGE_FILE_NODES } from './file-nodes.ts';
import { SEARGE_FLOW_NODES } from './flow-nodes.ts';
import { SEARGE_INPUT_NODES } from './parameter-input-nodes.ts';
import { SEARGE_OUTPUT_NODES } from './parameter-output-nodes.ts';
import { SEARGE_PROCESSOR_NODES } from './parameter-processor-nodes.ts';
import { SEARGE_PROMPT_NODES } from './prompt-encoder-nodes.ts';
import { SEARGE_REFUSED } from './searge-refused.ts';
import { SEARGE_SAMPLING_NODES } from './searge-sampler-nodes.ts';
import { SEARGE_VALUE_NODES } from './value-nodes.ts';

export const SEARGE_PACK: Pack = definePack({
  title: 'SeargeSDXL',
  module: 'custom_nodes.SeargeSDXL',
  nodes: [
    ...SEARGE_SAMPLING_NODES,
    ...SEARGE_PROMPT_NODES,
    ...SEARGE_VALUE_NODES,
    ...SEARGE_FILE_NODES,
    ...SEARGE_FLOW_NODES,
    ...SEARGE_PROCESSOR_NODES,
    ...SEARGE_INPUT_NODES,
    ...SEARGE_OUTPUT_NODES,
  ],
  refused: SEARGE_REFUSED,
  typePattern: /^Searge\w*$/,
});
