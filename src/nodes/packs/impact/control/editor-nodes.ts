// Nodes that control the editor or the queue. They send the original's messages to a connected
// editor; without one, they pass their values on and warn once. Source: Impact Pack logics.py,
// impact_server.py (remote controls), util_nodes.py.
import { setTimeout as wait } from 'node:timers/promises';
import { checkAborted } from '../../../../errors.ts';
import { isJsonObject, type Json } from '../../../../formats/json.ts';
import type { NodeContext } from '../../../context.ts';
import {
  boolean,
  combo,
  defineNode,
  float,
  type NodeDeclaration,
  output,
  outputs,
  string,
} from '../../../declare.ts';
import type { Inputs } from '../../../input-types.ts';
import type { PromptPreparation } from '../../../prompt-hooks.ts';
import { intValue } from '../../../shared/python-values.ts';
import { blocker } from '../../../socket-values.ts';
import { anyInput, int64, linkId, optionalAnyInput, textOf } from './logic-nodes.ts';

const TEST = 'ImpactPack/Logic/_for_test';
const MAX = 0xffffffffffffffffn;
const trigger = () => boolean({ default: true, label_on: 'Trigger', label_off: "Don't trigger" });
const signalOut = output('*', 'signal_opt');

const warnEditorOnly = (context: NodeContext, subject: string): void =>
  context.warn(
    `${subject} only has an effect in ComfyUI's editor; the workflow runs once, unchanged`,
  );

const ImpactQueueTrigger = defineNode({
  type: 'ImpactQueueTrigger',
  display: 'Queue Trigger',
  category: TEST,
  outputNode: true,
  inputs: { signal: anyInput(), mode: trigger() },
  outputs: [signalOut],
  run({ signal, mode }, context) {
    if (mode) {
      context.send('impact-add-queue', {});
      warnEditorOnly(context, 'Queue Trigger');
    }
    return outputs(signal);
  },
});

const ImpactQueueTriggerCountdown = defineNode({
  type: 'ImpactQueueTriggerCountdown',
  display: 'Queue Trigger (Countdown)',
  category: TEST,
  outputNode: true,
  inputs: {
    count: int64(0n, MAX),
    total: { ...int64(1n, MAX), default: 10 },
    mode: trigger(),
    signal: optionalAnyInput(),
  },
  hidden: { unique_id: 'UNIQUE_ID' },
  outputs: [signalOut, output('INT', 'count'), output('INT', 'total')],
  run({ count, total, mode, signal }, context) {
    if (mode) {
      const hasNext = count < total - 1n;
      const value = hasNext ? intValue(count + 1n) : 0;
      context.send('impact-node-feedback', {
        node_id: context.nodeId,
        widget_name: 'count',
        type: 'int',
        value,
      });
      if (hasNext) context.send('impact-add-queue', {});
      warnEditorOnly(context, 'Queue Trigger (Countdown)');
    }
    return outputs(signal, intValue(count), intValue(total));
  },
});

const ImpactConditionalStopIteration = defineNode({
  type: 'ImpactConditionalStopIteration',
  display: 'ImpactConditionalStopIteration',
  category: 'ImpactPack/Logic',
  description: 'Stops the automatic queue of the editor.',
  outputNode: true,
  inputs: { cond: boolean({ forceInput: true }) },
  outputs: [],
  run({ cond }, context) {
    if (cond) {
      context.send('stop-iteration', {});
      warnEditorOnly(context, 'ImpactConditionalStopIteration');
    }
    return outputs();
  },
});

const VALUE_TYPES = {
  boolean_value: 'BOOLEAN',
  int_value: 'INT',
  float_value: 'FLOAT',
  string_value: 'STRING',
} as const;

