// The table of packs: each type is said once, and unknown types are traced to their pack.
import { describe, expect, it } from 'vitest';
import { FOREIGN_TYPES } from './foreign-packs.ts';
import { declarationOf, NODES, PACKS, packTitleOf, REFUSED } from './index.ts';

const foreignTypes = Object.values(FOREIGN_TYPES).flat();
const otherTypes = PACKS.flatMap(({ otherTypes = [] }) => otherTypes);
const duplicatesOf = (values: readonly string[]): string[] =>
  values.filter((value, i) => values.indexOf(value) !== i);

describe('the table of packs', () => {
  it('declares each type once', () => {
    expect(duplicatesOf(PACKS.flatMap(({ nodes }) => nodes.map(({ type }) => type)))).toEqual([]);
  });

  it('does not refuse built-in types', () => {
    expect([...REFUSED.keys()].filter((type) => NODES.has(type))).toEqual([]);
  });

  it('lists as other types only those that are neither built in nor refused', () => {
    expect(otherTypes.filter((type) => NODES.has(type) || REFUSED.has(type))).toEqual([]);
    expect(duplicatesOf(otherTypes)).toEqual([]);
  });

  it('does not list types of built-in packs as foreign', () => {
    expect(
      foreignTypes.filter(
        (type) => NODES.has(type) || REFUSED.has(type) || otherTypes.includes(type),
      ),
    ).toEqual([]);
    expect(duplicatesOf(foreignTypes)).toEqual([]);
  });

  it('has a different title for each pack, foreign packs included', () => {
    const titles = PACKS.map(({ title }) => title);
    expect(Object.keys(FOREIGN_TYPES).filter((title) => titles.includes(title))).toEqual([]);
    expect(duplicatesOf(titles)).toEqual([]);
  });
});

describe('packTitleOf', () => {
  it.each([
    ['KSampler', 'ComfyUI itself'],
    ['StyleModelApply', 'ComfyUI itself'],
    ['ModelMergeQwenImage', 'ComfyUI itself'],
    ['BNK_Unsampler', 'ComfyUI_Noise'],
    ['BNK_TiledKSampler', 'ComfyUI_TiledKSampler'],
    ['ReferenceOnlySimple', 'ComfyUI_experiments'],
    ['CombineSegMasks', 'ComfyUI-CLIPSeg'],
    ['MMDetLoader', 'Impact Pack'],
    ['ImpactSomethingNew', 'Impact Pack'],
    ['SeargeSomethingNew', 'SeargeSDXL'],
    ['ImpactSomethingNew //Inspire', 'Inspire Pack'],
    ['Efficient Loader', 'efficiency-nodes-comfyui'],
    ['IPAdapterAdvanced', 'ComfyUI_IPAdapter_plus'],
    ['WD14Tagger|pysssss', 'ComfyUI-WD14-Tagger'],
    ['ShowText|pysssss', 'ComfyUI-Custom-Scripts'],
    ['UnknownType', undefined],
  ])('%s belongs to %s', (type, pack) => {
    expect(packTitleOf(type)).toBe(pack);
  });
});

describe('declarationOf', () => {
  it('finds a renamed type with its renamed inputs', () => {
    expect(declarationOf('T2IAdapterLoader', NODES)).toEqual({
      declaration: NODES.get('ControlNetLoader'),
      inputs: { t2i_adapter_name: 'control_net_name' },
    });
  });

  it('finds the renamed inputs of a type that was not renamed', () => {
    expect(declarationOf('IterativeImageUpscale', NODES)).toEqual({
      declaration: NODES.get('IterativeImageUpscale'),
      inputs: { step: 'steps' },
    });
  });

  it('returns undefined for a type whose new name is not built in', () => {
    expect(declarationOf('SDV_img2vid_Conditioning', NODES)).toBeUndefined();
  });

  it('prefers a node that is declared under the old name', () => {
    const declaration = NODES.get('KSampler')!;
    expect(declarationOf('T2IAdapterLoader', new Map([['T2IAdapterLoader', declaration]]))).toEqual(
      { declaration, inputs: {} },
    );
  });
});
