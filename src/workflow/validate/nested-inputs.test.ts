// Errors of inputs that are several in a prompt, as ComfyUI 0.33.0 returns them where it checks
// them at all (execution.py, validate_inputs).
import { expect, it } from 'vitest';
import { NODES } from '../../nodes/index.ts';
import { readWorkflow } from '../read/read.ts';
import { validate } from './validate.ts';

const environment = {
  modelFiles: () => [],
  inputFiles: () => [],
  hasInput: () => false,
  wildcards: () => new Map(),
};
const node = (class_type: string, inputs: object) => ({ class_type, inputs });
const image = node('EmptyImage', { width: 8, height: 8, batch_size: 1, color: 0 });
const latent = node('EmptyLatentImage', { width: 64, height: 64, batch_size: 1 });

/** Validates one node whose output is shown. */
function check(classType: string, inputs: object) {
  const prompt = {
    image,
    latent,
    node: node(classType, inputs),
    out: node('PreviewAny', { source: ['node', 0] }),
  };
  const { nodeErrors, problems, graph } = validate(
    readWorkflow(prompt as never).graph,
    NODES,
    environment,
  );
  return {
    errors: nodeErrors.get('node')?.errors ?? [],
    problem: problems[0],
    inputs: graph.get('node')?.inputs,
  };
}

const resize = (inputs: object) =>
  check('ResizeImageMaskNode', { input: ['image', 0], scale_method: 'area', ...inputs });

it('values of a choice are converted and checked', () => {
  const { errors, inputs } = resize({ resize_type: 'scale width', 'resize_type.width': '64' });
  expect(errors).toEqual([]);
  expect(inputs).toMatchObject({ 'resize_type.width': 64 });
  const large = resize({ resize_type: 'scale width', 'resize_type.width': 20_000 });
  expect(large.errors[0]).toMatchObject({
    type: 'value_bigger_than_max',
    details: 'resize_type.width',
  });
});

it('an input of another choice is not checked', () => {
  const other = { resize_type: 'scale width', 'resize_type.width': 64, 'resize_type.height': -1 };
  expect(resize(other).errors).toEqual([]);
});

it('an input of the choice that is missing is named; ComfyUI says the last part of the name', () => {
  const { errors, problem } = resize({ resize_type: 'scale width' });
  expect(errors).toEqual([
    {
      type: 'required_input_missing',
      message: 'Required input is missing',
      details: 'width',
      extra_info: { input_name: 'resize_type.width' },
    },
  ]);
  expect(problem.message).toBe(
    "ResizeImageMaskNode (node node) has no value for 'resize_type.width'",
  );
});

it.each([
  [{}, 'required_input_missing', "has no value for 'resize_type'"],
  [
    { resize_type: 'scale widht' },
    'value_not_in_list',
    "is 'scale widht', which is not in the list",
  ],
  [{ resize_type: ['image', 0] }, 'return_type_mismatch', "can't be connected to another node"],
])('a choice must be one of the options: %j', (inputs, type, message) => {
  const { errors, problem } = resize(inputs);
  expect(errors.map((error) => error.type)).toEqual([type]);
  expect(problem.message).toContain(message);
  if (type === 'value_not_in_list') expect(problem.hint).toContain("'scale width'");
});

it('the first inputs of one that grows must be given', () => {
  const { errors, problem } = check('BatchImagesNode', { 'images.image1': ['image', 0] });
  expect(errors).toMatchObject([
    {
      type: 'required_input_missing',
      details: 'image0',
      extra_info: { input_name: 'images.image0' },
    },
  ]);
  expect(problem.message).toBe("BatchImagesNode (node node) has no value for 'images.image0'");
  expect(check('BatchImagesNode', { 'images.image0': ['image', 0] }).errors).toEqual([]);
});

it('inputs of one that grows have its type', () => {
  const images = { 'images.image0': ['image', 0], 'images.image7': ['latent', 0] };
  expect(check('BatchImagesNode', images).errors).toMatchObject([
    { type: 'return_type_mismatch', extra_info: { input_name: 'images.image7' } },
  ]);
});

it('links beyond the last input of one that grows are named', () => {
  const images = { 'images.image0': ['image', 0], 'images.image50': ['image', 0] };
  const { errors, problem } = check('BatchImagesNode', images);
  expect(errors).toMatchObject([{ type: 'custom_validation_failed' }]);
  expect(problem.message).toBe("BatchImagesNode (node node) has no input 'images.image50'");
  expect(problem.hint).toBe("It can have 50 of them, from 'images.image0' to 'images.image49'.");
});

it('sockets of a common type accept the types that are allowed', () => {
  const { problem } = check('ResizeImageMaskNode', {
    input: ['latent', 0],
    scale_method: 'area',
    resize_type: 'scale width',
    'resize_type.width': 64,
  });
  expect(problem.message).toContain(
    "'input' of ResizeImageMaskNode (node node) expects IMAGE,MASK",
  );
});

it('a custom choice needs no list, and unknown inputs are ignored', () => {
  const inputs = { choice: 'b', index: 1, option1: 'a', option2: 'b', option3: '', other: 1 };
  expect(check('CustomCombo', inputs).errors).toEqual([]);
});
