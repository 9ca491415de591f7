// Where a prompt names embeddings (textual inversion), as ComfyUI's SDTokenizer finds them:
// `embedding:NAME` after white space.
import { SPACE, splitWords } from '../python-space.ts';
import { strip } from '../strip.ts';

export const EMBEDDING = 'embedding:';

/**
 * Whether a name ends at `<` and `[` too and may follow any white space, as from ComfyUI 0.28.0 on;
 * otherwise it ends at white space only, and follows a space or a line break.
 */
export type EndsAtBrackets = boolean;

const AFTER_ANY_SPACE = new RegExp(`(?<=[${SPACE}])(?=${EMBEDDING})`, 'u');
const AT_SPACE = new RegExp(`[ \\n](?=${EMBEDDING})`);

/** Divides a text before each name of an embedding. */
export const splitAtEmbeddings = (text: string, endsAtBrackets: EndsAtBrackets): string[] =>
  text.split(endsAtBrackets ? AFTER_ANY_SPACE : AT_SPACE);

/** A name, and the text after it, which is tokenized. */
interface NamedEmbedding {
  readonly name: string;
  readonly rest: string;
}

/** The name at the beginning of a text after `embedding:`; undefined where the text is blank. */
export function embeddingAt(
  text: string,
  endsAtBrackets: EndsAtBrackets,
): NamedEmbedding | undefined {
  const [word, ...words] = splitWords(text);
  if (word === undefined) return undefined;
  const rest = words.join(' ');
  const end = endsAtBrackets ? word.search(/[<[]/) : -1;
  if (end < 0) return { name: word, rest };
  return { name: word.slice(0, end), rest: word.slice(end) + (rest && ` ${rest}`) };
}

/** The name without surrounding commas, which become text; undefined where there are none. */
export function withoutCommas({ name, rest }: NamedEmbedding): NamedEmbedding | undefined {
  const bare = strip(name, ',');
  if (bare === name) return undefined;
  const commas = [...name].slice([...bare].length).join('');
  return { name: bare, rest: `${commas} ${rest}` };
}

/** The names that a text after `embedding:` may begin with, in any release; none if it is blank. */
export function possibleNames(text: string): string[] {
  const names = [false, true].flatMap((endsAtBrackets) => {
    const found = embeddingAt(text, endsAtBrackets);
    return found ? [found.name, withoutCommas(found)?.name ?? found.name] : [];
  });
  return [...new Set(names)].filter((name) => name !== '');
}
