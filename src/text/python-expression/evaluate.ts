// Evaluates an expression of Python as simpleeval does: numbers, texts, lists that are given,
// operators, comparisons, conditions and some functions. Nothing else of Python can be reached.
import { BINARY, COMPARISONS, UNARY } from './arithmetic.ts';
import { FUNCTIONS } from './functions.ts';
import { type Token, tokensOf } from './tokens.ts';
import { fail, integerOf, isTrue, type PythonValue, typeOf } from './values.ts';

/** A part of an expression, to be evaluated when it is needed. */
interface Part {
  readonly depth: number;
  readonly value: () => PythonValue;
}

/** Brackets and signs inside one another, as in Python. */
const MAX_NESTING = 200;
/** Operators in a row; simpleeval's limit is near. */
const MAX_DEPTH = 400;
const MAX_CHARACTERS = 20_000;

/** Operators from the weakest on; those of one row are evaluated from the left. */
const LEVELS: readonly (readonly string[])[] = [
  ['|'],
  ['^'],
  ['&'],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '//', '%'],
];

const CONSTANTS: ReadonlyMap<string, PythonValue> = new Map<string, PythonValue>([
  ['True', true],
  ['False', false],
  ['None', null],
]);
/** Words that are no names. */
const KEYWORDS: ReadonlySet<string> = new Set(
  'and as assert async await break class continue def del elif else except finally for from global \
if import in is lambda nonlocal not or pass raise return try while with yield'.split(' '),
);

/**
 * The value of an expression with these names. As in simpleeval, only the first statement counts,
 * and an assignment has the value that is assigned. Throws ExpressionError.
 */
