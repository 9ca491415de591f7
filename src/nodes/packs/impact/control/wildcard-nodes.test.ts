// The wildcard nodes: populated before the run, LoRA tags as LoraLoader would apply them, BREAK as
// ConditioningConcat.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { smallEngine } from '../../../../../test/support/engine.ts';
import { fixtureFolders, runNode, testContext } from '../../../../../test/support/run-node.ts';
import type { Clip } from '../../../../models/clip/clip.ts';
import { createRuntime } from '../../../../runtime/runtime.ts';
import type { Conditioning, Model } from '../../../../sampling/sampling-types.ts';
import { openFolders } from '../../../../storage/folders.ts';
import { populateWildcards } from '../../../../text/wildcards.ts';
import { defineNode, socket } from '../../../declare.ts';
import { NODES } from '../../../index.ts';

const root = mkdtempSync(join(tmpdir(), 'darkroom-wildcards-'));
const lists = new Map([['colors', ['red', 'green', 'blue', 'amber']]]);
mkdirSync(join(root, 'wildcards'));
writeFileSync(join(root, 'wildcards', 'colors.txt'), 'red\ngreen\nblue\namber\n');
const folders = { ...fixtureFolders({ checkpoints: ['tiny_sd1'], loras: ['tiny_lora_sd1'] }) };
const context = {
  ...testContext(folders),
  runtime: createRuntime({ threads: 2 }),
  wildcards: () => lists,
};
afterAll(async () => {
  await context.runtime.close();
  rmSync(root, { recursive: true });
});

