import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DarkroomError } from '../errors.ts';
import { readWorkflowFile } from './read.ts';

const dir = mkdtempSync(join(tmpdir(), 'darkroom-read-'));
function read(name: string, content?: string | Uint8Array): DarkroomError | ReturnType<typeof readWorkflowFile> {
  const file = join(dir, name);
  if (content !== undefined) writeFileSync(file, content);
  try {
    return readWorkflowFile(file);
  } catch (error) {
    if (error instanceof DarkroomError) return error;
    throw error;
  }
}

describe('workflow files', () => {
  it('keeps node order, titles and big numbers; a byte order mark is nothing', () => {
    const text =
      '\ufeff{"10": {"class_type": "A", "inputs": {"seed": 18446744073709551615}}, "2": {"class_type": "B", "inputs": {}, "_meta": {"title": "T"}}}';
    const workflow = read('good.json', text);
    if (workflow instanceof DarkroomError) throw workflow;
    expect([...workflow.graph.keys()]).toEqual(['10', '2']);
    expect(workflow.graph.get('10')?.inputs['seed']).toBe(18446744073709551615n);
    expect(workflow.graph.get('2')?.title).toBe('T');
  });

  it('takes the body of POST /prompt with the workflow that goes into pictures', () => {
    const workflow = read(
      'body.json',
      '{"prompt": {"1": {"class_type": "A", "inputs": {}}}, "extra_data": {"extra_pnginfo": {"workflow": {"nodes": []}}}}',
    );
    expect(workflow).toMatchObject({ extra: { workflow: { nodes: [] } } });
  });

  it.each([
    ['empty.json', ' \n', 'DR_JSON_INVALID', 'is empty'],
    ['cut.json', '{"1": {"class_type": "A", ', 'DR_JSON_INVALID', 'line 1'],
    ['list.json', '[1]', 'DR_WORKFLOW_INVALID', 'not an object'],
    ['none.json', '{}', 'DR_WORKFLOW_INVALID', 'no nodes'],
    ['value.json', '{"1": 5}', 'DR_WORKFLOW_INVALID', "'1', which is not a node"],
    ['inputs.json', '{"1": {"class_type": "A"}}', 'DR_WORKFLOW_INVALID', "without 'inputs'"],
    ['ui.json', '{"nodes": [], "links": []}', 'DR_WORKFLOW_INVALID', 'no nodes that run'],
    ['a.png', new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]), 'DR_WORKFLOW_FORMAT', 'PNG picture'],
    ['gone.json', undefined, 'DR_FILE_MISSING', 'there is no file'],
    ['', undefined, 'DR_FILE_UNREADABLE', 'is a folder'],
  ])('%s', (name, content, code, message) => {
    const error = read(name, content) as DarkroomError;
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(error.hint).toBeTruthy();
  });

  it('a file name that is nearly right is suggested', () => {
    read('portrait.json', '{}');
    expect((read('portriat.json') as DarkroomError).hint).toBe("Did you mean 'portrait.json'?");
  });
});
