// Nodes that compute with numbers.
// Source: ComfyUI 0.33.0 comfy_extras/nodes_math.py, nodes_number_convert.py.
import { DarkroomError } from '../../../../errors.ts';
import { evaluateExpression } from '../../../../text/python-expression/evaluate.ts';
import {
  ExpressionError,
  isTrue,
  type PythonValue,
  textOf,
  truncated,
  typeOf,
} from '../../../../text/python-expression/values.ts';
import { parseFloatText, parseIntegerText } from '../../../../text/python-numbers.ts';
import {
  autogrowNames,
  defineNode,
  type NodeDeclaration,
  output,
  outputs,
  socket,
  string,
} from '../../../declare.ts';
import { intValue, pythonValue } from '../../../shared/python-values.ts';

const category = 'utilities';

/** The names of values: a to z. */
export const LETTERS: readonly string[] = [...'abcdefghijklmnopqrstuvwxyz'];

const ComfyMathExpression = defineNode({
  type: 'ComfyMathExpression',
  display: 'Math Expression',
  category,
  inputs: {
    expression: string({ default: 'a + b', multiline: true }),
    values: autogrowNames('value', socket('FLOAT,INT,BOOLEAN'), LETTERS),
  },
  outputs: [output('FLOAT'), output('INT'), output('BOOLEAN', 'BOOL')],
  run({ expression, values }, context) {
    const names = Object.entries(values).map(([name, value]): [string, PythonValue] => [
      name,
      expressionValue(name, pythonValue(value, context.inputType(`values.${name}`))),
    ]);
    const all = new Map(names).set(
      'values',
      names.map(([, value]) => value),
    );
    return outputs(...evaluated(expression, all));
  },
});

function expressionValue(name: string, value: unknown): PythonValue {
  if (value === undefined || value === null) return null;
  if (['bigint', 'number', 'boolean', 'string'].includes(typeof value)) return value as PythonValue;
  throw new DarkroomError('DR_INPUT_INVALID', {
    message: `'values.${name}' is not a number`,
    hint: 'Connect a number or a switch.',
    input: `values.${name}`,
  });
}

/** The result of an expression as float, int and bool. Throws DR_INPUT_INVALID. */
function evaluated(
  expression: string,
  names: ReadonlyMap<string, PythonValue>,
): [number, number | bigint, boolean] {
  const invalid = (problem: string): DarkroomError =>
    new DarkroomError('DR_INPUT_INVALID', {
      message: `the expression '${shortened(expression)}' ${problem}`,
      hint: 'Write a formula of Python with the values a, b, c … and functions such as round or max.',
      input: 'expression',
    });
  if (expression.trim() === '') throw invalid('is empty');
  let result: PythonValue;
  try {
    result = evaluateExpression(expression, names);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    throw invalid(`can't be evaluated: ${error.message}`);
  }
  if (typeof result !== 'bigint' && typeof result !== 'number' && typeof result !== 'boolean')
    throw invalid(`must give a number, and gives ${typeOf(result)}: ${textOf(result)}`);
  const float = Number(result);
  if (!Number.isFinite(float))
    throw invalid(
      typeof result === 'bigint'
        ? 'gives a number that is too large'
        : `gives ${textOf(result)}, which is no finite number`,
    );
  const integer = typeof result === 'number' ? truncated(result) : BigInt(result);
  return [float, intValue(integer), isTrue(result)];
}

const MAX_SHOWN = 80;
const shortened = (text: string): string =>
  text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;

const ComfyNumberConvert = defineNode({
  type: 'ComfyNumberConvert',
  display: 'Convert Number',
  category,
  inputs: { value: socket('INT,FLOAT,STRING,BOOLEAN') },
  outputs: [output('FLOAT'), output('INT')],
  run({ value }, context) {
    const [float, integer] = convertedNumber(pythonValue(value, context.inputType('value')));
    return outputs(float, intValue(integer));
  },
});

/** A value as float and int. Throws DR_INPUT_INVALID for what is no finite number. */
function convertedNumber(value: unknown): [number, bigint] {
  const invalid = (problem: string): DarkroomError =>
    new DarkroomError('DR_INPUT_INVALID', {
      message: `'value' ${problem}`,
      hint: 'Give a number, a switch, or a text that is a number.',
      input: 'value',
    });
  if (typeof value === 'boolean') return [Number(value), BigInt(value)];
  if (typeof value !== 'bigint' && typeof value !== 'number' && typeof value !== 'string')
    throw invalid('is no number and no text');
  if (typeof value === 'string' && value.trim() === '') throw invalid('is an empty text');
  const float = typeof value === 'string' ? parseFloatText(value) : Number(value);
  if (float === undefined) throw invalid(`is '${shortened(String(value))}', which is no number`);
  if (!Number.isFinite(float)) throw invalid('is not a finite number, or is too large for one');
  const integer = typeof value === 'string' ? parseIntegerText(value) : undefined;
  return [float, typeof value === 'bigint' ? value : (integer ?? truncated(float))];
}

export const NUMBER_NODES: readonly NodeDeclaration[] = [ComfyMathExpression, ComfyNumberConvert];
