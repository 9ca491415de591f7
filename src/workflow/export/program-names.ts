// Names the variables of a program after titles, roles and node types.
import { DarkroomError } from '../../errors.ts';
import { entriesOf, type JsonObject } from '../../formats/json.ts';
import { inputOf, type NodeDeclaration } from '../../nodes/declare.ts';
import { flatDeclaration } from '../../nodes/nested-inputs.ts';
import { type Graph, linkOf } from '../api-graph.ts';
import { isIdentifier, outputKeys, quote } from '../builder/names.ts';
import type { NodeTable } from '../node-table.ts';

/** Names that variables of a program may not have. */
const RESERVED = new Set(
  [
    'arguments await break case catch class const continue debugger default delete do else enum',
    'eval export extends false finally for function if implements import in instanceof interface',
    'let new null package private protected public return static super switch this throw true try',
    'typeof undefined var void while with yield',
    'graph nodes openDarkroom darkroom workflow result image console process',
  ].flatMap((line) => line.split(' ')),
);

/** A use of an output: a link that starts at it. */
interface OutputUse {
  readonly slot: number;
  /** Name of the input that the link ends at. */
  readonly input: string;
}

export class ProgramNames {
  readonly #graph: Graph;
  readonly #nodes: NodeTable;
  readonly #usedNames: Set<string>;
  /** The next number to try for a name. */
  readonly #nextNumbers = new Map<string, number>();
  readonly #uses = new Map<string, OutputUse[]>();
  readonly #typeCounts = new Map<string, number>();
  /** The variable of a node, by node id. */
  readonly #variables = new Map<string, string>();
  /** The variables of single outputs, by node id and slot. */
  readonly #outputVariables = new Map<string, ReadonlyMap<number, string>>();

  /** `order`: the ids of the nodes in the program, in its order. */
  constructor(graph: Graph, nodes: NodeTable, order: readonly string[]) {
    this.#graph = graph;
    this.#nodes = nodes;
    this.#usedNames = new Set([...RESERVED, ...nodes.keys()]);
    for (const id of order) this.#countUses(id);
    for (const id of order) this.#name(id);
  }

  /** The variable of a node. */
  variable(id: string): string {
    return this.#variables.get(id)!;
  }

  /** The expression for an output. Throws DR_WORKFLOW_INVALID for an output that does not exist. */
  link(id: string, slot: number): string {
    const ofOutput = this.#outputVariables.get(id)?.get(slot);
    if (ofOutput !== undefined) return ofOutput;
    const key = outputKeys(this.#declarationOf(id).outputs)[slot];
    if (key === undefined)
      throw new DarkroomError('DR_WORKFLOW_INVALID', {
        message: `a connection comes from output ${slot} of node ${id}, which has no such output`,
        hint: 'Correct the connection in ComfyUI and export the workflow again.',
        nodeId: id,
      });
    const variable = this.variable(id);
    if (typeof key === 'number') return `${variable}[${key}]`;
    return isIdentifier(key) ? `${variable}.${key}` : `${variable}[${quote(key)}]`;
  }

  /** The statement that assigns the node created by `call`. */
  declaration(id: string, call: string): string {
    const outputs = this.#outputVariables.get(id);
    return outputs
      ? `const { ${[...outputs.values()].join(', ')} } = ${call};`
      : `const ${this.variable(id)} = ${call};`;
  }

  #declarationOf(id: string): NodeDeclaration {
    const { classType, inputs } = this.#graph.get(id)!;
    return flatDeclaration(this.#nodes.get(classType)!, inputs);
  }

  #countUses(id: string): void {
    const { classType, inputs } = this.#graph.get(id)!;
    this.#typeCounts.set(classType, (this.#typeCounts.get(classType) ?? 0) + 1);
    for (const [input, value] of entriesOf(inputs as JsonObject)) {
      const link = inputOf(this.#declarationOf(id), input) && linkOf(value);
      if (!link) continue;
      const use = { slot: link.slot, input };
      const uses = this.#uses.get(link.id);
      if (uses) uses.push(use);
      else this.#uses.set(link.id, [use]);
    }
  }

  /**
   * Names the used outputs of a node with several outputs if their own names are free, else the
   * node.
   */
  #name(id: string): void {
    const { outputs, outputNode } = this.#declarationOf(id);
    const keys = outputKeys(outputs);
    const used = [...new Set(this.#uses.get(id)?.map(({ slot }) => slot))].sort((a, b) => a - b);
    const isFree = (slot: number): boolean => {
      const key = keys[slot];
      return typeof key === 'string' && isIdentifier(key) && !this.#usedNames.has(key);
    };
    if (!outputNode && outputs.length > 1 && used.length > 0 && used.every(isFree)) {
      const names = used.map((slot) => [slot, this.#reserve(keys[slot] as string)] as const);
      this.#outputVariables.set(id, new Map(names));
    } else this.#variables.set(id, this.#reserve(this.#preferredName(id)));
  }

  /**
   * The node's own title; else the input that it is linked to, if other nodes have the same type;
   * else its type.
   */
  #preferredName(id: string): string {
    const { title, classType } = this.#graph.get(id)!;
    if (title !== undefined && title !== classType && title !== this.#declarationOf(id).display) {
      const name = camelCase(title);
      if (name !== '') return name;
    }
    const [role, ...others] = new Set(this.#uses.get(id)?.map(({ input }) => input));
    const hasRole = role !== undefined && others.length === 0;
    const sharesType = this.#typeCounts.get(classType)! > 1;
    return camelCase(sharesType && hasRole ? role : classType) || 'node';
  }

  /** Returns the name, with a number if it is in use, and marks it as used. */
  #reserve(preferred: string): string {
    let name = preferred;
    let number = this.#nextNumbers.get(preferred) ?? 2;
    while (this.#usedNames.has(name)) name = `${preferred}${number++}`;
    this.#nextNumbers.set(preferred, number);
    this.#usedNames.add(name);
    return name;
  }
}

/**
 * `Positive prompt` -> positivePrompt, `CLIPTextEncode` -> clipTextEncode; empty when nothing is
 * left.
 */
export function camelCase(text: string): string {
  const words =
    text
      .normalize('NFC')
      .match(/(?:\p{Lu}(?!\p{Ll}))+|\p{Lu}?\p{Ll}+|[\p{Lo}\p{Lm}]+|\d+\p{Ll}*/gu) ?? [];
  const name = words
    .map((word, i) =>
      i === 0 ? word.toLowerCase() : word[0].toUpperCase() + word.slice(1).toLowerCase(),
    )
    .join('');
  return /^\d/.test(name) ? `_${name}` : name;
}
