// Sizes of images and latents, and operations on texts. Source: Impact Pack logics.py,
// util_nodes.py.
import {
  boolean,
  defineListNode,
  defineNode,
  int,
  type NodeDeclaration,
  output,
  outputs,
  socket,
  string,
} from '../../../declare.ts';
import { MAXSIZE } from './logic-nodes.ts';

const TEST = 'ImpactPack/Logic/_for_test';
const UTIL = 'ImpactPack/Util';
const SIZES = [
  output('INT', 'batch'),
  output('INT', 'height'),
  output('INT', 'width'),
  output('INT', 'channel'),
];

const ImpactImageInfo = defineNode({
  type: 'ImpactImageInfo',
  display: 'ImpactImageInfo',
  category: TEST,
  inputs: { value: socket('IMAGE') },
  outputs: SIZES,
  run: ({ value }) => outputs(...value.shape),
});

const ImpactLatentInfo = defineNode({
  type: 'ImpactLatentInfo',
  display: 'ImpactLatentInfo',
  category: TEST,
  description: 'The height and width are in pixels.',
  inputs: { value: socket('LATENT') },
  outputs: SIZES,
  run({ value }) {
    const [batch, channels, height, width] = value.samples.shape;
    return outputs(batch, height * 8, width * 8, channels);
  },
});

/** Sections of a text; each line that starts with `#` starts a new one. */
function sectionsOf(text: string): string[] {
  const sections: string[] = [];
  let current = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('#') && current !== '') {
      sections.push(current.trim());
      current = '';
    }
    current += `${line}\n`;
  }
  return [...sections, current.trim()];
}

const ImpactStringSelector = defineNode({
  type: 'ImpactStringSelector',
  display: 'String Selector',
  category: UTIL,
  description:
    'Selects a line of a text or, with multiline, a section that starts with #. ' +
    'Counts from 0 and starts over after the last one.',
  inputs: {
    strings: string({ multiline: true }),
    multiline: boolean({ default: false, label_on: 'enabled', label_off: 'disabled' }),
    select: int({ default: 0, min: 0, max: MAXSIZE, step: 1 }),
  },
  outputs: [output('STRING')],
  run({ strings, multiline, select }) {
    const choices = multiline ? sectionsOf(strings) : strings.split('\n');
    const selected = choices[select % choices.length];
    return outputs(multiline && selected.startsWith('#') ? selected.slice(1) : selected);
  },
});

const unescaped = (text: string): string => (text === '\\n' ? '\n' : text);

const StringListToString = defineListNode({
  type: 'StringListToString',
  display: 'String List to String',
  category: UTIL,
  inputs: { join_with: string({ default: '\\n' }), string_list: string({ forceInput: true }) },
  outputs: [output('STRING')],
  run: ({ join_with, string_list }) => outputs(string_list.join(unescaped(join_with[0]))),
});

const WildcardPromptFromString = defineNode({
  type: 'WildcardPromptFromString',
  display: 'Wildcard Prompt from String',
  category: UTIL,
  description:
    'Makes [LAB] prompts for segments from a text, one per line, with the tags in their order.',
  inputs: {
    string: string({ forceInput: true }),
    delimiter: string({ default: '\\n' }),
    prefix_all: string(),
    postfix_all: string(),
    restrict_to_tags: string(),
    exclude_tags: string(),
  },
  outputs: [output('STRING', 'wildcard'), output('STRING', 'segs_labels')],
  run({ string, delimiter, prefix_all, postfix_all, restrict_to_tags, exclude_tags }) {
    const [restricted, excluded] = [restrict_to_tags, exclude_tags].map((tags) =>
      tags === '' ? undefined : new Set(tags.split(', ')),
    );
    const rows = string.split(unescaped(delimiter));
    const prompts = rows.map((row, i) => {
      const tags = row.split(', ');
      const selected = (restricted || excluded ? [...new Set(tags)] : tags).filter(
        (tag) => (restricted?.has(tag) ?? true) && !excluded?.has(tag),
      );
      return `[${i + 1}] ${prefix_all} ${selected.join(', ')} ${postfix_all}`.trim();
    });
    const text = ['[LAB]', ...prompts]
      .join('\n')
      .replaceAll(' ,', ',')
      .replace(/ {2,}/g, ' ')
      .replace(/,,+/g, ',')
      .replaceAll('\n, ', '\n');
    return outputs(text, rows.map((_, i) => i + 1).join(', '));
  },
});

export const INFO_NODES: readonly NodeDeclaration[] = [
  ImpactImageInfo,
  ImpactLatentInfo,
  ImpactStringSelector,
  StringListToString,
  WildcardPromptFromString,
];
