// The inputs that the shorthands set in the golden workflows.
import { expect, it } from 'vitest';
import {
  changedInputs,
  goldenWorkflow,
} from '../../../test/support/workflows/override-workflows.ts';
import { NODES } from '../../nodes/index.ts';
import { type Graph, linkOf } from '../api-graph.ts';
import { applyOverrides } from './overrides.ts';

const VALUES = { prompt: '77', negative: '77', seed: '77', steps: '77', cfg: '77', size: '80x96' };

/** Returns `name: TYPE.INPUT=VALUE …`, or the message when it can't be set. */
function describeChanges(graph: Graph, name: string, value: string): string {
  try {
    const changes = Object.entries(changedInputs(graph, { [name]: value }));
    return `${name}: ${changes.map(([input, to]) => `${input}=${to}`).join(' ')}`;
  } catch (error) {
    return `${name}: ${(error as Error).message}`;
  }
}

it('shorthands find their inputs in the golden workflows', () => {
  const found = [
    'sdxl_simple',
    'noisy_latents',
    'searge_reborn_v33',
    'seed_searge_sampler2',
    'unsample',
    'inpaint',
    'regional_prompt',
  ].map((name) => {
    const lines = Object.entries(VALUES).map(([shorthand, value]) =>
      describeChanges(goldenWorkflow(name), shorthand, value),
    );
    return `${name}\n  ${lines.join('\n  ')}`;
  });
  expect(found.join('\n')).toMatchInlineSnapshot(`
    "sdxl_simple
      prompt: CLIPTextEncode.text=77
      negative: CLIPTextEncode.text=77
      seed: KSamplerAdvanced.noise_seed=18446022176406243497
      steps: KSamplerAdvanced.steps=77 KSamplerAdvanced.end_at_step=62 KSamplerAdvanced.start_at_step=62
      cfg: KSamplerAdvanced.cfg=77
      size: EmptyLatentImage.width=80 EmptyLatentImage.height=96
    noisy_latents
      prompt: CLIPTextEncode.text=77
      negative: CLIPTextEncode.text=77
      seed: KSamplerAdvanced.noise_seed=18446520680249627256
      steps: KSamplerAdvanced.steps=77 KSamplerAdvanced.end_at_step=15 KSamplerAdvanced.start_at_step=15
      cfg: KSamplerAdvanced.cfg=77
      size: EmptyLatentImage.width=80 EmptyLatentImage.height=96
    searge_reborn_v33
      prompt: prompt can't be set: no text leads to 'positive' of SeargeSDXLSampler2 (node 358)
      negative: negative can't be set: no text leads to 'negative' of SeargeSDXLSampler2 (node 358)
      seed: SeargeInput2.seed=77
      steps: SeargeInput2.steps=77
      cfg: SeargeInput2.cfg=77
      size: size can't be set: no sampler starts from an empty latent of a given size
    seed_searge_sampler2
      prompt: CLIPTextEncode.text=77
      negative: CLIPTextEncode.text=77
      seed: SeargeSDXLSampler2.noise_seed=77
      steps: SeargeSDXLSampler2.steps=77
      cfg: SeargeSDXLSampler2.cfg=77
      size: EmptyLatentImage.width=80 EmptyLatentImage.height=96
    unsample
      prompt: CLIPTextEncode.text=77
      negative: CLIPTextEncode.text=77
      seed: KSamplerAdvanced.noise_seed=77
      steps: KSamplerAdvanced.steps=77 BNK_Unsampler.steps=77
      cfg: KSamplerAdvanced.cfg=77 BNK_Unsampler.cfg=77
      size: size can't be set: no sampler starts from an empty latent of a given size
    inpaint
      prompt: CLIPTextEncode.text=77
      negative: CLIPTextEncode.text=77
      seed: KSampler.seed=77
      steps: KSampler.steps=77
      cfg: KSampler.cfg=77
      size: size can't be set: no sampler starts from an empty latent of a given size
    regional_prompt
      prompt: prompt can't be set: 5 texts lead to 'positive' of RegionalSampler (node 2)
      negative: CLIPTextEncode.text=77
      seed: RegionalSampler.seed=77
      steps: RegionalSampler.steps=77
      cfg: KSamplerAdvancedProvider.cfg=77
      size: EmptyLatentImage.width=80 EmptyLatentImage.height=96"
  `);
});

it.each(['sdxl_simple', 'searge_reborn_v33', 'regional_prompt'])(
  'shorthands never replace links: %s',
  (name) => {
    const graph = goldenWorkflow(name);
    for (const [shorthand, value] of Object.entries(VALUES)) {
      let after: Graph;
      try {
        after = applyOverrides(graph, { [shorthand]: value }, NODES);
      } catch {
        continue;
      }
      for (const [id, { inputs }] of graph)
        for (const [input, before] of Object.entries(inputs))
          if (linkOf(before)) expect(after.get(id)!.inputs[input]).toEqual(before);
    }
  },
);
