import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../formats/json.ts';
import { NODES } from '../../nodes/index.ts';
import { readWorkflow } from '../read/read.ts';
import { missingFromTexts } from './missing-from-texts.ts';

const environment = {
  modelFiles: (kind: string) =>
    kind === 'embeddings' ? ['sub/deep_ti.safetensors', 'bad_hands.pt', 'odd(1).pt'] : [],
  inputFiles: () => [],
  hasInput: () => true,
  wildcards: () =>
    new Map([
      ['colors', ['red']],
      ['people/hair', ['brown']],
    ]),
};

const notesOn = (class_type: string, inputs: Record<string, unknown>) =>
  missingFromTexts(
    readWorkflow({ 2: { class_type, inputs } } as JsonObject).graph,
    NODES,
    environment,
  );
const prompt = (text: unknown) => notesOn('CLIPTextEncode', { text });
const wildcard = (populated_text: string) =>
  notesOn('ImpactWildcardProcessor', { wildcard_text: '__gone__', populated_text });

describe('embeddings', () => {
  it.each([
    'embedding:deep_ti, a fox',
    '(embedding:deep_ti:1.2) a fox',
    'a fox embedding:sub\\deep_ti,, (embedding:bad_hands.pt)',
    'embedding:odd\\(1\\)',
    'embedding:bad_hands<lora:x>',
    'notembedding:gone',
    'embedding:',
    `${'('.repeat(5000)}embedding:gone${')'.repeat(5000)}`,
    ['1', 0],
  ])('that exist are not named: %j', (text) => {
    expect(prompt(text)).toEqual([]);
  });

  it('that are missing are named with their folder and with similar names', () => {
    expect(prompt('a fox, (embedding:deep_tu:1.1), embedding:gone,')).toEqual([
      'embedding:deep_tu of CLIPTextEncode (node 2) does not exist and is left out of the prompt; ' +
        "it belongs in the folder 'embeddings' of a models folder. " +
        "Did you mean 'sub/deep_ti.safetensors'?",
      'embedding:gone of CLIPTextEncode (node 2) does not exist and is left out of the prompt; ' +
        "it belongs in the folder 'embeddings' of a models folder",
    ]);
  });

  it('are named once, in any text, but not in texts with choices', () => {
    expect(prompt('embedding:gone embedding:gone')).toHaveLength(1);
    expect(notesOn('CLIPTextEncodeSDXL', { text_g: 'embedding:a1', text_l: 'x' })).toHaveLength(1);
    expect(wildcard('{embedding:gone|x embedding:gone}')).toEqual([]);
  });

  it('have the case of the file', () => {
    expect(prompt('embedding:Deep_Ti')[0]).toContain("Did you mean 'sub/deep_ti.safetensors'?");
  });
});

describe('lists of wildcards', () => {
  it.each([
    '__colors__ __hair__',
    '__people/hair__',
    '__people\\hair__',
    '__Colors__',
    '__*/hair__',
  ])('that exist are not named: %s', (text) => {
    expect(wildcard(text)).toEqual([]);
  });

  it('that are missing are named with their folder', () => {
    expect(wildcard('__colours__ __colours__ __x/y__ # __z__')).toEqual([
      'there is no list of wildcards for __colours__ of ImpactWildcardProcessor (node 2), which ' +
        "stays in the text; its file belongs in the folder 'wildcards' of a models folder, or " +
        "beside it. Did you mean 'colors'?",
      expect.stringContaining('__x/y__'),
      expect.stringContaining('__z__'),
    ]);
    expect(wildcard('# __z__\na')).toEqual([]);
  });

  it('are looked for in prompts of detailers, not in other texts', () => {
    expect(notesOn('FaceDetailer', { wildcard: '[ASC] __gone__' })).toHaveLength(1);
    expect(prompt('__gone__')).toEqual([]);
  });
});
