// The files of a new pack: a package with one node, a test against expected numbers, and a README.
import { isIdentifier } from '../workflow/builder/names.ts';
import type { WrittenDeclaration } from '../workflow/export/declaration-from-info.ts';

/** `version` is that of the program. */
export interface NewPack {
  readonly name: string;
  readonly version: string;
  readonly api: string;
  /** The node to declare; by default an example. */
  readonly node?: WrittenDeclaration;
}

/** The texts of the files by name. */
export const newPackFiles = (pack: NewPack): Readonly<Record<string, string>> => ({
  'package.json': packageJson(pack),
  'pack.ts': pack.node ? declaredPack(pack, pack.node) : examplePack(pack),
  'pack.test.mjs': pack.node ? declaredTest() : exampleTest(pack),
  'tsconfig.json': TSCONFIG,
  'README.md': readme(pack),
});

const packageJson = ({ name, version }: NewPack): string =>
  `${JSON.stringify(
    {
      name,
      version: '0.1.0',
      description: 'Nodes for Darkroom.',
      type: 'module',
      exports: './pack.ts',
      keywords: ['darkroom-pack'],
      scripts: { test: 'node --test' },
      peerDependencies: { 'darkroom-engine': `^${version}` },
    },
    undefined,
    2,
  )}\n`;

const TSCONFIG = `${JSON.stringify(
  {
    compilerOptions: {
      target: 'ES2023',
      module: 'NodeNext',
      strict: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      erasableSyntaxOnly: true,
      skipLibCheck: true,
    },
    include: ['*.ts'],
  },
  undefined,
  2,
)}\n`;

/** `film-looks` as `FilmLooks`. */
export function typeName(name: string): string {
  const words = name.split(/[^A-Za-z0-9]+/).filter(Boolean);
  const joined = words.map((word) => word[0].toUpperCase() + word.slice(1)).join('');
  return isIdentifier(joined) ? joined : `Pack${joined}`;
}

const examplePack = ({ name, api }: NewPack): string => `// The nodes of ${name}.
import { defineNode, definePack, float, map, output, outputs, socket } from 'darkroom-engine/pack';

const Brightness = defineNode({
  type: '${typeName(name)}Brightness',
  display: 'Brightness',
  category: '${name}',
  inputs: {
    image: socket('IMAGE'),
    factor: float({ default: 1, min: 0, max: 4, step: 0.01 }),
  },
  outputs: [output('IMAGE')],
  // images are [N,H,W,C] in 0..1
  run: ({ image, factor }) => outputs(map(image, (value) => Math.min(1, value * factor))),
});

export default definePack({ title: '${name}', api: '${api}', nodes: [Brightness] });
`;

const exampleTest = ({ name }: NewPack): string => `// node --test
import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { tensor, testPack } from 'darkroom-engine/pack';

const pack = await testPack(dirname(fileURLToPath(import.meta.url)));

test('multiplies and clips', async () => {
  const image = tensor([1, 1, 1, 3], Float32Array.of(0, 0.25, 0.75));
  const [result] = await pack.run('${typeName(name)}Brightness', { image, factor: 2 });
  assert.deepEqual([...result.data], [0, 0.5, 1]);
});
`;

const declaredPack = (
  { name, api }: NewPack,
  { text, helpers, name: constant }: WrittenDeclaration,
): string => `// The nodes of ${name}.
import { ${[...helpers, 'definePack'].sort().join(', ')} } from 'darkroom-engine/pack';

${text}
export default definePack({ title: '${name}', api: '${api}', nodes: [${constant}] });
`;

const declaredTest = (): string => `// node --test
import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { testPack } from 'darkroom-engine/pack';

const pack = await testPack(dirname(fileURLToPath(import.meta.url)));

test('the pack has its node', () => {
  assert.equal(pack.types.length, 1);
});
`;

const readme = ({ name }: NewPack): string => `# ${name}

Nodes for [Darkroom](https://github.com/darkroom-engine/darkroom).

\`\`\`sh
npm install --save-dev darkroom-engine   # types, and what the test needs
npm test
npx darkroom nodes list --nodes .
npx darkroom run workflow.json --nodes .
npx darkroom serve --nodes . --watch
\`\`\`
`;
