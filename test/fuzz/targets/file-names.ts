// Names from requests and workflows: prefixes of outputs, annotated names, paths.
import { parseAnnotatedName, pathInside } from '../../../src/storage/folder-paths.ts';
import { nextCounter, outputName, outputTarget } from '../../../src/storage/output.ts';
import type { FuzzTarget } from '../target.ts';

const ROOT = '/root/output';

export const target: FuzzTarget = {
  run: (input) => {
    const text = input.toString('utf8');
    const { name } = parseAnnotatedName(text);
    const path = pathInside(ROOT, name);
    if (path !== undefined && !path.startsWith(`${ROOT}/`)) throw new Error(`outside: ${path}`);
    nextCounter(text.split('\n'), 'p');
    outputName(text, { extension: 'png' }, 1n, 2);
    const request = { prefix: text, extension: 'png', size: { width: 8, height: 9 } };
    const { folder } = outputTarget({ ...request, root: ROOT, now: new Date(0) });
    if (folder !== ROOT && !folder.startsWith(`${ROOT}/`)) throw new Error(`outside: ${folder}`);
  },
  seeds: () => [
    'a/b.png [output]',
    '%year%-%month%/%width%x%height%_%batch_num%',
    'p_00001_.png\np_9_',
  ],
  dictionary: ['../', '/', '\\', ' [input]', '%date%', '%width%', '\0', '..', 'p_'],
};
