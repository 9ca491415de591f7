// Validation of random prompts over all built-in nodes: the result always has ComfyUI's shape.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { dumpsJson } from '../formats/dumps-json.ts';
import { isJsonObject, type JsonObject } from '../formats/json.ts';
import { parseJson } from '../formats/parse-json.ts';
import { NODES } from '../nodes/index.ts';
import type { ComfyUIVersion } from '../nodes/versions/comfyui-versions.ts';
import { openFolders } from '../storage/folders.ts';
import { checkPrompt } from './prompt-request.ts';

const root = mkdtempSync(join(tmpdir(), 'darkroom-prompt-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const folders = openFolders({ models: [root], input: root, output: root, temp: root });

const ids = ['1', '2', '3', '4'];
const link = fc.tuple(fc.constantFrom(...ids), fc.integer({ min: 0, max: 3 }));
const scalar = fc.oneof(fc.integer(), fc.double(), fc.string(), fc.boolean(), fc.constant(null));
const value = fc.oneof(
  { weight: 3, arbitrary: link },
  { weight: 3, arbitrary: scalar },
  { weight: 1, arbitrary: fc.jsonValue() },
);
const node = fc.constantFrom(...NODES.values()).chain(({ type, inputs }) => {
  const names = [...Object.keys(inputs), 'input1', 'select'];
  return fc.record({
    class_type: fc.constant(type),
    inputs: fc.record(Object.fromEntries(names.map((name) => [name, value])), {
      requiredKeys: [],
    }),
  });
});
const body = fc.record({
  prompt: fc.dictionary(fc.constantFrom(...ids), node, { minKeys: 1 }),
  extra_data: fc.jsonValue(),
});

it('a prompt is accepted with outputs, or refused with an error', () => {
  fc.assert(
    fc.property(body, (randomBody) => {
      const request = parseJson(JSON.stringify(randomBody)) as JsonObject;
      const result = checkPrompt(request, { nodes: NODES, folders });
      if ('refused' in result) {
        const { error, node_errors } = parseJson(dumpsJson(result.refused)) as JsonObject;
        expect(isJsonObject(error) && typeof error['type'] === 'string').toBe(true);
        expect(isJsonObject(node_errors)).toBe(true);
      } else expect(result.job.outputs.length).toBeGreaterThan(0);
    }),
    { numRuns: Number(process.env.FUZZ_RUNS ?? 500), seed: 8 },
  );
});

it('refuses in the words of the release that the settings or the prompt name', () => {
  const prompt = { 1: { class_type: 'Nothing', inputs: {} } };
  const typeOf = (body: JsonObject, comfyui?: ComfyUIVersion) => {
    const result = checkPrompt(body, { nodes: NODES, folders, comfyui });
    return 'refused' in result && (result.refused as { error: { type: string } }).error.type;
  };
  expect(typeOf({ prompt })).toBe('missing_node_type');
  expect(typeOf({ prompt }, '0.3.64')).toBe('invalid_prompt');
  const extra_data = { comfyui: '0.33.0' };
  expect(typeOf({ prompt, extra_data }, '0.3.64')).toBe('missing_node_type');
});

it('refuses what is not a node in a prompt, as ComfyUI does', () => {
  // validate_prompt: "if 'class_type' not in prompt[x]: … return (False, error, …)"
  const node = { class_type: 'PreviewAny', inputs: { source: 'x' } };
  expect(checkPrompt({ prompt: { 1: node } }, { nodes: NODES, folders })).toHaveProperty('job');
  expect(checkPrompt({ prompt: { 1: node, extra: {} } }, { nodes: NODES, folders })).toMatchObject({
    refused: { error: { type: 'invalid_prompt' } },
  });
});
