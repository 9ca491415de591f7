// npm run builder: writes src/workflow/builder/nodes.generated.ts from the declarations of the
// nodes.
import { writeFileSync } from 'node:fs';
import { NODES } from '../src/nodes/index.ts';
import { generateBuilder } from '../src/workflow/builder/generate.ts';

writeFileSync(
  new URL('../src/workflow/builder/nodes.generated.ts', import.meta.url),
  generateBuilder(NODES.values()),
);
