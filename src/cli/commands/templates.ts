// darkroom templates list [WORD…] | install: the official templates of ComfyUI.
import { badUsage } from '../bad-usage.ts';
import type { Invocation } from '../command.ts';
import { installPackage } from '../install-package.ts';
import { type OfficialTemplate, officialTemplates, TEMPLATES } from '../official-templates.ts';
import { jsonLine, printable } from '../terminal.ts';

/** Runs the command; returns the exit code. */
export async function templatesCommand(invocation: Invocation): Promise<number> {
  const [action, ...words] = invocation.positionals;
  if (action === 'list') return list(invocation, words);
  if (action !== 'install' || words.length > 0)
    throw badUsage('templates needs an action: list or install', 'See darkroom templates --help.');
  await installPackage(TEMPLATES, invocation);
  const count = selected(officialTemplates() ?? [], []).length;
  if (!invocation.values.quiet)
    invocation.terminal.err(`${count} templates of pictures need no paid service\n`);
  return 0;
}

function list({ values, terminal }: Invocation, words: readonly string[]): number {
  const templates = officialTemplates();
  if (!templates)
    throw badUsage(
      'the official templates are not installed',
      'Install them with: darkroom templates install',
    );
  const found = selected(templates, words);
  if (values.json) terminal.out(jsonLine(found));
  const width = Math.max(0, ...found.map(({ name }) => name.length));
  for (const { name, title = '' } of values.json ? [] : found)
    terminal.out(printable(`${name.padEnd(width)}  ${title}`));
  return found.length > 0 ? 0 : 1;
}

/** The templates of pictures without paid services that match all words, the most used first. */
function selected(
  templates: readonly OfficialTemplate[],
  words: readonly string[],
): OfficialTemplate[] {
  const matches = ({ name, title = '' }: OfficialTemplate): boolean => {
    const text = `${name} ${title}`.toLowerCase();
    return words.every((word) => text.includes(word.toLowerCase()));
  };
  return templates
    .filter((template) => template.kind === 'image' && template.isOpen && matches(template))
    .sort((a, b) => b.usage - a.usage);
}
