// Switches that select one of several inputs or outputs. Source: Impact Pack util_nodes.py,
// impact_server.py (selection on prompt).
import { isJsonObject, type Json, type JsonObject } from '../../../../formats/json.ts';
import type { Tensor } from '../../../../tensor/tensor.ts';
import type { NodeContext } from '../../../context.ts';
import {
  boolean,
  defineNode,
  inputNamed,
  int,
  type NodeDeclaration,
  type Output,
  output,
  outputs,
  socket,
} from '../../../declare.ts';
import { isOutputLink } from '../../../graph-builder.ts';
import type { PromptEditor } from '../../../prompt-hooks.ts';
import { blocker } from '../../../socket-values.ts';
import { ownEditorNode } from '../own-editor-node.ts';

const UTIL = 'ImpactPack/Util';
const SEL_MODE = {
  default: false,
  label_on: 'select_on_prompt',
  label_off: 'select_on_execution',
  forceInput: false,
  tooltip: 'select_on_prompt removes unselected inputs from the prompt before it is validated.',
} as const;

/**
 * The selection of a switch that selects on prompt: its own number, or that of the ImpactInt (or,
 * with `fromSwitch`, of the ImpactSwitch) that it is linked to.
 */
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

/** The label of an input slot in the editor, if it was renamed; otherwise its name. */
function slotLabel(name: string, context: NodeContext): string {
  const inputs = ownEditorNode(context)?.['inputs'];
  const slots = Array.isArray(inputs) ? inputs : [];
  const slot = slots.find(
    (other) => isJsonObject(other) && other['name'] === name && typeof other['label'] === 'string',
  );
  return isJsonObject(slot) ? (slot['label'] as string) : name;
}

const generalSwitch = (type: string, display: string) =>
  defineNode({
    type,
    display,
    category: UTIL,
    description: 'Passes on the input with the selected number; only that one is evaluated.',
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
        const selected = selectedOnPrompt(id, prompt, true);
        if (selected === undefined) return;
        const chosen = `input${selected}`;
        // without the selected input, the nodes behind the switch lose their links to it
        if (!prompt.inputNames(id).includes(chosen))
          for (const { node, input } of prompt.linksFrom(id)) prompt.set(node, input, undefined);
        for (const name of prompt.inputNames(id))
          if (name.startsWith('input') && name !== chosen) prompt.set(id, name, undefined);
      },
    },
    needs: ({ select }) => [`input${select}`],
    run(inputs, context) {
      const name = `input${inputs.select}`;
      return outputs(inputNamed(inputs, name), slotLabel(name, context), inputs.select);
    },
  });

const lastSlotsByPrompt = new WeakMap<Readonly<JsonObject>, ReadonlyMap<string, number>>();

/** The highest number of a connected output, by node id; read once for each prompt. */
function lastSlots(prompt: Readonly<JsonObject>): ReadonlyMap<string, number> {
  const known = lastSlotsByPrompt.get(prompt);
  if (known) return known;
  const slots = new Map<string, number>();
  for (const node of Object.values(prompt)) {
    const inputs = isJsonObject(node) ? node['inputs'] : undefined;
    for (const value of Object.values(isJsonObject(inputs) ? inputs : {}) as unknown[])
      if (isOutputLink(value)) slots.set(value[0], Math.max(slots.get(value[0]) ?? 0, value[1]));
  }
  lastSlotsByPrompt.set(prompt, slots);
  return slots;
}

const ImpactInversedSwitch = defineNode({
  type: 'ImpactInversedSwitch',
  display: 'Inversed Switch (Any)',
  category: UTIL,
  description:
    'Passes its input to the output with the selected number; nodes behind the others do not run.',
  inputs: {
    select: int({ default: 1, min: 1, max: 999999, step: 1, tooltip: 'Number of the output.' }),
    input: socket('*'),
    sel_mode: boolean({ ...SEL_MODE, optional: true }),
  },
  hidden: { prompt: 'PROMPT', unique_id: 'UNIQUE_ID' },
  outputs: [output('*')] as readonly Output[],
  dynamicOutput: output('*'),
  prepare: {
    edit(id, prompt) {
      const selected = selectedOnPrompt(id, prompt, false);
      if (selected === undefined) return;
      for (const { node, input, slot } of prompt.linksFrom(id))
        if (slot + 1 !== selected) prompt.set(node, input, undefined);
    },
  },
  run({ select, input }, context) {
    const last = lastSlots(context.prompt()).get(context.nodeId) ?? 0;
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
      select === 1
        ? inputs.images1
        : (inputNamed(inputs, `images${select}_opt`) as Tensor | undefined),
      inputNamed(inputs, `mask${select}_opt`) as Tensor | undefined,
    ),
});

export const SWITCH_NODES: readonly NodeDeclaration[] = [
  generalSwitch('ImpactSwitch', 'Switch (Any)'),
  generalSwitch('LatentSwitch', 'Switch (latent/legacy)'),
  generalSwitch('SEGSSwitch', 'Switch (SEGS/legacy)'),
  ImpactInversedSwitch,
  ImageMaskSwitch,
];
