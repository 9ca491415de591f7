import { describe, expect, it } from 'vitest';
import { FLOW_NODES } from '../../../test/support/flow-nodes.ts';
import { RULES } from '../../../test/support/rules.ts';
import { testContext } from '../../../test/support/run-node.ts';
import type { DynamicNode } from '../execute/dynamic-prompt.ts';
import { createSignatures } from './signatures.ts';

/** Signatures over nodes of test/support/flow-nodes.ts. */
function signaturesOf(nodes: Record<string, DynamicNode>) {
  const find = (id: string) =>
    nodes[id] && { node: nodes[id], declaration: FLOW_NODES.get(nodes[id].classType)! };
  return createSignatures(find, () => testContext(), RULES);
}
const stub = (value: unknown): DynamicNode => ({ classType: 'Stub', inputs: { value } });
const show = (source: string): DynamicNode => ({
  classType: 'Show',
  inputs: { value: [source, 0] },
});

describe('a signature', () => {
  it('is equal for equal nodes with equal sources', async () => {
    const signatures = signaturesOf({ 1: stub(1), 2: stub(1), 3: show('1'), 4: show('2') });
    expect(await signatures.sign('3')).toBe(await signatures.sign('4'));
  });

  it('differs when a source differs', async () => {
    const signatures = signaturesOf({ 1: stub(1), 2: stub(2), 3: show('1'), 4: show('2') });
    expect(await signatures.sign('3')).not.toBe(await signatures.sign('4'));
  });

  it('holds the id of a node that reads its id', async () => {
    const speak: DynamicNode = { classType: 'Speak', inputs: { value: 1, stop: false } };
    const signatures = signaturesOf({ 1: speak, 2: speak });
    expect(await signatures.sign('1')).not.toBe(await signatures.sign('2'));
  });

  it('is never equal where the fingerprint is NaN', async () => {
    const changed: DynamicNode = {
      classType: 'Changed',
      inputs: { value: 1, should_change: true },
    };
    const signatures = signaturesOf({ 1: changed, 2: changed });
    expect(await signatures.sign('1')).not.toBe(await signatures.sign('2'));
    expect(signatures.persistentOf('1')).toBeUndefined();
  });

  it('exists for a circle and for a missing node, which the execution reports', async () => {
    const signatures = signaturesOf({ 1: show('2'), 2: show('1') });
    expect(await signatures.sign('1')).toEqual(expect.any(String));
    expect(await signatures.sign('9')).toEqual(expect.any(String));
  });
});

it('a chain of any length is signed', async () => {
  const nodes = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, i) => [i, i === 0 ? stub(1) : show(String(i - 1))]),
  );
  expect(await signaturesOf(nodes).sign('19999')).toMatch(/^[0-9a-f]{64}$/);
});

describe('a persistent signature', () => {
  it('exists for plain values only', async () => {
    class Model {}
    const signatures = signaturesOf({ 1: stub(1), 2: show('1'), 3: stub(new Model()) });
    await signatures.sign('2');
    await signatures.sign('3');
    expect(signatures.persistentOf('2')).toEqual(expect.any(String));
    expect(signatures.persistentOf('3')).toBeUndefined();
  });
});
