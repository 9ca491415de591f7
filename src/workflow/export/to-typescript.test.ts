// Workflows as programs: they compile, and build the graphs of the files, except for the ids.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, describe, expect, it } from 'vitest';
import { entriesOf, type Json, type JsonObject } from '../../formats/json.ts';
import { parseJson } from '../../formats/parse-json.ts';
import { inputOf } from '../../nodes/declare.ts';
import { NODES } from '../../nodes/index.ts';
import { type Graph, linkOf } from '../api-graph.ts';
import { editorDefault } from '../builder/defaults.ts';
import * as functions from '../builder/nodes.generated.ts';
import * as builder from '../builder/workflow-builder.ts';
import { convertWidgetValue } from '../input-spec.ts';
import { readWorkflow } from '../read/read.ts';
import { camelCase } from './program-names.ts';
import { toTypeScript } from './to-typescript.ts';

const here = dirname(fileURLToPath(import.meta.url));
const files = join(here, '../../../test/golden/workflows');
const WORKFLOWS = readdirSync(files).filter((name) => name.endsWith('.api.json'));
const read = (name: string): Graph =>
  readWorkflow(parseJson(readFileSync(join(files, name), 'utf8'))).graph;

/** The graph that a program builds. */
async function builtBy(program: string): Promise<Graph> {
  const body = ts
    .transpile(program, { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ES2022 })
    .replace(
      /^import (\{[^}]*\}) from 'darkroom-engine(\/nodes)?';$/gm,
      (_, names, nodes) => `const ${names} = ${nodes ? 'functions' : 'library'};`,
    );
  let graph: Graph | undefined;
  const darkroom = {
    run: async (workflow: Json) => {
      graph = readWorkflow(workflow).graph;
      return { images: [] };
    },
    close: async () => undefined,
  };
  const library = { ...builder, openDarkroom: async () => darkroom };
  const run = new Function('library', 'functions', `return (async () => {${body}})();`);
  await run(library, functions);
  return graph!;
}

/**
 * The output nodes of a graph without ids: each node as its type and inputs, links as the nodes
 * that they come from. Inputs that are missing have the editor's values.
 */
function shapes(graph: Graph): string[] {
  const shapesById = new Map<string, string>();
  const shape = (id: string): string => {
    const node = graph.get(id)!;
    const inputs = entriesOf(node.inputs as JsonObject).flatMap(([name, value]) => {
      const input = inputOf(NODES.get(node.classType)!, name);
      if (!input) return [];
      const link = linkOf(value);
      const text = link
        ? `${shapesById.get(link.id) ?? shape(link.id)}#${link.slot}`
        : print(convertWidgetValue(value, input));
      return [`${name}=${text}`];
    });
    for (const [name, input] of Object.entries(NODES.get(node.classType)!.inputs)) {
      const value = editorDefault(input);
      if (value !== undefined && !Object.hasOwn(node.inputs, name))
        inputs.push(`${name}=${print(convertWidgetValue(value as Json, input))}`);
    }
    shapesById.set(id, `${node.classType}(${inputs.sort().join(',')})`);
    return shapesById.get(id)!;
  };
  return [...graph]
    .filter(([, { classType }]) => NODES.get(classType)!.outputNode)
    .map(([id]) => shape(id))
    .sort();
}
const print = (value: Json): string =>
  JSON.stringify(value, (_, v) =>
    typeof v === 'bigint'
      ? `${v}`
      : typeof v === 'object' && v !== null && 'float' in v
        ? v.float
        : v,
  );

describe('a program builds the graph of its file', () => {
  it.each(WORKFLOWS)('%s', async (name) => {
    const graph = read(name);
    const again = await builtBy(toTypeScript(graph, NODES));
    expect(shapes(again)).toEqual(shapes(graph));
  });
});

const dir = mkdtempSync(join(here, 'programs-'));
afterAll(() => rmSync(dir, { recursive: true }));

