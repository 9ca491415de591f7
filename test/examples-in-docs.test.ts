// Runs the @example blocks of the library's public functions.
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as library from '../src/index.ts';
import * as nodes from '../src/workflow/builder/nodes.generated.ts';

const SOURCES = [
  'src/darkroom.ts',
  'src/darkroom-types.ts',
  'src/verify-image.ts',
  'src/workflow/builder/workflow-builder.ts',
  'src/workflow/overrides/series.ts',
  'src/workflow/programs.ts',
];
const NODE_FUNCTIONS: ReadonlyMap<string, unknown> = new Map(Object.entries(nodes));
const root = process.cwd();
const folder = mkdtempSync(join(tmpdir(), 'darkroom-examples-'));

/** The examples of a file, each with the declaration that it belongs to. */
function examplesIn(file: string): { name: string; code: string }[] {
  const text = readFileSync(join(root, file), 'utf8');
  const blocks = text.matchAll(/@example\n(.*?)\*\/\n\s*(?:export )?([^({=]*)/gs);
  return [...blocks].map(([, code, declaration]) => ({
    name: `${file}: ${declaration.trim().replace(/^(async )?(function|const) /, '')}`,
    code: code.replaceAll(/^\s*\* ?/gm, ''),
  }));
}

let shared: library.Darkroom | undefined;

/** Opens one Darkroom for all examples that set no options; `close` leaves it open. */
async function openDarkroom(options?: library.DarkroomOptions): Promise<library.Darkroom> {
  if (options !== undefined) return await library.openDarkroom(options);
  shared ??= await library.openDarkroom();
  const close = async (): Promise<void> => undefined;
  return { ...shared, close, [Symbol.asyncDispose]: close };
}

/** Runs an example as a module that imports the whole library; returns what it prints. */
async function runExample(code: string): Promise<string[]> {
  const printed: string[] = [];
  const scope: Record<string, unknown> = {
    ...library,
    openDarkroom,
    readFileSync,
    console: { log: (...values: unknown[]) => printed.push(values.map(String).join(' ')) },
  };
  const nodeImport = /^import \{([^}]*)\} from 'darkroom-engine\/nodes';$/m.exec(code)?.[1] ?? '';
  for (const name of nodeImport.split(',').map((word) => word.trim()))
    if (name) scope[name] = NODE_FUNCTIONS.get(name);
  const body = ts.transpile(code.replaceAll(/^import .*$/gm, ''), {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.ES2022,
  });
  const run = new Function(...Object.keys(scope), `return (async () => {${body}})();`);
  await run(...Object.values(scope));
  return printed;
}

beforeAll(() => {
  cpSync(join(root, 'examples/text-to-image.json'), join(folder, 'workflow.json'));
  process.chdir(folder);
});
afterAll(async () => {
  await shared?.close();
  process.chdir(root);
  rmSync(folder, { recursive: true });
});

const examples = SOURCES.flatMap(examplesIn);

describe('examples of public functions', () => {
  it('exist for ten functions', () => {
    expect(examples.length).toBeGreaterThanOrEqual(10);
  });

  it.each(examples)('run and print results: $name', async ({ code }) => {
    const printed = await runExample(code);
    expect(printed.length).toBeGreaterThan(0);
    expect(printed.join('\n')).not.toContain('undefined');
  });
});
