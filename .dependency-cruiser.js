// The layers of src/ and the direction of imports between them (docs/architecture.md), checked by `npm run lint`.
// A layer may import those above it in this list and single files of src/ (errors.ts, near-matches.ts …), never those below. Types count.
const LAYERS = [
  'tensor',
  'random',
  'formats',
  'image',
  'text',
  'onnx',
  'storage',
  'download',
  'runtime',
  'models',
  'sampling',
  'segs',
  'nodes',
  'workflow',
  'engine',
  'darkroom-types.ts',
  'darkroom-internals.ts',
  'check-workflow.ts',
  'darkroom.ts',
  'verify-image.ts',
  'queue',
  'server',
  'cli',
];

/** Nothing below a layer in the list may be imported by it. */
const direction = LAYERS.slice(0, -1).map((layer, i) => ({
  name: `${layer}-imports-upwards`,
  comment: `src/${layer} may import only the layers before it: ${LAYERS.slice(0, i).join(', ') || 'none'}.`,
  severity: 'error',
  from: { path: `^src/${layer}(/|$)`, pathNot: '\\.test\\.ts$' },
  to: { path: `^src/(${LAYERS.slice(i + 1).join('|')})(/|$)` },
}));

export default {
  forbidden: [
    ...direction,
    {
      name: 'no-cycle',
      comment: 'Two files that import each other, types included, are one file or need a third.',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true },
    },
    {
      name: 'front-ends-use-nodes',
      comment:
        'The server and the command line know nodes and workflows, not networks or samplers; models/inspect describes model files.',
      severity: 'error',
      from: { path: '^src/(server|cli)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/(models|sampling)/', pathNot: '^src/models/inspect/' },
    },
    {
      name: 'packs-are-independent',
      comment:
        'A pack may import src/nodes/*.ts and src/nodes/shared/, not another pack. ' +
        'What several packs use is in nodes/shared.',
      severity: 'error',
      from: { path: '^src/nodes/packs/([^/]+)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/nodes/packs/', pathNot: '^src/nodes/packs/$1/' },
    },
    {
      name: 'shared-knows-no-pack',
      comment: 'src/nodes/shared/ is below the packs.',
      severity: 'error',
      from: { path: '^src/nodes/shared/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/nodes/packs/' },
    },
    {
      name: 'one-importer-of-onnxruntime',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/runtime/' },
      to: { path: 'onnxruntime-common' },
    },
    {
      name: 'no-import-of-tests',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.test\\.ts$' },
      to: { path: '(^test/|\\.test\\.ts$)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