it('the programs of all golden workflows compile', () => {
  writeFileSync(
    join(dir, 'darkroom.ts'),
    `export { graph } from '../../builder/workflow-builder.ts';
     interface Darkroom {
       run(graph: object): Promise<{ images: { path: string }[] }>;
       close(): Promise<void>;
     }
     export declare const openDarkroom: () => Promise<Darkroom>;`,
  );
  const roots = WORKFLOWS.map((name) => {
    const file = join(dir, name.replace('.api.json', '.mts'));
    writeFileSync(file, toTypeScript(read(name), NODES));
    return file;
  });
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    noUnusedLocals: true,
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    types: ['node'],
    paths: {
      'darkroom-engine': [join(dir, 'darkroom.ts')],
      'darkroom-engine/nodes': [join(here, '..', 'builder', 'nodes.generated.ts')],
    },
  };
  const diagnostics = ts.getPreEmitDiagnostics(ts.createProgram(roots, options));
  expect(
    diagnostics.map(
      (d) => `${d.file?.fileName}: ${ts.flattenDiagnosticMessageText(d.messageText, '\n')}`,
    ),
  ).toEqual([]);
});

const node = (class_type: string, inputs: Record<string, Json>, title?: string) => ({
  class_type,
  inputs,
  ...(title && { _meta: { title } }),
});

it('prints nodes in the order of execution, with names after titles and roles', () => {
  const workflow = {
    '3': node('KSampler', {
      seed: 18446744073709551615n,
      steps: 20,
      cfg: 7.5,
      sampler_name: 'euler',
      scheduler: 'normal',
      denoise: 1,
      model: ['10', 0],
      positive: ['6', 0],
      negative: ['7', 0],
      latent_image: ['5', 0],
    }),
    '4': node('CheckpointLoaderSimple', { ckpt_name: "it's.safetensors" }, 'Load Checkpoint'),
    '5': node('EmptyLatentImage', { width: 512, height: 768, batch_size: 1 }),
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a program must not evaluate it
    '6': node('CLIPTextEncode', { text: 'a `cat`\n${here}', clip: ['10', 1] }),
    '7': node('CLIPTextEncode', { text: '', clip: ['10', 1] }, 'What not: blur!'),
    '8': node('VAEDecode', { samples: ['3', 0], vae: ['4', 2] }),
    '9': node('SaveImage', { filename_prefix: 'ComfyUI', images: ['8', 0], unknown: 1 }),
    '10': node('LoraLoader', {
      lora_name: 'l.safetensors',
      strength_model: 1,
      strength_clip: 1,
      model: ['4', 0],
      clip: ['4', 1],
    }),
    '11': node('EmptyLatentImage', { width: 64, height: 64, batch_size: 1 }),
  };
  expect(
    toTypeScript(readWorkflow(workflow as unknown as Json).graph, NODES, { file: 'cat.json' }),
  ).toMatchInlineSnapshot(`
    "// cat.json as a program: save it as an .mts file, then npx tsx FILE.mts
    import { graph, openDarkroom } from 'darkroom-engine';
    import {
      CheckpointLoaderSimple,
      CLIPTextEncode,
      EmptyLatentImage,
      KSampler,
      LoraLoader,
      SaveImage,
      VAEDecode,
    } from 'darkroom-engine/nodes';

    const { MODEL, CLIP, VAE } = CheckpointLoaderSimple({ ckpt_name: 'it\\'s.safetensors' });
    const loraLoader = LoraLoader({
      lora_name: 'l.safetensors',
      strength_model: 1,
      strength_clip: 1,
      model: MODEL,
      clip: CLIP,
    });
    const positive = CLIPTextEncode({
      text: \`a \\\`cat\\\`
    \\\${here}\`,
      clip: loraLoader.CLIP,
    });
    const whatNotBlur = CLIPTextEncode({ text: '', clip: loraLoader.CLIP }, { title: 'What not: blur!' });
    const emptyLatentImage = EmptyLatentImage({ width: 512, height: 768, batch_size: 1 });
    const kSampler = KSampler({
      seed: 18446744073709551615n,
      steps: 20,
      cfg: 7.5,
      sampler_name: 'euler',
      scheduler: 'normal',
      denoise: 1,
      model: loraLoader.MODEL,
      positive: positive.CONDITIONING,
      negative: whatNotBlur.CONDITIONING,
      latent_image: emptyLatentImage.LATENT,
    });
    const vaeDecode = VAEDecode({ samples: kSampler.LATENT, vae: VAE });
    const saveImage = SaveImage({ filename_prefix: 'ComfyUI', images: vaeDecode.IMAGE });

    // left out, as they lead to no output: EmptyLatentImage (node 11)
    const workflow = graph(saveImage);

    const darkroom = await openDarkroom();
    try {
      const result = await darkroom.run(workflow);
      for (const image of result.images) console.log(image.path);
    } finally {
      await darkroom.close();
    }
    "
  `);
});

