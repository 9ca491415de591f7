// The nodes of SeargeSDXL against the original's own source: declarations, outputs, and the
// KSampler runs that they plan.
import { describe, expect, it } from 'vitest';
import { isPyFloat } from '../src/formats/json.ts';
import { inputOf, type NodeDeclaration } from '../src/nodes/declare.ts';
import { NODES, REFUSED } from '../src/nodes/index.ts';
import type { Inputs } from '../src/nodes/input-types.ts';
import { SEARGE_PACK } from '../src/nodes/packs/searge/index.ts';
import { growingSizes } from '../src/nodes/packs/searge/searge-sampler-nodes.ts';
import { handOverPlan } from '../src/sampling/runs/two-stage.ts';
import { SAMPLER_NAMES } from '../src/sampling/samplers/index.ts';
import { SCHEDULERS } from '../src/sampling/schedules/schedules.ts';
import { full } from '../src/tensor/tensor.ts';
import { inputConfig, toRunValue } from '../src/workflow/input-spec.ts';
import { type Golden, type GoldenCase, golden, type Params } from './support/golden.ts';
import { runNode, testContext } from './support/run-node.ts';
import { bigintOf } from './support/sampling.ts';

const nodeOf = (type: string): NodeDeclaration => NODES.get(type)!;

/** Reads a Python value of the golden files: {"int": "…"} beyond 2^53, {"float": "inf"}. */
const fromPython = (v: unknown): unknown => {
  if (Array.isArray(v)) return v.map(fromPython);
  if (typeof v !== 'object' || v === null) return v;
  if ('int' in v) return BigInt(String(v.int));
  if ('float' in v) return Number(String(v.float).replace('inf', 'Infinity'));
  return Object.fromEntries(Object.entries(v).map(([key, item]) => [key, fromPython(item)]));
};

/**
 * Integers as Python prints them, undefined as null, so that values compare whatever their type.
 */
const plain = (v: unknown): unknown => {
  if (v === undefined) return null;
  if (typeof v === 'bigint' || typeof v === 'number') return String(v);
  if (Array.isArray(v)) return v.map(plain);
  if (typeof v !== 'object' || v === null) return v;
  return Object.fromEntries(Object.entries(v).map(([key, item]) => [key, plain(item)]));
};

const inputsOf = ({ params }: GoldenCase): Record<string, unknown> => {
  const node = nodeOf(params.node);
  const typed = (values: Record<string, unknown>): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(values).map(([name, item]) => {
        // seeds in parameters are bigints
        if (name === 'seed' || name === 'hrf_seed') return [name, BigInt(item as number)];
        if (typeof item === 'object' && item !== null)
          return [name, typed(item as Record<string, unknown>)];
        const input = inputOf(node, name);
        return [name, input ? toRunValue(item, input) : item === null ? undefined : item];
      }),
    );
  return typed(fromPython(params.inputs) as Record<string, unknown>);
};

describe('searge/legacy', () => {
  const g: Golden = golden('searge', 'legacy');
  const types = [...new Set(g.cases.map((one) => one.params.node as string))];
  it.each(types)('%s', async (type) => {
    for (const one of g.cases.filter(({ params }) => params.node === type)) {
      const run = async () => runNode(type, inputsOf(one));
      if (one.note)
        await expect(run(), one.params.python).rejects.toMatchObject({ code: 'DR_INPUT_INVALID' });
      else
        expect(plain(await run()), one.params.python).toEqual(
          plain(fromPython(one.scalars!.outputs)),
        );
    }
  });
});

describe('searge/plans', () => {
  const plans = (node: string) =>
    golden('searge', 'plans').cases.filter(({ params }) => params.node === node);

  it('SeargeSDXLSampler', () => {
    for (const { id, params, scalars } of plans('SeargeSDXLSampler')) {
      const { steps, base_ratio: baseRatio, denoise } = params;
      const plan = handOverPlan({ seed: bigintOf(params.seed), steps, baseRatio, denoise }).map(
        ({ seed, ...stage }) => ({
          model: stage.model,
          seed: String(seed),
          steps: String(steps),
          denoise: String(stage.denoise),
          disable_noise: !stage.addNoise,
          start_step: String(stage.startAtStep),
          last_step: String(stage.endAtStep),
          force_full_denoise: !stage.returnWithLeftoverNoise,
        }),
      );
      expect(plan, id).toEqual(
        scalars!.calls.map(({ shape, ...call }: Params) => plain(fromPython(call))),
      );
    }
  });

  it('SeargeSamplerAdvanced', () => {
    for (const { id, params, scalars } of plans('SeargeSamplerAdvanced')) {
      const { width, height, steps, factor } = params;
      const [first, ...rest] = scalars!.calls as Params[];
      expect(first, id).toMatchObject({ steps, shape: [1, 4, height, width] });
      const sizes = growingSizes({ width, height, steps, factor });
      expect(
        sizes.map((size) => [1, 4, size.height, size.width]),
        id,
      ).toEqual(rest.map((call) => call.shape));
      for (const call of rest)
        expect(call, id).toMatchObject({
          steps: Math.floor((steps + 1) / 2),
          denoise: 0.555,
          start_step: 0,
        });
    }
  });
});

