// Nodes of the Impact Pack that control the editor or the queue.
import { describe, expect, it } from 'vitest';
import { node, runPrompt } from '../../../../../test/support/show-node.ts';

const messages = (events: readonly { type: string }[]) =>
  events.filter(({ type }) => type === 'message');

describe('editor nodes', () => {
  it('send messages to the editor, pass their values on and warn once', async () => {
    const { events, shown } = await runPrompt({
      v: node('ImpactInt', { value: 5 }),
      1: node('ImpactQueueTrigger', { signal: ['v', 0], mode: true }),
      2: node('ImpactQueueTriggerCountdown', { count: 3, total: 10, mode: true, signal: ['1', 0] }),
      3: node('ImpactSetWidgetValue', {
        signal: ['2', 0],
        node_id: 8,
        widget_name: 'seed',
        int_value: ['v', 0],
      }),
      4: node('ImpactNodeSetMuteState', { signal: ['3', 0], node_id: 9, set_state: false }),
      5: node('ImpactSleep', { signal: ['4', 0], seconds: 0 }),
      6: node('ImpactExecutionOrderController', { signal: ['5', 0], value: ['v', 0] }),
      7: node('Show', { value: ['6', 0] }),
      8: node('ImpactValueSender', { value: ['v', 0], link_id: 3 }),
      9: node('ImpactLogger', { data: ['v', 0], text: '' }),
      10: node('ImpactConditionalStopIteration', { cond: ['11', 0] }),
      11: node('ImpactCompare', { cmp: 'tt', a: 1, b: 1 }),
    });
    expect(shown('7')).toEqual([5]);
    const sent = Object.fromEntries(
      messages(events).map((m) => [
        `${'nodeId' in m && m.nodeId} ${'event' in m && m.event}`,
        'data' in m && m.data,
      ]),
    );
    expect(sent).toEqual({
      '1 impact-add-queue': {},
      '2 impact-add-queue': {},
      '2 impact-node-feedback': { node_id: '2', widget_name: 'count', type: 'int', value: 4 },
      '3 impact-node-feedback': { node_id: 8, widget_name: 'seed', type: 'INT', value: 5 },
      '4 impact-node-mute-state': { node_id: 9, is_active: false },
      '8 value-send': { link_id: 3, value: 5 },
      '9 impact-node-feedback': { node_id: '9', widget_name: 'text', type: 'TEXT', value: '5' },
      '10 stop-iteration': {},
    });
    expect(events.filter(({ type }) => type === 'warning')).toHaveLength(6);
  });

  it.each([
    { mode: true, behavior: 'Stop', expected: [5] },
    { mode: false, behavior: 'Stop', expected: undefined },
    { mode: false, behavior: 'Mute', expected: undefined, extra: { workflow: { nodes: [] } } },
    // without the editor's workflow, the Impact Pack 8 passes the value on
    { mode: false, behavior: 'Mute', expected: [5] },
    { mode: false, behavior: 'Bypass', expected: [5] },
  ])('a control bridge, active: $mode, $behavior, $extra', async (c) => {
    const { mode, behavior, expected, extra } = c;
    const prompt = {
      value: node('ImpactInt', { value: 5 }),
      bridge: node('ImpactControlBridge', { value: ['value', 0], mode, behavior }),
      out: node('Show', { value: ['bridge', 0] }),
    };
    expect((await runPrompt(prompt, { extra })).shown('out')).toEqual(expected);
  });

  it('remote nodes set widgets of their type before the run', async () => {
    const { shown, events } = await runPrompt({
      1: node('ImpactInt', { value: 5 }),
      2: node('ImpactBoolean', { value: false }),
      3: node('ImpactRemoteInt', { node_id: 1, widget_name: 'value', value: 9 }),
      4: node('ImpactRemoteBoolean', { node_id: 2, widget_name: 'value', value: true }),
      5: node('ImpactRemoteBoolean', { node_id: 1, widget_name: 'value', value: true }),
      6: node('ImpactRemoteInt', { node_id: 99, widget_name: 'value', value: 1 }),
      7: node('Show', { value: ['1', 0] }),
      8: node('Show', { value: ['2', 0] }),
    });
    expect(shown('7')).toEqual([9]);
    expect(shown('8')).toEqual([true]);
    expect(messages(events)).toHaveLength(2);
  });
});
