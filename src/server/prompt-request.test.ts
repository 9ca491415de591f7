// The intake of prompts over all built-in nodes: whatever the values, an answer in ComfyUI's shape.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { dumpsJson } from '../formats/dumps-json.ts';
import { isJsonObject, type JsonObject } from '../formats/json.ts';
import { parseJson } from '../formats/parse-json.ts';
import { NODES } from '../nodes/index.ts';
import { openFolders } from '../storage/folders.ts';
import { checkPrompt } from './prompt-request.ts';

const root = mkdtempSync(join(tmpdir(), 'darkroom-intake-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const folders = openFolders({ models: [root], input: root, output: root, temp: root });

const ids = ['1', '2', '3', '4'];
const value = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom(...ids), fc.integer({ min: 0, max: 3 })) },
  {
    weight: 3,
    arbitrary: fc.oneof(fc.integer(), fc.double(), fc.string(), fc.boolean(), fc.constant(null)),
  },
  { weight: 1, arbitrary: fc.jsonValue() },
);
const node = fc.constantFrom(...NODES.values()).chain(({ type, inputs }) => {
  const names = Object.keys(inputs);
  return fc.record({
    class_type: fc.constant(type),
    inputs: fc.record(
      Object.fromEntries([...names, 'input1', 'select'].map((name) => [name, value])),
      { requiredKeys: [] },
    ),
  });
});

it('never fails', () => {
  const body = fc.record({
    prompt: fc.dictionary(fc.constantFrom(...ids), node, { minKeys: 1 }),
    extra_data: fc.jsonValue(),
  });
  fc.assert(
    fc.property(body, (given) => {
      const result = checkPrompt(parseJson(JSON.stringify(given)) as JsonObject, NODES, folders);
      if ('refused' in result) {
        const { error, node_errors } = parseJson(dumpsJson(result.refused)) as JsonObject;
        expect(
          isJsonObject(error) && typeof error['type'] === 'string' && isJsonObject(node_errors),
        ).toBe(true);
      } else expect(result.job.outputs.length).toBeGreaterThan(0);
    }),
    { numRuns: Number(process.env.FUZZ_RUNS ?? 500), seed: 8 },
  );
});
