// The page that scripts/coverage.ts writes: totals, tables by family and by collection, what does
// not run, the node types that are missing, and one line for each workflow.
import type { Expected } from './compare-forms.ts';
import { CLASSIC } from './families.ts';
import {
  cell,
  count,
  grouped,
  groupsOf,
  missingCell,
  missingTypes,
  outcome,
  runCells,
  share,
} from './figures.ts';
import { converts, doesRun, isComplete, isValid, type Row, wasTried } from './rows.ts';
import { NOT_TRIED } from './small-runs.ts';

const hasBoth = (row: Row): boolean => row.differences !== undefined;
const agrees = (row: Row): boolean => row.differences?.every((d) => d.expected) ?? true;
/** Whether only the workflow's own text explains a difference. */
const wasEdited = (row: Row): boolean =>
  agrees(row) && (row.differences ?? []).some((d) => d.expected === 'edited');
const different = (rows: readonly Row[]): number => new Set(rows.map((row) => row.hash)).size;

/** `empty` is how many files without a workflow each folder has. */
export const coveragePage = (rows: readonly Row[], empty: ReadonlyMap<string, number>): string =>
  `${[
    ...introduction([...empty.values()].reduce((a, b) => a + b, 0)),
    ...totals(rows),
    ...byFamily(rows),
    ...notRun(rows.filter(isComplete)),
    ...byCollection(rows),
    ...bothForms(rows.filter(hasBoth)),
    ...missingNodes(rows.filter(converts)),
    ...byFile(rows),
  ].join('\n')}\n`;

const introduction = (withoutWorkflow: number): string[] => [
  '# Workflow files of public repositories',
  '',
  'Written by `npm run coverage -- [--runs RESULTS.json] FOLDER…` from checkouts of the ' +
    'repositories below; their files are not part of this project.',
  "ComfyUI's own templates have [a page of their own](templates.md).",
  'A file **converts** when it becomes an API graph, and **validates** when nothing but ' +
    'model files and pictures could keep it from running:',
  'every node type is built in, every link fits, every value is allowed, and no model file is ' +
    'named like one of a family that is not run.',
  'Model files and input pictures are taken to be there.',
  '*In part*: the fault is in the file, and some of its outputs run all the same, in ComfyUI ' +
    'as here.',
  'A file **runs** when it does with small random models of the right kind, sides an eighth ' +
    'as long and a fifth of the steps: all its nodes work together.',
  'Files that need a kind of model of which there is no small one are **not tried**, and do not ' +
    'count among those that run or fail.',
  `Files without a workflow (${withoutWorkflow} pictures and other JSON files) are not counted, ` +
    'nor are files that a shallow checkout lacks.',
  '',
];

function totals(rows: readonly Row[]): string[] {
  const complete = rows.filter(isComplete);
  const both = rows.filter(hasBoth);
  const tried = complete.filter(wasTried);
  return [
    '| | files |',
    '|---|---|',
    `| with a workflow | ${rows.length} |`,
    `| different ones (by graph) | ${different(rows)} |`,
    `| convert | ${share(count(rows, converts), rows.length)} |`,
    `| every node type is built in | ${share(complete.length, rows.length)} |`,
    `| of these validate | ${share(count(complete, isValid), complete.length)} |`,
    ...(tried.length > 0
      ? [
          `| of these not tried | ${share(complete.length - tried.length, complete.length)} |`,
          `| of these run, all of them or in part | ${share(count(tried, doesRun), tried.length)} |`,
        ]
      : []),
    '| hold both forms, and ours of the UI form is what was sent | ' +
      `${share(count(both, agrees), both.length)} |`,
    '| of these with a workflow that was edited after its prompt was sent | ' +
      `${share(count(both, wasEdited), both.length)} |`,
    '',
  ];
}

const byFamily = (rows: readonly Row[]): string[] => [
  '## By family of models',
  '',
  'By the names of the model files. Names that say no family count as ' +
    `${CLASSIC}, which most of them are.`,
  '',
  '| family | files | all types built in | validate | run | not tried |',
  '|---|---|---|---|---|---|',
  ...grouped(rows.filter(converts), ({ family }) => family).map(
    ([family, files]) => `| ${family} | ${files.length} | ${runCells(files).join(' | ')} |`,
  ),
  '',
];

const MAX_NAMED = 3;

