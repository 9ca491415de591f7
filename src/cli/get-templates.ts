// Downloads ComfyUI's official templates where a command names one and they are not there.
import { badUsage } from './bad-usage.ts';
import type { Invocation } from './command.ts';
import { installPackage } from './install-package.ts';
import { confirm } from './model-downloads.ts';
import { officialTemplates, TEMPLATES } from './official-templates.ts';
import { isTemplateName } from './workflow-source.ts';

/**
 * Installs the templates, after a question, if one of the names may be that of a template. Throws
 * DR_BAD_USAGE where nobody can be asked, DR_DOWNLOAD where the index can't be reached.
 */
export async function getTemplates(
  { values, terminal }: Invocation,
  names: readonly string[],
): Promise<void> {
  const name = names.find(isTemplateName);
  if (name === undefined || officialTemplates() !== undefined) return;
  const isAgreed =
    values.yes ||
    (await confirm(
      terminal,
      `There is no file ${name}. Download ComfyUI's official templates (4 MB)?`,
    ));
  if (isAgreed === undefined)
    throw badUsage(
      `there is no file ${name}, and the official templates are not installed`,
      'Install them with darkroom templates install, or add --yes.',
    );
  if (isAgreed) await installPackage(TEMPLATES, { values: { quiet: values.quiet }, terminal });
}
