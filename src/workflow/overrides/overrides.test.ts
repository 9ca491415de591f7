import { describe, expect, it } from 'vitest';
import { NODES } from '../../../test/support/nodes.ts';
import { readWorkflow } from '../read/read.ts';
import { applyOverrides, parseOverrides } from './overrides.ts';

const { graph } = readWorkflow({
  3: { class_type: 'TestValues', inputs: { int: 1 }, _meta: { title: 'My v1.5' } },
  4: { class_type: 'TestAdd', inputs: { a: ['3', 0] } },
  5: { class_type: 'TestAdd', inputs: {} },
});
const set = (...texts: string[]) => applyOverrides(graph, parseOverrides(texts), NODES);

describe('overrides of inputs', () => {
  it('name a node by its id, title or type', () => {
    const changed = set('3.int=5', 'My v1.5.text=a=b', 'TestValues.flag=false');
    expect(changed.get('3')?.inputs).toEqual({ int: '5', text: 'a=b', flag: false });
  });

  it.each([
    ['3.int', 'not of the form'],
    ['9.int=1', "no node '9'"],
    ['3.itn=1', "no input 'itn'"],
    ['TestAdd.a=1', "2 nodes are called 'TestAdd'"],
    ['4.a=1', 'connected to another node'],
  ])('%s is rejected', (text, message) => {
    expect(() => set(text)).toThrow(message);
  });
});