it('marks inputs that are missing or do not fit, so that the program compiles', () => {
  const text = toTypeScript(
    readWorkflow({
      1: node('SaveImage', { images: ['2', 0], filename_prefix: 7 }),
      2: node('ImageScale', { image: ['3', 1], upscale_method: 'softly', width: '64', height: 64 }),
      4: node('PreviewImage', {}),
      3: node('LoadImage', { image: 'x.png' }),
    } as unknown as Json).graph,
    NODES,
  );
  expect(text).toContain(`// @ts-expect-error the file has no 'images'
const previewImage = PreviewImage({});`);
  expect(text).toContain(`// not in the file, so the default: 'crop'
const imageScale = ImageScale({
  // @ts-expect-error expected IMAGE
  image: MASK,
  // @ts-expect-error not in the list
  upscale_method: 'softly',
  width: 64,
  height: 64,
});
const saveImage = SaveImage({ images: imageScale.IMAGE, filename_prefix: '7' });`);
});

it('rejects workflows that no program can build', () => {
  const program = (workflow: object) => () =>
    toTypeScript(readWorkflow(workflow as Json).graph, NODES);
  expect(program({ 1: node('Nope', {}) })).toThrow("unknown node type 'Nope'");
  expect(program({ 1: node('CheckpointLoaderSimple', { ckpt_name: 'x' }) })).toThrow(
    'no node that saves',
  );
  expect(program({ 1: node('SaveImage', { images: ['2', 0] }) })).toThrow(
    "'images' of node 1 is connected to node 2",
  );
  expect(
    program({
      1: node('SaveImage', { images: ['2', 0] }),
      2: node('ImageInvert', { image: ['2', 0] }),
    }),
  ).toThrow('part of a cycle');
  expect(
    program({
      1: node('SaveImage', { images: ['2', 7] }),
      2: node('VAELoader', { vae_name: 'x' }),
    }),
  ).toThrow('no such output');
});

it('camelCase returns variable names', () => {
  expect(
    [
      'Positive prompt',
      'CLIPTextEncode',
      'KSampler',
      '2nd pass',
      'Größe',
      '提示',
      'VAE Decode 2',
    ].map(camelCase),
  ).toEqual([
    'positivePrompt',
    'clipTextEncode',
    'kSampler',
    '_2ndPass',
    'größe',
    '提示',
    'vaeDecode2',
  ]);
});

describe('large workflows', () => {
  const text = { class_type: 'PrimitiveString', inputs: { value: 'a' } };
  const preview = (from: string) => ({ class_type: 'PreviewAny', inputs: { source: [from, 0] } });

  it('may be a chain of any length', () => {
    const trims = Array.from({ length: 8000 }, (_, i) => [
      `t${i}`,
      {
        class_type: 'StringTrim',
        inputs: { string: [i === 0 ? 'first' : `t${i - 1}`, 0], mode: 'Both' },
      },
    ]);
    const nodes = { first: text, ...Object.fromEntries(trims), last: preview('t7999') };
    expect(toTypeScript(readWorkflow(nodes).graph, NODES)).toContain('const string7999 = ');
  });

  it('may use one output and one name thousands of times', () => {
    const previews = Array.from({ length: 8000 }, (_, i) => [`p${i}`, preview('first')]);
    const nodes = { first: text, ...Object.fromEntries(previews) };
    expect(toTypeScript(readWorkflow(nodes).graph, NODES)).toContain('const previewAny8000 = ');
  });
});
