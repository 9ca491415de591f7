// What prompts name that does not exist: embeddings and lists of wildcards. A workflow runs without
// them, to another image.
import { didYouMean } from '../../near-matches.ts';
import type { NodeEnvironment } from '../../nodes/context.ts';
import type { StringInput } from '../../nodes/input-types.ts';
import { findEmbeddingFile } from '../../text/embeddings.ts';
import { embeddingNames } from '../../text/token-groups.ts';
import { missingWildcards } from '../../text/wildcards.ts';
import type { Graph } from '../api-graph.ts';
import type { NodeTable } from '../node-table.ts';

/** A text of a node. */
interface NodeText {
  readonly text: string;
  readonly input: StringInput;
  /** `CLIPTextEncode (node 2)` */
  readonly place: string;
}

/** Returns one sentence for each embedding and each list that the texts of a graph lack. */
export function missingFromTexts(
  graph: Graph,
  nodes: NodeTable,
  environment: NodeEnvironment,
): string[] {
  const texts = textsIn(graph, nodes);
  return [
    ...new Set(
      texts.flatMap((one) => [...embeddings(one, environment), ...lists(one, environment)]),
    ),
  ];
}

function textsIn(graph: Graph, nodes: NodeTable): NodeText[] {
  return [...graph].flatMap(([id, { classType, inputs }]) =>
    Object.entries(nodes.get(classType)?.inputs ?? {}).flatMap(([name, input]): NodeText[] => {
      const text = inputs[name];
      return input.kind === 'STRING' && typeof text === 'string'
        ? [{ text, input, place: `${classType} (node ${id})` }]
        : [];
    }),
  );
}

/** A text with choices is another text when it is encoded. */
const CHOICE = /[{|}]/;

function embeddings({ text, input, place }: NodeText, environment: NodeEnvironment): string[] {
  if (!text.includes('embedding:') || (input.wildcards && CHOICE.test(text))) return [];
  const files = environment.modelFiles('embeddings');
  return namesIn(text)
    .filter((names) => names.every((name) => findEmbeddingFile(name, files) === undefined))
    .map((names) => {
      const name = names.at(-1)!;
      return hinted(
        `embedding:${name} of ${place} does not exist and is left out of the prompt; it belongs ` +
          "in the folder 'embeddings' of a models folder",
        didYouMean(name, files),
      );
    });
}

/** The names of the embeddings in a prompt; none for a prompt that cannot be read. */
function namesIn(text: string): readonly (readonly string[])[] {
  try {
    return embeddingNames(text);
  } catch {
    return [];
  }
}

function lists({ text, input, place }: NodeText, environment: NodeEnvironment): string[] {
  if (!input.wildcards || !text.includes('__')) return [];
  const wildcards = environment.wildcards();
  return missingWildcards(text, wildcards).map((name) =>
    hinted(
      `there is no list of wildcards for __${name}__ of ${place}, which stays in the text; its ` +
        "file belongs in the folder 'wildcards' of a models folder, or beside it",
      didYouMean(name, wildcards.keys()),
    ),
  );
}

const hinted = (sentence: string, hint: string): string =>
  hint ? `${sentence}. ${hint}` : sentence;
