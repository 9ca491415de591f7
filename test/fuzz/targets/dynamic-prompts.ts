// The editor's own dynamic prompts and placeholders in file names.
import { chooseOptions, isDynamic, replacePlaceholders } from '../../../src/workflow/ui/texts.ts';
import type { FuzzTarget } from '../target.ts';

export const target: FuzzTarget = {
  run: (input) => {
    const text = input.toString('utf8');
    isDynamic(text);
    chooseOptions(text, () => 0);
    chooseOptions(text, () => 0.999);
    replacePlaceholders(text, new Date(0), (node) => (node.length > 2 ? node : undefined));
  },
  seeds: () => ['{a|{b|c}|\\{d} // x\n/* y */ z', '%date:yyyy-MM-dd_hhmmss% %KSampler.seed% %a%'],
  dictionary: ['{', '}', '|', '\\{', '/*', '*/', '//', '%date:', '%', '%KSampler.seed%', 'yyyy'],
};
