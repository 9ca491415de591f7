// Answers to POST /prompt that changed between releases, beside those of both (test/golden/versions/
// make_validation.py).
import { describe, expect, it } from 'vitest';
import { golden } from '../../../test/support/golden.ts';
import { dumpsJson } from '../../formats/dumps-json.ts';
import { parseJson } from '../../formats/parse-json.ts';
import { combo, defineNode, type NodeDeclaration, output, socket } from '../../nodes/declare.ts';
import { behaviourOf } from '../../nodes/versions/behaviour-changes.ts';
import { COMFYUI_VERSIONS } from '../../nodes/versions/comfyui-versions.ts';
import { readWorkflow } from '../read/read.ts';
import { errorResponse, validate } from './validate.ts';
import { createValidationEnvironment } from './validation-environment.ts';

const common = {
  category: 'test',
  run: () => {
    throw new Error('a test node was run');
  },
};
const NODES: readonly NodeDeclaration[] = [
  defineNode({
    ...common,
    type: 'TestAdd',
    display: 'Add',
    inputs: { a: socket('INT'), b: socket('INT') },
    outputs: [output('INT')],
  }),
  defineNode({
    ...common,
    type: 'TestChoose',
    display: 'Choose',
    inputs: { choice: combo(['euler', "it's"]) },
    outputs: [output('INT')],
  }),
  defineNode({
    ...common,
    type: 'TestSave',
    display: 'Save',
    outputNode: true,
    inputs: { value: socket('INT') },
    outputs: [],
  }),
];
const TABLE = new Map(NODES.map((node) => [node.type, node]));
const FOLDERS = {
  modelFiles: () => [],
  inputFiles: () => [],
  hasInput: () => false,
  wildcards: () => new Map(),
};

interface Answer {
  readonly error: { details?: string } | null;
  readonly node_errors: Record<string, { errors: { extra_info: Record<string, unknown> }[] }>;
}

describe.each(COMFYUI_VERSIONS)('ComfyUI %s', (version) => {
  const forms = behaviourOf(version);
  const { cases } = golden('versions', `validation_${version}`);

  it.each(cases.map((one) => [one.id, one]))('%s', (_, { params, scalars }) => {
    const { graph } = readWorkflow(parseJson(JSON.stringify(params.prompt)));
    const validation = validate(graph, TABLE, createValidationEnvironment(FOLDERS, forms));
    const answer: Answer = JSON.parse(dumpsJson(errorResponse(validation)));
    for (const { errors } of Object.values(answer.node_errors))
      for (const { extra_info } of errors) delete extra_info['input_config'];
    expect(answer).toEqual({ error: scalars!.error, node_errors: scalars!.node_errors });
    expect(validation.outputs).toEqual(scalars!.outputs);
  });
});