/** Why files whose types are all built in do not run. */
function notRun(complete: readonly Row[]): string[] {
  const left = complete.filter((row) => row.runs !== undefined && !doesRun(row));
  if (left.length === 0) return [];
  const named = (rows: readonly Row[]): string => {
    const first = rows.slice(0, MAX_NAMED).map(({ folder, file }) => cell(`${folder}/${file}`));
    const more = rows.length - first.length;
    return `${first.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  };
  return [
    '## What does not run',
    '',
    'Files whose node types are all built in.',
    '',
    '| why | files | |',
    '|---|---|---|',
    ...grouped(left, reasonOf).map(
      ([reason, rows]) => `| ${cell(reason)} | ${rows.length} | ${named(rows)} |`,
    ),
    '',
  ];
}

/** Without the name of the file, for families that are not run. */
const reasonOf = ({ family, runs = '' }: Row): string =>
  runs.startsWith(NOT_TRIED) && runs.endsWith('is not run')
    ? `${family} is not run`
    : runs.replace(/^no: /, '');

const byCollection = (rows: readonly Row[]): string[] => [
  '## By collection',
  '',
  'Of the files that contain both forms, *agree* counts those whose UI form became what was sent.',
  '',
  '| collection | files | different | convert | agree | all types built in | validate | run | ' +
    'not tried |',
  '|---|---|---|---|---|---|---|---|---|',
  ...foldersOf(rows).map((folder) => collectionLine(folder, rows)),
  '',
];

function collectionLine(folder: string, all: readonly Row[]): string {
  const rows = all.filter((row) => row.folder === folder);
  const both = rows.filter(hasBoth);
  const cells = [
    folder,
    rows.length,
    different(rows),
    `${count(rows, converts)} of ${rows.length}`,
    both.length > 0 ? `${count(both, agrees)} of ${both.length}` : '',
    ...runCells(rows),
  ];
  return `| ${cells.join(' | ')} |`;
}

const foldersOf = (rows: readonly Row[]): string[] => [...new Set(rows.map((row) => row.folder))];

function bothForms(rows: readonly Row[]): string[] {
  const odd = rows.filter((row) => !agrees(row));
  const all = rows.flatMap(({ differences = [] }) => differences);
  const found = (kind: Expected): number => count(all, (d) => d.expected === kind);
  const inputs = (kind: Expected): string => `${found(kind)} inputs`;
  return [
    '## Both forms',
    '',
    'Differences that are expected, and mean the same picture:',
    `- *editor only* (${inputs('editor only')}): older editors sent the upload button along ` +
      '(`"choose file to upload": "image"`), and inputs that nodes no longer have.',
    `- *newer input* (${inputs('newer input')}): the node got the input later; ` +
      "a file from before has no value, and today's editor fills in the default, as we do.",
    `- *matched* (${inputs('matched')}): another version of the node saved the ` +
      'file. Read one after the other its values would land in wrong inputs; we match them by ' +
      'what fits, and say so.',
    `- *edited* (${found('edited')} inputs and nodes of ${count(rows, wasEdited)} files): the ` +
      'workflow was changed after the prompt was sent, and says letter by letter what we have: ' +
      'examples whose values were tidied in the finished picture.',
    '- Group nodes: one that was made in the session of the picture kept the ids of its nodes ' +
      'until the file was loaded again; they are compared by type.',
    '',
    ...(odd.length === 0 ? [] : ['Others:', '', ...odd.map(oddLine), '']),
  ];
}

const MAX_DIFFERENCES = 4;

const oddLine = ({ folder, file, differences = [] }: Row): string =>
  `- ${folder}/${file}: ${cell(
    differences
      .filter((d) => !d.expected)
      .map((d) => `${d.nodeId} ${d.text}`)
      .slice(0, MAX_DIFFERENCES)
      .join('; '),
  )}`;

/** Rarer types are only counted. */
const LEAST_FILES = 3;

function missingNodes(rows: readonly Row[]): string[] {
  const types = missingTypes(rows);
  const files = (list: typeof types): number => new Set(list.flatMap(([, type]) => type.rows)).size;
  const packs = grouped(types, ([, { pack = 'unknown' }]) => pack);
  const listed = types.filter(
    ([, type]) => type.rows.length >= LEAST_FILES || type.last.length > 0,
  );
  return [
    '## Missing node types by pack',
    '',
    '| pack | types | files |',
    '|---|---|---|',
    ...packs
      .sort(([, a], [, b]) => files(b) - files(a))
      .map(([pack, list]) => `| ${cell(pack)} | ${list.length} | ${files(list)} |`),
    '',
    '## The most wanted missing node types',
    '',
    'Files that need the type, and files that need nothing else. ' +
      `${types.length - listed.length} types that fewer than ${LEAST_FILES} files need are not ` +
      'listed, but for those that are the only ones missing in a file.',
    '',
    '| node type | pack | files | nothing else |',
    '|---|---|---|---|',
    ...listed.map(
      ([type, { pack = '', reason, rows: all, last }]) =>
        `| \`${cell(type)}\` | ${cell(pack)}${reason ? ' (left out)' : ''} | ` +
        `${all.length} | ${last.length || ''} |`,
    ),
    '',
  ];
}

const byFile = (rows: readonly Row[]): string[] => [
  '## Files',
  '',
  'Files with the same graph share a line.',
  '',
  ...foldersOf(rows).flatMap((folder) => {
    const own = rows.filter((row) => row.folder === folder);
    return [
      `<details><summary>${folder} (${own.length})</summary>`,
      '',
      '| file | nodes | result | missing node types |',
      '|---|---|---|---|',
      ...[...groupsOf(own, ({ hash }) => hash).values()].map(graphLine),
      '',
      '</details>',
      '',
    ];
  }),
];

function graphLine(rows: readonly Row[]): string {
  const [first] = rows;
  const files = rows.map(({ file }) => cell(file)).join(', ');
  return `| ${files} | ${first.nodes} | ${outcome(first)} | ${missingCell(first)} |`;
}