describe('searge/declarations', () => {
  const g = golden('searge', 'declarations');
  const LISTS: Readonly<Record<string, readonly string[]>> = {
    SAMPLERS: SAMPLER_NAMES,
    SCHEDULERS,
  };
  const environment = { ...testContext(), modelFiles: (folder: string) => [...`FILES ${folder}`] };
  /** Options that only our declarations have. */
  const OWN_OPTIONS = new Set(['tooltip', 'lazy', 'control_after_generate']);

  const configs = (inputs: Inputs, optional: boolean) =>
    Object.entries(inputs)
      .filter(([, input]) => (input.optional ?? false) === optional)
      .map(([name, input]) => {
        const [type, options] = inputConfig(input, environment);
        const compared = Object.entries(options).filter(([key]) => !OWN_OPTIONS.has(key));
        return [
          name,
          [
            type,
            Object.fromEntries(
              compared.map(([key, item]) => [key, isPyFloat(item) ? item.float : item]),
            ),
          ],
        ];
      });

  it.each(g.cases.filter(({ id }) => !REFUSED.has(id)).map((one) => [one.id, one] as const))(
    '%s',
    (id, one) => {
      const { required, optional, hidden, types, names, category, output_node, display } =
        one.scalars as Params;
      const node = nodeOf(id);
      const expectedConfigs = (list: [string, [unknown, Params]][]) =>
        list.map(([name, [type, options]]) => {
          const listed = [type].flat().join('');
          return [
            name,
            [LISTS[listed] ?? (listed.startsWith('FILES ') ? [...listed] : type), options],
          ];
        });
      expect(plain(configs(node.inputs, false))).toEqual(
        plain(fromPython(expectedConfigs(required))),
      );
      expect(plain(configs(node.inputs, true))).toEqual(
        plain(fromPython(expectedConfigs(optional))),
      );
      expect(node.hidden ?? {}).toEqual(hidden);
      expect(node.outputs.map(({ type }) => type)).toEqual(types);
      expect(node.outputs.map(({ name }) => name)).toEqual(names);
      expect({ ...node, outputNode: node.outputNode ?? false }).toMatchObject({
        category,
        outputNode: output_node,
        display,
      });
    },
  );

  it('every type of the pack is built or refused with a reason', () => {
    const built = new Set(SEARGE_PACK.nodes.map(({ type }) => type));
    for (const { id } of g.cases) expect(built.has(id) !== REFUSED.has(id), id).toBe(true);
    for (const type of built) expect(g.cases.map(({ id }) => id)).toContain(type);
  });
});

describe('switches and saving', () => {
  it('switches evaluate the selected input only', async () => {
    const neededInputs = (type: string, inputs: object) =>
      nodeOf(type).needs!(inputs as never, testContext());
    expect(neededInputs('SeargeLatentMuxer3', { input_selector: 2 })).toEqual(['input2']);
    expect(neededInputs('SeargeConditioningMuxer5', { input_selector: 7 })).toEqual(['input0']);
    expect(neededInputs('SeargeImageSave', { state: 'disabled' })).toEqual([]);
    expect(neededInputs('SeargeImageSave', { state: 'enabled' })).toEqual(['images']);
  });

  it('saves under the prefix, or as output-<date> in the input folder', async () => {
    const requests: unknown[] = [];
    const save = async (request: object) => {
      requests.push({ ...request, files: 1 });
      return [];
    };
    const context = { ...testContext(), save };
    const images = full([1, 4, 6, 3], 0.5);
    const run = (save_to: string, state = 'enabled') =>
      runNode(
        'SeargeImageSave',
        { images, filename_prefix: 'a-%date%/%width%/x', state, save_to },
        context,
      );
    await run('output folder');
    await run('input folder');
    await run('output folder', 'disabled');
    const request = { extension: 'png', size: { width: 6, height: 4 }, files: 1 };
    expect(requests).toEqual([
      { ...request, type: 'output', prefix: 'a-%year%-%month%-%day%/%width%/x' },
      { ...request, type: 'input', prefix: 'output-%year%-%month%-%day%' },
    ]);
  });
});