const ImpactSetWidgetValue = defineNode({
  type: 'ImpactSetWidgetValue',
  display: 'Set Widget Value',
  category: TEST,
  outputNode: true,
  inputs: {
    signal: anyInput(),
    node_id: int64(0n, MAX),
    widget_name: string(),
    boolean_value: boolean({ forceInput: true, optional: true }),
    int_value: { ...int64(-MAX, MAX), forceInput: true, optional: true },
    float_value: float({
      min: Number.NEGATIVE_INFINITY,
      max: Number.POSITIVE_INFINITY,
      forceInput: true,
      optional: true,
    }),
    string_value: string({ forceInput: true, optional: true }),
  },
  outputs: [signalOut],
  run({ signal, node_id, widget_name, ...values }, context) {
    const [kind, value] = Object.entries(values).find(([, value]) => value !== undefined) ?? [];
    if (kind !== undefined) {
      const jsonValue = typeof value === 'bigint' ? intValue(value) : value;
      const type = VALUE_TYPES[kind as keyof typeof VALUE_TYPES];
      context.send('impact-node-feedback', {
        node_id: intValue(node_id),
        widget_name,
        type,
        value: jsonValue,
      });
      warnEditorOnly(context, 'Set Widget Value');
    }
    return outputs(signal);
  },
});

const ImpactNodeSetMuteState = defineNode({
  type: 'ImpactNodeSetMuteState',
  display: 'Set Mute State',
  category: TEST,
  outputNode: true,
  inputs: {
    signal: anyInput(),
    node_id: int64(0n, MAX),
    set_state: boolean({ default: true, label_on: 'active', label_off: 'mute' }),
  },
  outputs: [signalOut],
  run({ signal, node_id, set_state }, context) {
    context.send('impact-node-mute-state', {
      node_id: intValue(node_id),
      is_active: set_state,
    });
    warnEditorOnly(context, 'Set Mute State');
    return outputs(signal);
  },
});

