import { describe, expect, it } from 'vitest';
import { NODES } from '../../../test/support/nodes.ts';
import type { Json } from '../../formats/json.ts';
import { readWorkflow } from '../read/read.ts';
import { resolveLink } from './link-source.ts';

const { graph } = readWorkflow({
  1: { class_type: 'TestNumber', inputs: { value: 1 } },
  2: { class_type: 'TestAdd', inputs: {} },
});
const resolve = (link: Json[]) => resolveLink(graph, NODES, '2', 'a', link);

describe('resolveLink', () => {
  it('returns the node and the type of the output', () => {
    expect(resolve(['1', 1])).toEqual({ sourceId: '1', type: 'STRING' });
  });

  it.each<[Json[], string, string]>([
    [['9', 0], 'KeyError', "'9'"],
    [[9, 0], 'KeyError', '9'],
    [['1', 'x'], 'TypeError', 'tuple indices must be integers or slices, not str'],
    [['1', 2], 'IndexError', 'tuple index out of range'],
    [['1', -1], 'IndexError', 'tuple index out of range'],
  ])('%j throws what Python raises', (link, type, message) => {
    expect(() => resolve(link)).toThrow(expect.objectContaining({ type, message }));
  });
});
