// Workflows with the constructions of official templates (nested subgraphs, widgets that they show,
// growing inputs, choices, switches), and the prompts that ComfyUI's own editor makes of them:
// comfyui-frontend-package 1.49.6 over /object_info, app.loadGraphData and app.graphToPrompt.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { parseJson } from '../../formats/parse-json.ts';
import { readWorkflow } from '../read/read.ts';

const FILE = new URL('../../../test/golden/editor/subgraphs.json.gz', import.meta.url);
const CASES: Readonly<Record<string, { workflow: object; prompt: Record<string, Sent> }>> =
  JSON.parse(gunzipSync(readFileSync(FILE)).toString('utf8'));

interface Sent {
  readonly class_type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

it.each(Object.keys(CASES))('%s: the prompt is that of the editor', (name) => {
  const { workflow, prompt } = CASES[name];
  const { graph } = readWorkflow(parseJson(JSON.stringify(workflow)));
  const converted = [...graph].map(([id, { classType, inputs }]): [string, Sent] => [
    id,
    // numbers of any kind as numbers
    JSON.parse(JSON.stringify({ class_type: classType, inputs }, plainNumber)),
  ]);
  const sent = Object.entries(prompt).map(([id, { class_type, inputs }]): [string, Sent] => [
    id,
    { class_type, inputs },
  ]);
  expect(Object.fromEntries(converted)).toEqual(Object.fromEntries(sent));
});

const plainNumber = (_: string, value: unknown): unknown =>
  typeof value === 'bigint'
    ? Number(value)
    : typeof value === 'object' && value !== null && 'float' in value
      ? value.float
      : value;
