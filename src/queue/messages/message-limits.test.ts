import { describe, expect, it } from 'vitest';
import { dumpsJson } from '../../formats/dumps-json.ts';
import { parseJson } from '../../formats/parse-json.ts';
import type { HeldJob } from '../jobs/job-types.ts';
import { createClientMessages } from './client-messages.ts';
import { limitTexts, MAX_JOB, MAX_TEXT } from './message-limits.ts';

const JOB: HeldJob = {
  ticket: 't',
  attempt: 'a',
  promptId: 'p',
  number: 1,
  clientId: 'me',
  prompt: '{}',
  extra: '{}',
  outputs: [],
  attempts: 1,
  isInterrupted: false,
};

describe('a value', () => {
  it('within the limits is unchanged, with its floats and the order of its keys', () => {
    const text = '{"b": [1, 8.0, null, true], "10": {"x": "é"}, "2": 12345678901234567890}';
    expect(dumpsJson(limitTexts(parseJson(text)))).toBe(dumpsJson(parseJson(text)));
  });

  it('that is too long a text is cut, with a note', () => {
    const { text } = limitTexts({ text: 'x'.repeat(3 * MAX_TEXT) });
    expect(text.startsWith('x'.repeat(MAX_TEXT))).toBe(true);
    expect(text.slice(MAX_TEXT)).toBe('… (cut: the text has 3145728 characters)');
  });

  it('that is too long a list keeps its first items', () => {
    const list = limitTexts(
      Array.from({ length: 10_000 }, (_, i) => i),
      { remaining: 800 },
    );
    expect(list.length).toBe(99);
    expect(list[98]).toBe(98);
  });
});

describe('the outputs of a job', () => {
  const text = 'y'.repeat(2 * MAX_TEXT);

  it('are limited for each node, in the message and in the history', () => {
    const messages = createClientMessages(JOB, () => 0);
    const sent = messages.event({ type: 'executed', nodeId: '1', ui: { text: [text] } });
    for (const event of sent)
      if (event.type === 'message') expect(event.text.length).toBeLessThan(1.1 * MAX_TEXT);
    const stored = JSON.parse(messages.end('success').result.outputs)['1'].text[0];
    expect(stored).toMatch(/y… \(cut: the text has 2097152 characters\)$/);
  });

  it('are limited together, and each node keeps a part', () => {
    const messages = createClientMessages(JOB, () => 0);
    for (let i = 0; i < 40; i++)
      messages.event({ type: 'executed', nodeId: `${i}`, ui: { text: [text] } });
    const cached = { last: { text: [text] } };
    const { outputs } = messages.end('success', undefined, cached).result;
    expect(outputs.length).toBeLessThan(1.1 * MAX_JOB);
    expect(JSON.parse(outputs)['39'].text[0]).toMatch(/^y{200}… \(cut/);
    expect(JSON.parse(outputs).last.text[0]).toMatch(/^y{200}… \(cut/);
  });
});
