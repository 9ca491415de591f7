// Finds the text widgets that lead to a sampler's positive or negative input.
import type { FieldTarget } from './form-types.ts';
import {
  type DeclaredGraph,
  declaredNode,
  findNearest,
  type IncomingLink,
  incomingLinks,
  widgetsOf,
} from './graph-search.ts';

export type Role = 'positive' | 'negative';

/** Socket types that carry a prompt to a sampler. */
const PROMPT_TYPES = new Set([
  'CONDITIONING',
  'BASIC_PIPE',
  'DETAILER_PIPE',
  'GUIDER',
  'KSAMPLER',
  'KSAMPLER_ADVANCED',
  'REGIONAL_PROMPTS',
]);
/** Names of inputs that belong to one role: `positive`, `base_negative`. */
const ROLE_NAME = /(?:^|_)(positive|negative)$/;

/** Whether a link carries a prompt. */
export const carriesPrompt = ({ type }: IncomingLink): boolean => PROMPT_TYPES.has(type);

/**
 * The text widgets of a sampler's prompt: follows the links that carry prompts upstream to the
 * nodes that they start from.
 */
export function findPromptTexts(
  declared: DeclaredGraph,
  sampler: string,
  role: Role,
): FieldTarget[] {
  const visited = new Set<string>();
  const targets: FieldTarget[] = [];
  const visit = (id: string): void => {
    if (visited.has(id)) return;
    visited.add(id);
    const links = incomingLinks(declared, id).filter(carriesPrompt);
    if (links.length === 0) {
      targets.push(...textsOfNode(declared, id, role, new Set()));
      return;
    }
    const ofRole = links.filter(({ input }) => ROLE_NAME.exec(input)?.[1] === role);
    const followed =
      ofRole.length > 0 ? ofRole : links.filter(({ input }) => !ROLE_NAME.test(input));
    for (const { from } of followed) visit(from);
  };
  visit(sampler);
  return targets;
}

/**
 * The text widgets of a node: those named after the role if there are any, else the multiline ones,
 * else all. For a text input that is linked, the texts that the link comes from.
 */
function textsOfNode(
  declared: DeclaredGraph,
  id: string,
  role: Role | undefined,
  visited: Set<string>,
): FieldTarget[] {
  const found = declaredNode(declared, id);
  if (!found || visited.has(id)) return [];
  visited.add(id);
  const strings = Object.entries(found.declaration.inputs).filter(
    ([, input]) => input.kind === 'STRING',
  );
  const multiline = strings.filter(([, input]) => input.kind === 'STRING' && input.multiline);
  const candidates = (multiline.length > 0 ? multiline : strings).map(([name]) => name);
  const ofRole = candidates.filter((name) => role && name.startsWith(role.slice(0, 3)));
  const names = ofRole.length > 0 ? ofRole : candidates;
  const linked = incomingLinks(declared, id).filter(({ input, type }) =>
    names.length > 0 ? names.includes(input) : type === 'STRING' || type === '*',
  );
  return [
    ...widgetsOf(declared, id, (name) => names.includes(name)),
    ...linked.flatMap((link) => sourceTexts(declared, link, visited)),
  ];
}

/**
 * The texts that a link comes from: the nearest widget upstream with the name of the output, else
 * the texts of the source node.
 */
function sourceTexts(
  declared: DeclaredGraph,
  { from, slot }: IncomingLink,
  visited: Set<string>,
): FieldTarget[] {
  const outputName = declaredNode(declared, from)?.declaration.outputs[slot]?.name;
  const sameName = findNearest(declared, from, (id) =>
    widgetsOf(declared, id, (name, { kind }) => name === outputName && kind === 'STRING'),
  );
  return sameName.length > 0 ? sameName : textsOfNode(declared, from, undefined, visited);
}
