// Switches: one of several values, or one of several ways. Source: Impact Pack util_nodes.py, impact_server.py (choices made on prompt).
import { isJsonObject, type Json } from '../../../../formats/json.ts';
import type { NodeContext } from '../../../context.ts';
import {
  boolean,
  defineNode,
  inputNamed,
  int,
  type NodeDeclaration,
  output,
  outputs,
  socket,
} from '../../../declare.ts';
import { isOutputLink } from '../../../graph-builder.ts';
import type { PromptEditor } from '../../../prompt-hooks.ts';
import { blocker } from '../../../socket-values.ts';

const UTIL = 'ImpactPack/Util';
const SEL_MODE = {
  default: false,
  label_on: 'select_on_prompt',
  label_off: 'select_on_execution',
  forceInput: false,
  tooltip: 'select_on_prompt takes what is not chosen out of the prompt before it is checked.',
} as const;

/** The choice of a switch that chooses on prompt: a number, or that of an ImpactInt (or of another switch) it is linked to. */
function selectedOnPrompt(
  id: string,
  prompt: PromptEditor,
  fromSwitch: boolean,
): number | undefined {
  if (!prompt.input(id, 'sel_mode')) return undefined;
  const select = prompt.input(id, 'select');
  if (!isOutputLink(select)) return asNumber(select);
  const type = prompt.classType(select[0]);
  if (type === 'ImpactInt') return asNumber(prompt.input(select[0], 'value'));
  return fromSwitch && type === 'ImpactSwitch'
    ? asNumber(prompt.input(select[0], 'select'))
    : undefined;
}

const asNumber = (value: Json | undefined): number | undefined =>
  typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string'
    ? Number(value)
    : undefined;

/** What the editor shows at an input slot, where somebody renamed it. */
function slotLabel(name: string, context: NodeContext): string {
  const workflow = context.extra()['workflow'];
  const nodes = isJsonObject(workflow) && Array.isArray(workflow['nodes']) ? workflow['nodes'] : [];
  const own = nodes.find((node) => isJsonObject(node) && String(node['id']) === context.nodeId);
  const slots = isJsonObject(own) && Array.isArray(own['inputs']) ? own['inputs'] : [];
  const slot = slots.find(
    (one) => isJsonObject(one) && one['name'] === name && typeof one['label'] === 'string',
  );
  return isJsonObject(slot) ? (slot['label'] as string) : name;
}

const generalSwitch = (type: string, display: string) =>
  defineNode({
    type,
    display,
    category: UTIL,
    description: 'Gives on the input of the chosen number; only that one runs.',
    inputs: {
      select: int({ default: 1, min: 1, max: 999999, step: 1, tooltip: 'Number of the input.' }),
      sel_mode: boolean(SEL_MODE),
      input1: socket('*', { lazy: true, optional: true }),
    },
    dynamicInputs: { pattern: /^input\d+$/, input: socket('*', { lazy: true }) },
    hidden: { unique_id: 'UNIQUE_ID', extra_pnginfo: 'EXTRA_PNGINFO' },
    outputs: [
      output('*', 'selected_value'),
      output('STRING', 'selected_label'),
      output('INT', 'selected_index'),
    ],
    prepare: {
      edit(id, prompt) {
        const chosen = selectedOnPrompt(id, prompt, true);
        if (chosen === undefined) return;
        for (const name of prompt.inputNames(id))
          if (name.startsWith('input') && name !== `input${chosen}`)
            prompt.set(id, name, undefined);
      },
    },
    needs: ({ select }) => [`input${select}`],
    run(inputs, context) {
      const name = `input${inputs.select}`;
      return outputs(inputNamed(inputs, name), slotLabel(name, context), inputs.select);
    },
  });

const ImpactInversedSwitch = defineNode({
  type: 'ImpactInversedSwitch',
  display: 'Inversed Switch (Any)',
  category: UTIL,
  description:
    'Gives its input to the output of the chosen number; what is behind the others does not run.',
  inputs: {
    select: int({ default: 1, min: 1, max: 999999, step: 1, tooltip: 'Number of the output.' }),
    input: socket('*'),
    sel_mode: boolean({ ...SEL_MODE, optional: true }),
  },
  hidden: { prompt: 'PROMPT', unique_id: 'UNIQUE_ID' },
  outputs: [output('*')],
  dynamicOutput: output('*'),
  prepare: {
    edit(id, prompt) {
      const chosen = selectedOnPrompt(id, prompt, false);
      if (chosen === undefined) return;
      for (const { node, input, slot } of prompt.linksFrom(id))
        if (slot + 1 !== chosen) prompt.set(node, input, undefined);
    },
  },
  run({ select, input }, context) {
    const nodes = Object.values(context.prompt()).filter(isJsonObject);
    const values: unknown[] = nodes.flatMap((node) =>
      Object.values(isJsonObject(node['inputs']) ? node['inputs'] : {}),
    );
    const slots = values
      .filter(isOutputLink)
      .flatMap(([id, slot]) => (id === context.nodeId ? [slot] : []));
    const last = Math.max(0, ...slots);
    return outputs(
      ...Array.from({ length: last + 1 }, (_, i) => (i + 1 === select ? input : blocker())),
    );
  },
});

const image = () => socket('IMAGE', { optional: true });
const mask = () => socket('MASK', { optional: true });

const ImageMaskSwitch = defineNode({
  type: 'ImageMaskSwitch',
  display: 'Switch (images, mask)',
  category: UTIL,
  outputNode: true,
  inputs: {
    select: int({ default: 1, min: 1, max: 4, step: 1 }),
    images1: socket('IMAGE'),
    mask1_opt: mask(),
    images2_opt: image(),
    mask2_opt: mask(),
    images3_opt: image(),
    mask3_opt: mask(),
    images4_opt: image(),
    mask4_opt: mask(),
  },
  outputs: [output('IMAGE'), output('MASK')],
  run: ({ select, ...inputs }) =>
    outputs(
      select === 1 ? inputs.images1 : inputNamed(inputs, `images${select}_opt`),
      inputNamed(inputs, `mask${select}_opt`),
    ),
});

export const SWITCH_NODES: readonly NodeDeclaration[] = [
  generalSwitch('ImpactSwitch', 'Switch (Any)'),
  generalSwitch('LatentSwitch', 'Switch (latent/legacy)'),
  generalSwitch('SEGSSwitch', 'Switch (SEGS/legacy)'),
  ImpactInversedSwitch,
  ImageMaskSwitch,
];
