import { describe, expect, it } from 'vitest';
import { FLOW_NODES } from '../../../test/support/flow-nodes.ts';
import { readWorkflow } from '../../workflow/read/read.ts';
import { createDynamicGraph } from './dynamic-prompt.ts';
import { createNodeLookup } from './node-lookup.ts';

const { graph } = readWorkflow({
  1: { class_type: 'Stub', inputs: { value: 1 } },
  2: { class_type: 'Show', inputs: { value: ['1', 0], unknown: ['1', 0] } },
  3: { class_type: 'Missing', inputs: {} },
});
const dynamic = createDynamicGraph(graph);
const lookup = createNodeLookup(dynamic, FLOW_NODES);

describe('a node', () => {
  it('has its declaration', () => {
    expect(lookup.get('1').declaration.type).toBe('Stub');
  });

  it('that does not exist is an error or undefined', () => {
    expect(() => lookup.get('9')).toThrow("there is no node '9'");
    expect(lookup.find('9')).toBeUndefined();
  });

  it('of an unknown type is an error', () => {
    expect(() => lookup.find('3')).toThrow("node '3' has the unknown type 'Missing'");
  });

  it('has the links of its declared inputs', () => {
    expect(lookup.linksOf('2').map(([name, link]) => ({ name, link }))).toEqual([
      { name: 'value', link: ['1', 0] },
    ]);
  });
});

it('the lineage of an expanded node names those that expanded to it, outermost first', () => {
  dynamic.expand('2', new Map([['2.1', { classType: 'Nested', inputs: {} }]]));
  dynamic.expand('2.1', new Map([['2.1.1', { classType: 'Stub', inputs: {} }]]));
  expect(lookup.lineageOf('2.1.1')).toEqual(['2 Show', '2.1 Nested']);
});
