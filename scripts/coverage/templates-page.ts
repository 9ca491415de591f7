// The page that scripts/coverage-templates.ts writes: which of ComfyUI's official templates work,
// by family and one by one, with the share of their uses.
import {
  cell,
  count,
  grouped,
  missingCell,
  missingTypes,
  outcome,
  percent,
  runCells,
  share,
} from './figures.ts';
import { converts, doesRun, isComplete, isValid, type Row } from './rows.ts';

/** Figures of the whole package. */
interface Package {
  readonly version: string;
  readonly all: number;
  /** Templates that call paid services. */
  readonly closed: number;
}

export interface TemplateRow extends Row {
  readonly name: string;
  readonly uses: number;
}

const usesOf = (rows: readonly TemplateRow[]): number => rows.reduce((n, { uses }) => n + uses, 0);

export const templatesPage = (
  rows: readonly TemplateRow[],
  { version, all, closed }: Package,
): string =>
  `${[
    "# ComfyUI's official templates",
    '',
    'Written by `npm run coverage:templates` from the templates that `darkroom templates install` ' +
      `installs (comfyui-workflow-templates-json ${version}); its files are not part of this ` +
      'project.',
    `Of its ${all} templates ${closed} call paid services; of the others ${rows.length} are for ` +
      'pictures, and are listed here. *Uses* are those that the package counts itself.',
    '*Converts*, *validates*, *runs* and *not tried* mean what they do for the ' +
      '[files of public repositories](coverage.md): they run with small random models.',
    '',
    ...totals(rows),
    ...byFamily(rows),
    ...missing(rows),
    ...oneByOne(rows),
  ].join('\n')}\n`;

function totals(rows: readonly TemplateRow[]): string[] {
  const uses = usesOf(rows);
  const line = (title: string, holds: (row: TemplateRow) => boolean): string =>
    `| ${title} | ${share(count(rows, holds), rows.length)} | ` +
    `${percent(usesOf(rows.filter(holds)), uses)} |`;
  return [
    `| | templates | share of their ${uses} uses |`,
    '|---|---|---|',
    line('convert', converts),
    line('every node type is built in', isComplete),
    line('validate', (row) => isComplete(row) && isValid(row)),
    line('run', doesRun),
    '',
  ];
}

const byFamily = (rows: readonly TemplateRow[]): string[] => [
  '## By family of models',
  '',
  '| family | templates | share of uses | all types built in | validate | run | not tried |',
  '|---|---|---|---|---|---|---|',
  ...grouped(rows, ({ family }) => family)
    .sort(([, a], [, b]) => usesOf(b) - usesOf(a))
    .map(
      ([family, own]) =>
        `| ${family} | ${own.length} | ${percent(usesOf(own), usesOf(rows))} | ` +
        `${runCells(own).join(' | ')} |`,
    ),
  '',
];

const missing = (rows: readonly TemplateRow[]): string[] => [
  '## Missing node types',
  '',
  '| node type | templates | their uses | nothing else missing |',
  '|---|---|---|---|',
  ...missingTypes(rows).map(
    ([type, { rows: needing, last }]) =>
      `| \`${cell(type)}\` | ${needing.length} | ${usesOf(needing)} | ${last.length || ''} |`,
  ),
  '',
];

const oneByOne = (rows: readonly TemplateRow[]): string[] => [
  '## Templates',
  '',
  'Empty cells follow from missing node types.',
  '',
  '| template | uses | family | converts | validates | result | missing node types |',
  '|---|---|---|---|---|---|---|',
  ...[...rows]
    .sort((a, b) => b.uses - a.uses)
    .map((row) => {
      const validates = isComplete(row)
        ? isValid(row)
          ? 'yes'
          : row.partly
            ? 'in part'
            : 'no'
        : '';
      return (
        `| ${row.name} | ${row.uses} | ${row.family} | ${converts(row) ? 'yes' : 'no'} | ` +
        `${validates} | ${outcome(row)} | ${missingCell(row)} |`
      );
    }),
];
