// The declarations of named releases; the core pack's are compared with ComfyUI's own in
// core-declarations.test.ts.
import { describe, expect, it } from 'vitest';
import { NODES, nodesOf } from '../index.ts';
import { COMFYUI_VERSIONS, comfyuiVersion, includes, NEWEST_VERSION } from './comfyui-versions.ts';
import { DECLARATION_CHANGES } from './declaration-changes.ts';
import { nodesOfVersion } from './nodes-of-version.ts';

describe('without a named release', () => {
  it('whatever one of them accepts is accepted', () => {
    for (const version of COMFYUI_VERSIONS)
      for (const [type, node] of nodesOf(version)) {
        const every = NODES.get(type)!;
        expect(Object.keys(every.inputs)).toEqual(expect.arrayContaining(Object.keys(node.inputs)));
        expect(every.outputs.length).toBeGreaterThanOrEqual(node.outputs.length);
        for (const [name, input] of Object.entries(node.inputs)) {
          const wide = every.inputs[name];
          if (input.kind === 'INT' || input.kind === 'FLOAT') {
            expect(Number((wide as typeof input).min)).toBeLessThanOrEqual(Number(input.min));
            expect(Number((wide as typeof input).max)).toBeGreaterThanOrEqual(Number(input.max));
          }
          if (input.kind === 'COMBO' && typeof input.options !== 'function')
            expect((wide as typeof input).options).toEqual(
              expect.arrayContaining([...input.options]),
            );
        }
      }
  });

  it('nodes are shown as the newest release shows them', () => {
    expect(NODES.get('PreviewAny')).toMatchObject({
      display: 'Preview as Text',
      category: 'utilities',
    });
  });

  it('inputs that came later may be missing', () => {
    expect(NODES.get('ImageScaleToTotalPixels')!.inputs).toMatchObject({
      megapixels: expect.not.objectContaining({ later: true }),
      resolution_steps: { later: true },
    });
  });
});

it('every change is one of a declared node, and undoing it changes the declaration', () => {
  const [oldest, newest] = COMFYUI_VERSIONS.map((version) => nodesOf(version));
  for (const { node, since, what } of DECLARATION_CHANGES) {
    expect(includes('0.3.64', since)).toBe(false);
    // releases after the newest cannot be named
    const after = includes(NEWEST_VERSION, since) ? newest : NODES;
    if (node === undefined || (what.kind === 'options' && what.builtIn === false)) continue;
    if (what.kind === 'node') {
      expect([oldest.has(node), after.has(node)], node).toEqual([false, true]);
      continue;
    }
    const parts = [oldest, after].map((nodes) =>
      what.kind === 'output' ? nodes.get(node)!.outputs : nodes.get(node)!.inputs[what.input],
    );
    expect.soft(parts[0], `${node} ${what.kind}`).not.toEqual(parts[1]);
  }
});

it('nodes of other packs and nodes without changes are the declarations themselves', () => {
  const own = new Map([['TestNode', { ...NODES.get('ImageInvert')!, type: 'TestNode' }]]);
  expect(nodesOfVersion(own, '0.3.64').get('TestNode')!.inputs).toBe(own.get('TestNode')!.inputs);
});

describe('the name of a version', () => {
  it('may have a v', () => expect(comfyuiVersion('v0.3.64')).toBe('0.3.64'));

  it.each(['0.3.65', 'latest', ''])('%j is refused with the known ones', (text) =>
    expect(() => comfyuiVersion(text)).toThrow(
      expect.objectContaining({
        code: 'DR_BAD_USAGE',
        message: `unknown ComfyUI version '${text}'`,
        hint: expect.stringContaining('The known versions are 0.3.64 and 0.33.0.'),
      }),
    ),
  );

  it('is ordered by numbers', () => {
    expect(includes('0.33.0', '0.3.64')).toBe(true);
    expect(includes('0.4.0', '0.33.0')).toBe(false);
    expect(includes('0.6.0', '0.6.0')).toBe(true);
  });
});
