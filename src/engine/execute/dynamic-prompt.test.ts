import { describe, expect, it } from 'vitest';
import { readWorkflow } from '../../workflow/read/read.ts';
import { createDynamicGraph } from './dynamic-prompt.ts';

const { graph } = readWorkflow({ 4: { class_type: 'Loop', inputs: {} } });
const node = { classType: 'Inner', inputs: {} };

describe('expanded nodes', () => {
  const dynamic = createDynamicGraph(graph);
  dynamic.expand('4', new Map([['4.0.0.1', node]]));
  dynamic.expand('4.0.0.1', new Map([['4.0.0.1.0.0.1', node]]));

  it('belong to the node of the prompt, however deep they are', () => {
    expect(dynamic.realOf('4.0.0.1.0.0.1')).toBe('4');
    expect(dynamic.displayOf('4.0.0.1.0.0.1')).toBe('4');
    expect(dynamic.parentOf('4.0.0.1.0.0.1')).toBe('4.0.0.1');
  });

  it('are not original', () => {
    expect(dynamic.isOriginal('4')).toBe(true);
    expect(dynamic.isOriginal('4.0.0.1')).toBe(false);
  });

  it('must have new ids', () => {
    expect(() => dynamic.expand('4', new Map([['4.0.0.1', node]]))).toThrow('already exists');
  });
});
