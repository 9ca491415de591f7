import fc from 'fast-check';
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

/** The rule as ComfyUI computes it, from all ready nodes each time. */
function runByRule(sources: Record<string, readonly string[]>, outputs: readonly string[]) {
  const pending = new Set<string>();
  const stack: string[] = [];
  for (const output of outputs) {
    stack.push(output);
    for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
      if (pending.has(id)) continue;
      pending.add(id);
      stack.push(...(sources[id] ?? []));
    }
  }
  const consumersOf = (id: string) => [...pending].filter((c) => (sources[c] ?? []).includes(id));
  const isOutput = (id: string) => id.startsWith('save');
  const ran: string[] = [];
  while (pending.size > 0) {
    const ready = [...pending].filter((id) => !(sources[id] ?? []).some((s) => pending.has(s)));
    const next =
      ready.find(isOutput) ??
      ready.find((id) => consumersOf(id).some(isOutput)) ??
      ready.find((id) => consumersOf(id).some((c) => consumersOf(c).some(isOutput))) ??
      ready[0];
    ran.push(next);
    pending.delete(next);
  }
  return ran;
}

describe('for any graph', () => {
  const graphs = fc
    .array(fc.record({ isOutput: fc.boolean(), sources: fc.array(fc.nat(), { maxLength: 3 }) }), {
      minLength: 1,
      maxLength: 25,
    })
    .map((nodes) => {
      const names = nodes.map(({ isOutput }, i) => `${isOutput ? 'save' : 'n'}${i}`);
      return Object.fromEntries(
        nodes.map(({ sources }, i) => [
          names[i],
          i === 0 ? [] : [...new Set(sources.map((source) => names[source % i]))],
        ]),
      );
    });

  it('the order is that of the rule', () => {
    fc.assert(
      fc.property(graphs, (sources) => {
        const outputs = Object.keys(sources).filter((id) => id.startsWith('save'));
        const order = orderOf(sources);
        for (const id of outputs) order.add(id);
        expect(runAll(order)).toEqual(runByRule(sources, outputs));
      }),
      { numRuns: 300 },
    );
  });

  it('each node is examined a fixed number of times, also when thousands are ready', () => {
    let calls = 0;
    const count = <T>(value: T): T => {
      calls++;
      return value;
    };
    const order = createOrder({
      sourcesOf: (id) => count(id.startsWith('save') ? [id.slice(4)] : []),
      isOutput: (id) => count(id.startsWith('save')),
      isDone: () => count(false),
    });
    for (let i = 0; i < 10_000; i++) order.add(`save${i}`);
    expect(runAll(order).length).toBe(20_000);
    expect(calls).toBeLessThan(100_000);
  });
});

it('the circle is found behind a long chain that leads to it', () => {
  const sources: Record<string, string[]> = { a: ['b'], b: ['a'], save: ['n0'] };
  for (let i = 0; i < 20_000; i++) sources[`n${i}`] = [i === 19_999 ? 'a' : `n${i + 1}`];
  const order = orderOf(sources);
  order.add('save');
  expect([...order.circle()].sort()).toEqual(['a', 'b']);
});
