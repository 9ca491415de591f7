import { expect, it } from 'vitest';
import type { Json } from '../../formats/json.ts';
import { chooseRelease } from './named-release.ts';

const workflow = (extra: Record<string, Json>): Json =>
  ({ extra_pnginfo: { workflow: { nodes: [], extra } } }) as unknown as Json;
const pngInfo = (darkroom: Record<string, Json>): Json =>
  ({ extra_pnginfo: { darkroom } }) as unknown as Json;
const withoutNote = (release: string) => ({ release });

it.each<[string, Json]>([
  ['nothing', {}],
  ['null', null],
  ['a workflow without extra data', workflow({})],
  ['a newer release', workflow({ node_versions: { 'comfy-core': '0.40.1' } })],
  ['a fork without a release', workflow({ comfy_fork_version: 'feature/av@a6994ed1' })],
  ['a fork whose name has more numbers', workflow({ comfy_fork_version: 'x@10.0.3.64' })],
  ['something that is no text', workflow({ comfy_fork_version: [0, 3, 40] })],
])('%s: the newest known release', (_, extra) => {
  expect(chooseRelease(extra)).toEqual(withoutNote('0.33.0'));
});

it.each<[string, Json, string]>([
  ['the editor', workflow({ node_versions: { 'comfy-core': 'v0.8.2' } }), '0.8.2'],
  ['a fork', workflow({ comfy_fork_version: 'develop@0.3.64' }), '0.3.64'],
  ['an image of Darkroom', pngInfo({ comfyui: '0.3.64' }), '0.3.64'],
  ['an old image of Darkroom, which names none', pngInfo({}), '0.3.64'],
])('the release that %s names, with a note', (_, extra, release) => {
  expect(chooseRelease(extra)).toEqual({
    release,
    note:
      `computed as ComfyUI ${release}, which the workflow names; ` +
      '--comfyui 0.33.0 computes it as the newest known release',
  });
});

it('a release older than the known ones: the oldest known', () => {
  expect(chooseRelease(workflow({ node_versions: { 'comfy-core': '0.3.10' } }))).toEqual({
    release: '0.3.64',
    note:
      'the workflow names ComfyUI 0.3.10: computed as 0.3.64, the oldest known; ' +
      '--comfyui 0.33.0 computes it as the newest known release',
  });
});

it('a setting comes before the workflow, and the prompt before a setting', () => {
  const named = pngInfo({ comfyui: '0.8.2' });
  expect(chooseRelease(named, '0.3.64')).toEqual(withoutNote('0.3.64'));
  const prompt = { ...(named as object), comfyui: '0.33.0' } as unknown as Json;
  expect(chooseRelease(prompt, '0.3.64')).toEqual(withoutNote('0.33.0'));
});

it('the prompt cannot name an unknown release', () => {
  expect(() => chooseRelease({ comfyui: '0.3.65' } as unknown as Json)).toThrow(
    "unknown ComfyUI version '0.3.65'",
  );
});