export function evaluateExpression(
  text: string,
  names: ReadonlyMap<string, PythonValue>,
): PythonValue {
  if (text.length > MAX_CHARACTERS)
    return fail(`an expression of more than ${MAX_CHARACTERS} characters`);
  return new Parser(tokensOf(text), names).statement().value();
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #names: ReadonlyMap<string, PythonValue>;
  #position = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], names: ReadonlyMap<string, PythonValue>) {
    this.#tokens = tokens;
    this.#names = names;
  }

  statement(): Part {
    let value = this.#expression();
    while (this.#takeOperator('=') || this.#takeAssignment()) value = this.#expression();
    if (this.#next.kind !== 'end') return fail(`invalid syntax at ${shown(this.#next)}`);
    return value;
  }

  get #next(): Token {
    return this.#tokens[this.#position];
  }

  #isNext(kind: 'operator' | 'name', text: string, ahead = 0): boolean {
    const token = this.#tokens[this.#position + ahead];
    return token?.kind === kind && token.text === text;
  }

  #take(kind: 'operator' | 'name', text: string): boolean {
    if (!this.#isNext(kind, text)) return false;
    this.#position++;
    return true;
  }

  #takeOperator = (text: string): boolean => this.#take('operator', text);
  #takeWord = (text: string): boolean => this.#take('name', text);

  #takeAssignment(): boolean {
    const token = this.#next;
    const isAssignment =
      token.kind === 'operator' && /^(?:[-+*/%&|^]|\*\*|\/\/|<<|>>)=$/.test(token.text);
    if (isAssignment) this.#position++;
    return isAssignment;
  }

  #expect(text: string): void {
    if (!this.#takeOperator(text)) fail(`expected '${text}' at ${shown(this.#next)}`);
  }

  /** Parses something that may contain itself. */
  #nested(parse: () => Part): Part {
    if (++this.#depth > MAX_NESTING) return fail('the expression is nested too deep');
    const part = parse();
    this.#depth--;
    return part;
  }

  #expression(): Part {
    return this.#nested(() => {
      const value = this.#or();
      if (!this.#takeWord('if')) return value;
      const condition = this.#or();
      if (!this.#takeWord('else')) return fail("expected 'else' after 'if' expression");
      const other = this.#expression();
      return partOf([value, condition, other], () =>
        isTrue(condition.value()) ? value.value() : other.value(),
      );
    });
  }

  #or(): Part {
    return this.#chain('or', () => this.#and(), isTrue);
  }

  #and(): Part {
    return this.#chain(
      'and',
      () => this.#not(),
      (value) => !isTrue(value),
    );
  }

  /** Operands joined by a word: the first that `decides`, else the last. */
  #chain(word: string, parse: () => Part, decides: (value: PythonValue) => boolean): Part {
    const operands = [parse()];
    while (this.#takeWord(word)) operands.push(parse());
    if (operands.length === 1) return operands[0];
    return partOf(operands, () => {
      let value: PythonValue = false;
      for (const operand of operands) {
        value = operand.value();
        if (decides(value)) break;
      }
      return value;
    });
  }

  #not(): Part {
    if (!this.#takeWord('not')) return this.#comparison();
    const operand = this.#nested(() => this.#not());
    return partOf([operand], () => UNARY['not'](operand.value()));
  }

  #comparison(): Part {
    const operands = [this.#binary(0)];
    const tests: string[] = [];
    for (let test = this.#takeComparison(); test !== undefined; test = this.#takeComparison()) {
      tests.push(test);
      operands.push(this.#binary(0));
    }
    if (tests.length === 0) return operands[0];
    return partOf(operands, () => {
      let left = operands[0].value();
      let result: PythonValue = true;
      for (const [i, test] of tests.entries()) {
        if (!isTrue(result)) break;
        const right = operands[i + 1].value();
        result = COMPARISONS[test](left, right);
        left = right;
      }
      return result;
    });
  }

  #takeComparison(): string | undefined {
    const token = this.#next;
    if (token.kind === 'operator' && Object.hasOwn(COMPARISONS, token.text)) {
      this.#position++;
      return token.text;
    }
    if (this.#takeWord('in')) return 'in';
    if (this.#takeWord('is')) return this.#takeWord('not') ? 'is not' : 'is';
    if (!this.#isNext('name', 'not') || !this.#isNext('name', 'in', 1)) return undefined;
    this.#position += 2;
    return 'not in';
  }

  #binary(level: number): Part {
    if (level === LEVELS.length) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const token = this.#next;
      if (token.kind !== 'operator' || !LEVELS[level].includes(token.text)) return left;
      this.#position++;
      const [first, second] = [left, this.#binary(level + 1)];
      left = partOf([first, second], () => BINARY[token.text](first.value(), second.value()));
    }
  }

  #unary(): Part {
    const token = this.#next;
    if (token.kind !== 'operator' || !['-', '+', '~'].includes(token.text)) return this.#power();
    this.#position++;
    const operand = this.#nested(() => this.#unary());
    return partOf([operand], () => UNARY[token.text](operand.value()));
  }

  #power(): Part {
    const base = this.#postfix();
    if (!this.#takeOperator('**')) return base;
    const exponent = this.#nested(() => this.#unary());
    return partOf([base, exponent], () => BINARY['**'](base.value(), exponent.value()));
  }

  #postfix(): Part {
    let value = this.#atom();
    for (;;) {
      if (this.#takeOperator('[')) value = this.#subscript(value);
      else if (this.#isNext('operator', '.')) return fail('attributes are not available');
      else if (this.#isNext('operator', '(')) return fail('only functions can be called');
      else return value;
    }
  }

  #atom(): Part {
    const token = this.#next;
    this.#position++;
    if (token.kind === 'value') return partOf([], () => token.value);
    if (token.kind === 'name') return this.#name(token.text);
    if (token.kind === 'operator' && token.text === '(') {
      const inside = this.#expression();
      if (this.#isNext('operator', ',')) return fail('tuples are not available');
      this.#expect(')');
      return inside;
    }
    if (token.kind === 'operator' && '[{'.includes(token.text))
      return fail('lists and dictionaries are not available');
    return fail(`invalid syntax at ${shown(token)}`);
  }

  #name(name: string): Part {
    if (KEYWORDS.has(name)) return fail(`invalid syntax at '${name}'`);
    if (this.#takeOperator('(')) return this.#call(name);
    const constant = CONSTANTS.get(name);
    if (constant !== undefined) return partOf([], () => constant);
    return partOf(
      [],
      () =>
        this.#names.get(name) ??
        FUNCTIONS.get(name) ??
        fail(`'${name}' is not defined; the names are ${[...this.#names.keys()].join(', ')}`),
    );
  }

  #call(name: string): Part {
    const values: Part[] = [];
    while (!this.#takeOperator(')')) {
      values.push(this.#expression());
      if (this.#isNext('operator', '=')) return fail('arguments by name are not available');
      if (!this.#isNext('operator', ')')) this.#expect(',');
    }
    return partOf(values, () => {
      const found =
        FUNCTIONS.get(name) ??
        fail(
          `function '${name}' is not defined; functions are ${[...FUNCTIONS.keys()].join(', ')}`,
        );
      return found.call(...values.map((one) => one.value()));
    });
  }

  /** `[index]` or `[from:to:step]` behind a value. */
  #subscript(container: Part): Part {
    const bounds: (Part | undefined)[] = [this.#bound()];
    while (bounds.length < 3 && this.#takeOperator(':')) bounds.push(this.#bound());
    this.#expect(']');
    const given = bounds.filter((bound) => bound !== undefined);
    const [index] = bounds;
    if (bounds.length > 1)
      return partOf([container, ...given], () =>
        sliceOf(
          container.value(),
          bounds.map((bound) => bound?.value() ?? null),
        ),
      );
    if (!index) return fail('invalid syntax: [] without an index');
    return partOf([container, index], () => itemOf(container.value(), index.value()));
  }

  #bound(): Part | undefined {
    return this.#isNext('operator', ':') || this.#isNext('operator', ']')
      ? undefined
      : this.#expression();
  }
}

function partOf(parts: readonly Part[], value: () => PythonValue): Part {
  const depth = 1 + parts.reduce((deepest, part) => Math.max(deepest, part.depth), 0);
  return depth > MAX_DEPTH ? fail('the expression has too many parts in a row') : { depth, value };
}

const shown = (token: Token): string =>
  token.kind === 'end'
    ? 'the end'
    : `'${token.kind === 'value' ? String(token.value) : token.text}'`;

const indexError = (value: PythonValue): never => fail(`'${typeOf(value)}' object has no items`);

function itemOf(container: PythonValue, index: PythonValue): PythonValue {
  if (typeof container !== 'string' && !Array.isArray(container)) return indexError(container);
  const items: readonly PythonValue[] =
    typeof container === 'string' ? Array.from(container) : container;
  const at = integerOf(index) ?? fail(`indices must be integers, not ${typeOf(index)}`);
  const item = items[Number(at < 0n ? at + BigInt(items.length) : at)];
  return item === undefined ? fail('index out of range') : item;
}

/** `container[from:to:step]` */
function sliceOf(container: PythonValue, bounds: readonly PythonValue[]): PythonValue {
  if (typeof container !== 'string' && !Array.isArray(container)) return indexError(container);
  const items: readonly PythonValue[] =
    typeof container === 'string' ? Array.from(container) : container;
  const [from, to, by = null] = bounds.map((bound) =>
    bound === null
      ? null
      : Number(integerOf(bound) ?? fail('slice indices must be integers or None')),
  );
  const step = by ?? 1;
  if (step === 0) return fail('slice step cannot be zero');
  const { length } = items;
  const clamp = (value: number, low: number, high: number): number =>
    Math.max(low, Math.min(high, value < 0 ? value + length : value));
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
  const start = from === null ? (step > 0 ? low : high) : clamp(from, low, high);
  const end = to === null ? (step > 0 ? high : low) : clamp(to, low, high);
  const chosen: PythonValue[] = [];
  for (let i = start; step > 0 ? i < end : i > end; i += step) chosen.push(items[i]);
  return typeof container === 'string' ? chosen.join('') : chosen;
}
