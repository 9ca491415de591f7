// The page that scripts/coverage.ts writes: totals, a table by collection, one line for each file,
// and the node types that are missing.
import type { MissingNode } from '../src/workflow/validate/find-problems.ts';
import type { Difference, Expected } from './compare-forms.ts';

/** The result for one file. */
export interface Row {
  /** `owner/name` of the repository. */
  readonly folder: string;
  /** Relative to the folder. */
  readonly file: string;
  readonly path: string;
  readonly form: string;
  readonly nodes: number;
  /** Of the graph. */
  readonly hash: string;
  /** Why it could not be converted. */
  readonly failure?: string;
  readonly missing: readonly MissingNode[];
  readonly problems: readonly string[];
  /** Some of its outputs can run; ComfyUI runs those. */
  readonly partly: boolean;
  /** With small models: `yes`, or why not. */
  runs?: string;
  /** Differences in images with both forms; undefined for other files. */
  readonly differences?: readonly Difference[];
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replace(/\s+/g, ' ');
const share = (part: number, whole: number): string =>
  `${part} of ${whole}${whole > 0 ? ` (${percent(part, whole)})` : ''}`;
/** Rounded down, so that 100 % is all of them. */
const percent = (part: number, whole: number): string =>
  `${Math.floor((1000 * part) / whole) / 10} %`;
const count = <T>(list: readonly T[], holds: (item: T) => boolean): number =>
  list.filter(holds).length;

const converts = (row: Row): boolean => row.failure === undefined;
const isComplete = (row: Row): boolean => converts(row) && row.missing.length === 0;
const isValid = (row: Row): boolean => row.problems.length === 0;
const hasBoth = (row: Row): boolean => row.differences !== undefined;
const agrees = (row: Row): boolean => row.differences?.every((d) => d.expected) ?? true;
/** Whether only the workflow's own text explains a difference. */
const wasEdited = (row: Row): boolean =>
  agrees(row) && (row.differences ?? []).some((d) => d.expected === 'edited');
const runs = ({ runs: result }: Row): boolean => result === 'yes' || result === 'in part';
const wasTried = ({ runs: result }: Row): boolean =>
  result !== undefined && !result.startsWith('not tried');
const different = (rows: readonly Row[]): number => new Set(rows.map((row) => row.hash)).size;

/** `empty` is how many files without a workflow each folder has. */
export const coveragePage = (rows: readonly Row[], empty: ReadonlyMap<string, number>): string =>
  `${[
    ...introduction([...empty.values()].reduce((a, b) => a + b, 0)),
    ...totals(rows),
    ...byCollection(rows),
    ...bothForms(rows.filter(hasBoth)),
    ...byFile(rows),
    ...missingTypes(rows.filter(converts)),
  ].join('\n')}\n`;

const introduction = (withoutWorkflow: number): string[] => [
  '# Workflow files of public repositories',
  '',
  'Written by `npx tsx scripts/coverage.ts [--runs RESULTS.json] FOLDER…` from checkouts of the ' +
    'repositories below; their files are not part of this project.',
  'A file **converts** when it becomes an API graph, and **validates** when nothing but ' +
    'model files and pictures could keep it from running:',
  'every node type is built in, every link fits, every value is allowed, and no model file is ' +
    'named like one of a family that is not run.',
  'Model files and input pictures are taken to be there.',
  '*In part*: the fault is in the file, and some of its outputs run all the same, in ComfyUI ' +
    'as here.',
  'A file **runs** when it does with small random models of the right kind, sides an eighth ' +
    'as long and a fifth of the steps: all its nodes work together.',
  'Files that need a kind of model of which there is no small one are not tried, and do not ' +
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
          '| of these not tried, as there is no small model of their kind | ' +
            `${share(complete.length - tried.length, complete.length)} |`,
          `| of these run, all of them or in part | ${share(count(tried, runs), tried.length)} |`,
        ]
      : []),
    '| hold both forms, and ours of the UI form is what was sent | ' +
      `${share(count(both, agrees), both.length)} |`,
    '| of these with a workflow that was edited after its prompt was sent | ' +
      `${share(count(both, wasEdited), both.length)} |`,
    '',
  ];
}