const ImpactControlBridge = defineNode({
  type: 'ImpactControlBridge',
  display: 'Control Bridge',
  category: 'ImpactPack/Logic',
  description:
    'Passes its value on while it is active. Otherwise, Stop blocks the nodes that follow, and ' +
    "so does Mute if the prompt has the editor's workflow; Bypass, for which the editor changes " +
    'the workflow, passes the value on.',
  outputNode: true,
  inputs: {
    value: anyInput(),
    mode: boolean({ default: true, label_on: 'Active', label_off: 'Stop/Mute/Bypass' }),
    behavior: combo(['Stop', 'Mute', 'Bypass']),
  },
  hidden: { unique_id: 'UNIQUE_ID', prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' },
  outputs: [output('*', 'value')],
  run({ value, mode, behavior }, context) {
    if (mode) return outputs(value);
    const canMute = isJsonObject(context.extra()['workflow']);
    if (behavior === 'Stop' || (behavior === 'Mute' && canMute)) return outputs(blocker());
    warnEditorOnly(context, `Control Bridge with the behavior ${behavior}`);
    return outputs(value);
  },
});

const ImpactSleep = defineNode({
  type: 'ImpactSleep',
  display: 'Sleep',
  category: TEST,
  outputNode: true,
  inputs: { signal: anyInput(), seconds: float({ default: 0.5, min: 0, max: 3600 }) },
  outputs: [signalOut],
  async run({ signal, seconds }, context) {
    // the wait only rejects if it is aborted
    await wait(seconds * 1000, undefined, { signal: context.signal }).catch(() =>
      checkAborted(context.signal),
    );
    return outputs(signal);
  },
});

/** Sets a widget of another node before the prompt is validated, if `accepts` its current value. */
const setWidgetBeforeRun = (
  type: string,
  accepts: (value: Json) => boolean,
): PromptPreparation => ({
  first: true,
  edit(id, prompt) {
    const [target, widget, value] = ['node_id', 'widget_name', 'value'].map((name) =>
      prompt.input(id, name),
    );
    const node = String(target);
    const old = prompt.input(node, String(widget));
    if (old === undefined || value === undefined || !accepts(old)) return;
    prompt.set(node, String(widget), value);
    prompt.send('impact-node-feedback', { node_id: node, widget_name: widget, type, value });
  },
});

const remoteNode = <const I extends Inputs>(
  type: string,
  display: string,
  inputs: I,
  prepare: PromptPreparation,
) =>
  defineNode({
    type,
    display,
    category: TEST,
    description: 'Sets a widget of another node before the workflow runs.',
    outputNode: true,
    inputs,
    outputs: [],
    prepare,
    run: () => outputs(),
  });

const target = () => ({ node_id: int64(0n, MAX), widget_name: string() });

const ImpactRemoteBoolean = remoteNode(
  'ImpactRemoteBoolean',
  'Remote Boolean (on prompt)',
  { ...target(), value: boolean({ default: true, label_on: 'True', label_off: 'False' }) },
  setWidgetBeforeRun('BOOLEAN', (old) => typeof old === 'boolean'),
);

const ImpactRemoteInt = remoteNode(
  'ImpactRemoteInt',
  'Remote Int (on prompt)',
  { ...target(), value: int64(-MAX, MAX) },
  setWidgetBeforeRun(
    'INT',
    (old) => !['string', 'undefined'].includes(typeof old) && old !== null && !Array.isArray(old),
  ),
);

const ImpactValueSender = defineNode({
  type: 'ImpactValueSender',
  display: 'ImpactValueSender',
  category: 'ImpactPack/Logic',
  description:
    'Sends a value to the editor, which sets it in the receivers with the same link_id ' +
    'for the next run.',
  outputNode: true,
  inputs: { value: anyInput(), link_id: linkId(), signal_opt: optionalAnyInput() },
  outputs: [output('*', 'signal')],
  run({ value, link_id, signal_opt }, context) {
    const isPrimitive = ['string', 'number', 'bigint', 'boolean'].includes(typeof value);
    if (isPrimitive) context.send('value-send', { link_id, value });
    warnEditorOnly(context, 'ImpactValueSender');
    return outputs(signal_opt);
  },
});

const ImpactExecutionOrderController = defineNode({
  type: 'ImpactExecutionOrderController',
  display: 'Execution Order Controller',
  category: 'ImpactPack/Util',
  description: 'Passes its value on once the signal is available.',
  inputs: { signal: anyInput(), value: anyInput() },
  outputs: [output('*', 'signal'), output('*', 'value')],
  run: ({ signal, value }) => outputs(signal, value),
});

const shapeOf = (value: unknown): readonly number[] | undefined =>
  typeof value === 'object' && value !== null && 'shape' in value && Array.isArray(value.shape)
    ? value.shape
    : undefined;

const ImpactLogger = defineNode({
  type: 'ImpactLogger',
  display: 'ImpactLogger',
  category: 'ImpactPack/Debug',
  description: 'Shows a value as text.',
  outputNode: true,
  inputs: { data: anyInput(), text: string({ multiline: true }) },
  hidden: { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO', unique_id: 'UNIQUE_ID' },
  outputs: [],
  run({ data }, context) {
    const shape = shapeOf(data);
    const value = shape
      ? `a tensor of [${shape.join(', ')}]`
      : textOf(data, context.inputType('data'));
    context.status(value);
    context.send('impact-node-feedback', {
      node_id: context.nodeId,
      widget_name: 'text',
      type: 'TEXT',
      value,
    });
    return outputs();
  },
});

const ImpactDummyInput = defineNode({
  type: 'ImpactDummyInput',
  display: 'ImpactDummyInput',
  category: 'ImpactPack/Debug',
  inputs: {},
  outputs: [output('*')],
  run: () => outputs('DUMMY'),
});

export const CONTROL_NODES: readonly NodeDeclaration[] = [
  ImpactQueueTrigger,
  ImpactQueueTriggerCountdown,
  ImpactConditionalStopIteration,
  ImpactSetWidgetValue,
  ImpactNodeSetMuteState,
  ImpactControlBridge,
  ImpactSleep,
  ImpactRemoteBoolean,
  ImpactRemoteInt,
  ImpactValueSender,
  ImpactExecutionOrderController,
  ImpactLogger,
  ImpactDummyInput,
];
