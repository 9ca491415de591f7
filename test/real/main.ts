// npm run real-files -- [--python PROGRAM] [--impact-pack FOLDER]: fetches packages with real
// weights into .cache/real-files, runs the originals (originals.py says which Python packages it
// needs) and Darkroom on them, prints the comparison, and writes it to figures.json, from which
// npm run parity takes it. With --compare, the originals of the last run are used.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { detectorFigures } from './detectors.ts';
import { figuresTable } from './figure.ts';
import { prepareInputs } from './inputs.ts';
import { call, FOLDER, fetchPackages } from './packages.ts';
import { descriptionFigures, tensorFigures } from './tensors.ts';
import { upscalerFigures } from './upscalers.ts';

const { values } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    'impact-pack': { type: 'string' },
    compare: { type: 'boolean', default: false },
  },
});
mkdirSync(FOLDER, { recursive: true });
fetchPackages(values.python);
await prepareInputs();
if (!values.compare) {
  const impact = values['impact-pack'] === undefined ? [] : [values['impact-pack']];
  call(values.python, [join(import.meta.dirname, 'originals.py'), FOLDER, ...impact]);
}
const figures = [
  ...(await tensorFigures()),
  ...(await descriptionFigures()),
  ...(await detectorFigures()),
  ...(await upscalerFigures()),
];
console.log(figuresTable(figures));
writeFileSync(
  join(import.meta.dirname, 'figures.json'),
  `${JSON.stringify(figures, undefined, 2)}\n`,
);
process.exitCode = figures.every(({ passed }) => passed) ? 0 : 1;