const byCollection = (rows: readonly Row[]): string[] => [
  '## By collection',
  '',
  'Of the files that contain both forms, *agree* counts those whose UI form became what was sent.',
  '',
  '| collection | files | different | convert | agree | all types built in | validate | run |',
  '|---|---|---|---|---|---|---|---|',
  ...foldersOf(rows).map((folder) => collectionLine(folder, rows)),
  '',
];

function collectionLine(folder: string, all: readonly Row[]): string {
  const rows = all.filter((row) => row.folder === folder);
  const complete = rows.filter(isComplete);
  const both = rows.filter(hasBoth);
  const tried = complete.filter(wasTried);
  const shareOr = (part: number, whole: number): string => (whole > 0 ? share(part, whole) : '');
  return (
    `| ${folder} | ${rows.length} | ${different(rows)} | ` +
    `${share(count(rows, converts), rows.length)} | ` +
    `${shareOr(count(both, agrees), both.length)} | ` +
    `${complete.length} | ${shareOr(count(complete, isValid), complete.length)} | ` +
    `${shareOr(count(tried, runs), tried.length)} |`
  );
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

const byFile = (rows: readonly Row[]): string[] => [
  '## Files',
  '',
  ...foldersOf(rows).flatMap((folder) => [
    `### ${folder}`,
    '',
    '| file | form | nodes | converts | validates | runs | missing node types |',
    '|---|---|---|---|---|---|---|',
    ...rows.filter((row) => row.folder === folder).map(fileLine),
    '',
  ]),
];

function fileLine(row: Row): string {
  const validates = isComplete(row) ? verdict(row) : '';
  const converted = row.failure === undefined ? 'yes' : cell(`no: ${row.failure}`);
  const missing = row.missing.map(({ type }) => `\`${type}\``).join(', ');
  return (
    `| ${cell(row.file)} | ${row.form} | ${row.nodes} | ${converted} | ${cell(validates)} | ` +
    `${cell(row.runs ?? '')} | ${cell(missing)} |`
  );
}

const verdict = (row: Row): string =>
  isValid(row) ? 'yes' : `${row.partly ? 'in part' : 'no'}: ${row.problems.slice(0, 2).join('; ')}`;

interface MissingType {
  readonly pack: string | undefined;
  readonly reason: string | undefined;
  /** The files that need the type. */
  readonly files: Set<string>;
  /** How many of them need nothing else. */
  last: number;
}

function missingTypes(rows: readonly Row[]): string[] {
  const types = typesIn(rows);
  const packs = new Map<string, MissingType[]>();
  for (const type of types.values())
    packs.set(type.pack ?? 'unknown', [...(packs.get(type.pack ?? 'unknown') ?? []), type]);
  const filesOf = (list: readonly MissingType[]): number =>
    new Set(list.flatMap(({ files }) => [...files])).size;
  return [
    '## Missing node types by pack',
    '',
    '| pack | types | files |',
    '|---|---|---|',
    ...[...packs]
      .sort(([, a], [, b]) => filesOf(b) - filesOf(a))
      .map(([pack, list]) => `| ${cell(pack)} | ${list.length} | ${filesOf(list)} |`),
    '',
    '## The most wanted missing node types',
    '',
    'Files that need the type, and files that need nothing else.',
    '',
    '| node type | pack | files | nothing else |',
    '|---|---|---|---|',
    ...[...types]
      .sort(([a, x], [b, y]) => y.files.size - x.files.size || y.last - x.last || (a < b ? -1 : 1))
      .map(
        ([type, { pack = '', reason, files, last }]) =>
          `| \`${cell(type)}\` | ${cell(pack)}${reason ? ' (left out)' : ''} | ` +
          `${files.size} | ${last || ''} |`,
      ),
  ];
}

function typesIn(rows: readonly Row[]): Map<string, MissingType> {
  const types = new Map<string, MissingType>();
  for (const { folder, file, missing } of rows)
    for (const { type, pack, reason } of missing) {
      const entry = types.get(type) ?? { pack, reason, files: new Set<string>(), last: 0 };
      entry.files.add(`${folder}/${file}`);
      if (missing.length === 1) entry.last++;
      types.set(type, entry);
    }
  return types;
}
