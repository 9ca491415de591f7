// Runs one node as the engine would, without an engine: inputs are values, and tests can change the
// context.
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeContext, SavedFile, SaveRequest } from '../../src/nodes/context.ts';
import { createSubgraph } from '../../src/nodes/graph-builder.ts';
import { NODES } from '../../src/nodes/index.ts';
import { createRuntime } from '../../src/runtime/runtime.ts';
import { fixtureModel } from './golden.ts';
import { RULES } from './rules.ts';

/** Model folders of a test: folder -> file name -> path. */
export type Models = Readonly<Record<string, Readonly<Record<string, string>>>>;

const checkpoint = (name: string): string => `${name}.safetensors`;

/** Returns fixture models in their folders, unpacked on first use. */
export const fixtureFolders = (names: Readonly<Record<string, readonly string[]>>): Models =>
  Object.fromEntries(
    Object.entries(names).map(([folder, files]) => [
      folder,
      Object.fromEntries(files.map((name) => [checkpoint(name), fixtureModel(name)])),
    ]),
  );

export interface TestContext extends NodeContext {
  readonly warnings: string[];
  readonly steps: [number, number][];
  readonly statuses: string[];
  readonly messages: { readonly event: string; readonly data: Readonly<Record<string, unknown>> }[];
}

/**
 * Creates a context over `models` and the folder `input`; files are saved to a new temporary
 * folder. Results are those of ComfyUI 0.3.64, as in most reference tensors.
 */
export function testContext(models: Models = {}, input = ''): TestContext {
  const folder = join(tmpdir(), `darkroom-test-${randomUUID()}`);
  const warnings: string[] = [];
  const steps: [number, number][] = [];
  const statuses: string[] = [];
  const messages: TestContext['messages'] = [];
  let counter = 0;
  const save = ({ type, prefix, extension, files }: SaveRequest): SavedFile[] => {
    mkdirSync(folder, { recursive: true });
    return files.map((bytes) => {
      counter += 1;
      const filename = `${prefix.replaceAll('/', '_')}_${String(counter).padStart(5, '0')}_.${extension}`;
      writeFileSync(join(folder, filename), bytes);
      return { filename, subfolder: '', type, path: join(folder, filename) };
    });
  };
  return {
    nodeId: '1',
    signal: new AbortController().signal,
    runtime: createRuntime({ threads: 2 }),
    behaviour: RULES,
    modelFiles: (name) => Object.keys(models[name] ?? {}),
    inputFiles: () => (input ? readdirSync(input) : []),
    hasInput: (name) => input !== '' && existsSync(join(input, name)),
    wildcards: () => new Map(),
    modelPath: (name, file) => models[name][file],
    inputPath: (name) => join(input, name),
    progress: (value, total) => steps.push([value, total]),
    warn: (message) => warnings.push(message),
    status: (text) => statuses.push(text),
    send: (event, data) => messages.push({ event, data }),
    interrupt: () => undefined,
    prompt: () => ({}),
    extra: () => ({}),
    graph: { node: () => undefined, parentOf: () => undefined, displayOf: (id) => id },
    inputType: () => undefined,
    subgraph: () => createSubgraph('1.0.0.'),
    state: new Map(),
    random: () => 0,
    save: async (request) => save(request),
    saveLarge: async ({ parts, ...request }) => {
      const all: Uint8Array[] = [];
      for await (const part of parts) all.push(part);
      return save({ ...request, files: [Buffer.concat(all)] })[0];
    },
    metadata: () => ({ prompt: '{}' }),
    warnings,
    steps,
    statuses,
    messages,
  };
}

/** Runs a node and returns its outputs; T are their types. */
export async function runNode<T extends readonly unknown[] = readonly never[]>(
  type: string,
  inputs: Readonly<Record<string, unknown>>,
  context: NodeContext = testContext(),
): Promise<T> {
  const node = NODES.get(type);
  if (!node) throw new Error(`no node ${type}`);
  return (await node.run(inputs as never, context)).outputs as unknown as T;
}
