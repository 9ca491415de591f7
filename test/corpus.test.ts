// Real workflow files, whole and damaged. They are not part of the project: DARKROOM_CORPUS names
// folders with checkouts of public repositories, separated by colons (docs/coverage.md lists them);
// without it these tests are skipped.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareForms } from '../scripts/coverage/compare-forms.ts';
import { DarkroomError } from '../src/errors.ts';
import { imageFormat, readImageTexts } from '../src/image/codec/image-text.ts';
import { NODES } from '../src/nodes/index.ts';
import { readWorkflowBytes, type Workflow } from '../src/workflow/read/read.ts';
import { findProblems } from '../src/workflow/validate/find-problems.ts';
import { computedMs } from './support/computed-time.ts';

const folders = (process.env['DARKROOM_CORPUS'] ?? '').split(':').filter(Boolean);
const filesIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(json|png|webp|jpe?g)$/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
const files = folders.flatMap(filesIn);
const environment = {
  modelFiles: () => [],
  inputFiles: () => [],
  hasInput: () => false,
  wildcards: () => new Map(),
};

/** Returns the workflow, or undefined for a DarkroomError; any other error fails the test. */
function readOrReject(read: () => Workflow): Workflow | undefined {
  const before = computedMs();
  try {
    const workflow = read();
    findProblems(workflow.graph, NODES, environment);
    return workflow;
  } catch (error) {
    if (error instanceof DarkroomError) return undefined;
    throw error;
  } finally {
    expect(computedMs() - before).toBeLessThan(10_000);
  }
}

/** Returns the texts of a file that contain workflows. */
function textsOf(bytes: Buffer): string[] {
  if (!imageFormat(bytes)) return [bytes.toString('utf8')];
  try {
    return Object.values(readImageTexts(bytes, 'x'));
  } catch {
    return [];
  }
}

/** Returns a JSON text with a random piece duplicated, removed or replaced by another. */
const damagedTexts = (text: string): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.nat(text.length),
      fc.nat(200),
      fc.nat(text.length),
      fc.constantFrom('cut', 'double', 'move', 'null'),
    )
    .map(([at, length, to, how]) => {
      const tokens = (from: number): [number, number] => {
        const start = Math.max(0, text.lastIndexOf(',', from));
        const end = text.indexOf(',', start + 1 + length);
        return [start, end < 0 ? text.length : end];
      };
      const [start, end] = tokens(at);
      const piece = text.slice(start, end);
      const rest = text.slice(0, start) + text.slice(end);
      const [target] = tokens(to);
      if (how === 'cut') return rest;
      if (how === 'double') return text.slice(0, end) + piece + text.slice(end);
      if (how === 'move') return rest.slice(0, target) + piece + rest.slice(target);
      return text.slice(0, start) + piece.replace(/: ?[^,{}[\]]+/, ': null') + text.slice(end);
    });

describe.skipIf(files.length === 0)('real files', () => {
  it('converts the UI form to the prompt that was sent', { timeout: 600_000 }, () => {
    let both = 0;
    for (const file of files) {
      const bytes = readFileSync(file);
      const ours = readOrReject(() => readWorkflowBytes(bytes, file, { prefer: 'UI' }));
      const sent = readOrReject(() => readWorkflowBytes(bytes, file, { prefer: 'API' }));
      if (ours?.form !== 'UI' || sent?.form !== 'API') continue;
      both++;
      const others = compareForms(sent.graph, ours.graph, NODES, ours.notes).filter(
        (difference) => !difference.expected,
      );
      expect(others, file).toEqual([]);
    }
    expect(both).toBeGreaterThan(0);
  });

  it('reads damaged files as a workflow or a Darkroom error', { timeout: 3_600_000 }, () => {
    for (const file of files)
      for (const text of textsOf(readFileSync(file)).filter((t) => t.length < 2_000_000))
        fc.assert(
          fc.property(
            damagedTexts(text),
            (broken) => void readOrReject(() => readWorkflowBytes(Buffer.from(broken), file)),
          ),
          { numRuns: 20 },
        );
  });
});
