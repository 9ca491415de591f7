// Adds a counter to every branch of a module, and collects the words that it compares with.
import { type types as BabelTypes, type NodePath, transformSync } from '@babel/core';

export interface Instrumented {
  readonly code: string;
  /** The number of the next counter. */
  readonly next: number;
  readonly words: readonly string[];
}

const MAX_WORD = 24;

/** `first` is the number of the first counter. `code` is a JavaScript module. */
export function instrument(code: string, first: number): Instrumented {
  let next = first;
  const words = new Set<string>();
  const plugin = ({ types: t }: { types: typeof BabelTypes }) => {
    const counter = () =>
      t.updateExpression(
        '++',
        t.memberExpression(t.identifier('$counters'), t.numericLiteral(next++), true),
      );
    const count = () => t.expressionStatement(counter());
    const inSequence = (expression: BabelTypes.Expression) =>
      t.sequenceExpression([counter(), expression]);
    const inBlock = (statement: BabelTypes.Statement) => t.blockStatement([count(), statement]);
    const inLoop = ({ node }: NodePath<BabelTypes.Loop>): void => {
      node.body = inBlock(node.body);
    };
    return {
      visitor: {
        Function: ({ node }: NodePath<BabelTypes.Function>) => {
          if (t.isBlockStatement(node.body)) node.body.body.unshift(count());
          else node.body = inSequence(node.body);
        },
        IfStatement: ({ node }: NodePath<BabelTypes.IfStatement>) => {
          node.consequent = inBlock(node.consequent);
          node.alternate = node.alternate ? inBlock(node.alternate) : t.blockStatement([count()]);
        },
        Loop: inLoop,
        SwitchCase: ({ node }: NodePath<BabelTypes.SwitchCase>) => {
          node.consequent.unshift(count());
        },
        CatchClause: ({ node }: NodePath<BabelTypes.CatchClause>) => {
          node.body.body.unshift(count());
        },
        LogicalExpression: ({ node }: NodePath<BabelTypes.LogicalExpression>) => {
          node.right = inSequence(node.right);
        },
        ConditionalExpression: ({ node }: NodePath<BabelTypes.ConditionalExpression>) => {
          node.consequent = inSequence(node.consequent);
          node.alternate = inSequence(node.alternate);
        },
        StringLiteral: ({ node }: NodePath<BabelTypes.StringLiteral>) => {
          if (node.value.length > 0 && node.value.length <= MAX_WORD) words.add(node.value);
        },
      },
    };
  };
  const result = transformSync(code, {
    plugins: [plugin],
    configFile: false,
    babelrc: false,
    compact: false,
    sourceType: 'module',
  });
  return {
    code: `const $counters = globalThis.$counters;\n${result?.code}`,
    next,
    words: [...words],
  };
}
