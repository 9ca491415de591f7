import { describe, expect, it } from 'vitest';
import { createOrder } from './order.ts';

/** An order over nodes whose sources are given; ids that begin with `save` are outputs. */
function orderOf(sources: Record<string, readonly string[]>, done: readonly string[] = []) {
  return createOrder({
    sourcesOf: (id) => sources[id] ?? [],
    isOutput: (id) => id.startsWith('save'),
    isDone: (id) => done.includes(id),
  });
}

function runAll(order: ReturnType<typeof createOrder>): string[] {
  const ran: string[] = [];
  for (let id = order.next(); id !== undefined; id = order.next()) {
    ran.push(id);
    order.complete(id);
  }
  return ran;
}

describe('the order of nodes', () => {
  it('shows images as soon as they can be shown', () => {
    const order = orderOf({
      a: ['load'],
      b: ['a'],
      c: ['b'],
      saveC: ['c'],
      saveA: ['a'],
    });
    order.add('saveC');
    order.add('saveA');
    expect(runAll(order)).toEqual(['load', 'a', 'saveA', 'b', 'c', 'saveC']);
  });

  it('leaves out nodes whose results exist, and those before them', () => {
    const order = orderOf({ save: ['a'], a: ['b'] }, ['a']);
    order.add('save');
    expect(runAll(order)).toEqual(['save']);
  });

  it('makes a node wait for sources that are added while it runs', () => {
    const order = orderOf({ late: ['before'] });
    order.add('save');
    order.wait('save', 'late');
    expect(runAll(order)).toEqual(['before', 'late', 'save']);
  });

  it('has no next node in a circle, and names its nodes', () => {
    const order = orderOf({ a: ['b'], b: ['a'], save: ['a'] });
    order.add('save');
    expect(order.next()).toBeUndefined();
    expect([...order.circle()].sort()).toEqual(['a', 'b']);
  });
});