const show = defineNode({
  type: 'Show',
  display: 'Show',
  category: 'test',
  outputNode: true,
  hidden: { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' },
  inputs: { value: socket('*') },
  outputs: [],
  run: ({ value }, context) => ({
    outputs: [],
    ui: { value: [value, context.prompt(), context.extra()] },
  }),
});
const run = smallEngine(
  new Map([...NODES, ['Show', show]]),
  openFolders({ input: join(root, 'input') }),
);
const hasWarning = ({ events }: Awaited<ReturnType<typeof run>>): boolean =>
  events.some(({ type }) => type === 'warning');
const TEXT = 'a {2$$ and $$__colors__} {fox|cat}';
const processor = (inputs: object) => ({
  1: {
    class_type: 'ImpactWildcardProcessor',
    inputs: {
      wildcard_text: TEXT,
      populated_text: 'old',
      mode: 'populate',
      seed: 5,
      'Select to add Wildcard': 'Select the Wildcard to add to the text',
      ...inputs,
    },
  },
  2: { class_type: 'Show', inputs: { value: ['1', 0] } },
});

it('populates the text in the prompt and in the editor’s workflow before the run', async () => {
  const extra = {
    workflow: {
      nodes: [
        { id: 1, widgets_values: [TEXT, 'old', 'populate', 5] },
        { id: 2, widgets_values: [] },
      ],
    },
  };
  const { shown, events } = await run(processor({}), { extra });
  const expected = populateWildcards(TEXT, 5, lists);
  const [text, prompt, workflow] = shown('2') as [
    string,
    Record<string, { inputs: object }>,
    object,
  ];
  expect(text).toBe(expected);
  expect(prompt['1'].inputs).toMatchObject({
    wildcard_text: TEXT,
    populated_text: expected,
    mode: 'reproduce',
  });
  expect(workflow).toEqual({
    workflow: {
      nodes: [
        { id: 1, widgets_values: [TEXT, expected, 'reproduce', 5] },
        { id: 2, widgets_values: [] },
      ],
    },
  });
  const feedback = { type: 'message', nodeId: '1', event: 'impact-node-feedback' };
  expect(events.slice(0, 2)).toMatchObject([
    { ...feedback, data: { widget_name: 'populated_text', value: expected } },
    { ...feedback, data: { widget_name: 'mode', value: 'populate' } },
  ]);
});

// impact_server.py of Impact Pack 8: fixed and reproduce take populated_text, a switch of older
// versions is `'populate' if mode else 'fixed'`; the frontend read the labels as the switch
const door = { wildcard_text: 'a {red|green|blue} door', populated_text: 'a yellow door', seed: 3 };
it.each([
  ['fixed', 'a yellow door'],
  ['reproduce', 'a yellow door'],
  [false, 'a yellow door'],
  ['Fixed', 'a yellow door'],
  ['populate', 'a red door'],
  [true, 'a red door'],
  ['Populate', 'a red door'],
])('the mode %s gives %s', async (mode, expected) => {
  expect((await run(processor({ ...door, mode }))).shown('2')[0]).toBe(expected);
});

it('the mode reproduce is set to populate in the editor for the next run', async () => {
  const { events } = await run(processor({ ...door, mode: 'reproduce' }));
  expect(events.filter(({ type }) => type === 'message')).toEqual([
    expect.objectContaining({
      event: 'impact-node-feedback',
      data: { node_id: '1', widget_name: 'mode', type: 'STRING', value: 'populate' },
    }),
  ]);
});

it('refuses a mode that no version has', async () => {
  await expect(run(processor({ ...door, mode: 'random' }))).rejects.toMatchObject({
    code: 'DR_WORKFLOW_INVALID',
    message: expect.stringContaining("'random'"),
  });
});

it.each(['Select Wildcard 🟢 Full Cache', 'Select Wildcard 🔵 On-Demand: 0 loaded', 7])(
  'the label %s of the list of wildcards passes',
  async (label) => {
    const { shown } = await run(
      processor({ ...door, mode: 'fixed', 'Select to add Wildcard': label }),
    );
    expect(shown('2')[0]).toBe('a yellow door');
  },
);

it('every list from which the editor inserts into a text takes any value', () => {
  const lists = [...NODES.values()].flatMap(({ type, inputs }) =>
    Object.entries(inputs).flatMap(([name, input]) =>
      input.kind === 'COMBO' && (name.startsWith('Select to add') || name === 'preset')
        ? [[type, name, input.editorOnly]]
        : [],
    ),
  );
  expect(lists.length).toBe(17);
  expect(lists.filter(([, , editorOnly]) => !editorOnly)).toEqual([]);
});

it('does not populate a fixed text or, with a warning, one whose seed is linked', async () => {
  const fixed = await run(processor({ mode: 'fixed', populated_text: 'b {x}' }));
  expect(fixed.shown('2')[0]).toBe('b x');
  expect(hasWarning(fixed)).toBe(false);
  const linked = await run({
    ...processor({ seed: ['3', 0] }),
    3: { class_type: 'ImpactInt', inputs: { value: 5 } },
  });
  expect(linked.shown('2')[0]).toBe('old');
  expect(hasWarning(linked)).toBe(true);
});

it('runs again if a wildcard list changes', async () => {
  const prompt = processor({ mode: 'fixed', populated_text: '__new__' });
  expect((await run(prompt)).shown('2')[0]).toBe('__*/new__');
  writeFileSync(join(root, 'wildcards', 'new.txt'), 'found\n');
  const later = smallEngine(
    new Map([...NODES, ['Show', show]]),
    openFolders({ input: join(root, 'input') }),
  );
  expect((await later(prompt)).shown('2')[0]).toBe('found');
});

it('fails before the run for a text that cannot be populated', async () => {
  await expect(run(processor({ wildcard_text: '{x$$a|b}' }))).rejects.toMatchObject({
    code: 'DR_INPUT_INVALID',
    nodeId: '1',
  });
});

it('encodes LoRA tags and BREAK as LoraLoader and ConditioningConcat do', async () => {
  const [model, clip] = (await runNode(
    'CheckpointLoaderSimple',
    { ckpt_name: 'tiny_sd1.safetensors' },
    context,
  )) as unknown as [Model, Clip];
  const call = async (type: string, inputs: object) =>
    (await runNode(type, inputs as never, context)) as unknown as unknown[];
  const lora_name = 'tiny_lora_sd1.safetensors';
  const [changed, changedClip] = await call('LoraLoader', {
    model,
    clip,
    lora_name,
    strength_model: 0.5,
    strength_clip: 0.7,
  });
  const [first] = await call('CLIPTextEncode', { text: 'a fox', clip: changedClip });
  const [second] = await call('CLIPTextEncode', { text: 'snow', clip: changedClip });
  const [expected] = await call('ConditioningConcat', {
    conditioning_to: first,
    conditioning_from: second,
  });

  const populated_text = '<lora:lora_sd1:0.5:0.7:LBW=XYZ>a {fox} BREAK snow <lora:gone>';
  const encode = { model, clip, wildcard_text: '', populated_text, mode: 'fixed', seed: 0n };
  const [encodedModel, encodedClip, conditioning, text] = await call(
    'ImpactWildcardEncode',
    encode,
  );
  expect((conditioning as Conditioning)[0].cond).toEqual((expected as Conditioning)[0].cond);
  expect((conditioning as Conditioning)[0].pooled_output).toEqual(
    (expected as Conditioning)[0].pooled_output,
  );
  expect(text).toBe('<lora:lora_sd1:0.5:0.7:LBW=XYZ>a fox BREAK snow <lora:gone>');
  expect((encodedModel as Model).denoiser).not.toBe(model.denoiser);
  expect((changed as Model).denoiser.inChannels).toBe(4);
  expect(encodedClip).not.toBe(clip);
  expect(context.warnings.filter((warning) => /LBW|no LoRA 'gone'/.test(warning))).toHaveLength(2);
});

it('offers the LoRA files', () => {
  const options = NODES.get('ImpactWildcardEncode')!.inputs['Select to add LoRA'];
  expect(
    options.kind === 'COMBO' && typeof options.options === 'function' && options.options(context),
  ).toContain('tiny_lora_sd1.safetensors');
});
