// What nodes save, which changed between releases, beside the originals of both (test/golden/
// versions/make_saving.py, make_texts.py).
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { golden } from '../../../test/support/golden.ts';
import { testContext } from '../../../test/support/run-node.ts';
import { readImageTexts } from '../../image/codec/image-text.ts';
import { nextCounter } from '../../storage/output.ts';
import { zeros } from '../../tensor/tensor.ts';
import type { SavedFile } from '../context.ts';
import { NODES } from '../index.ts';
import { behaviourOf } from './behaviour-changes.ts';
import { COMFYUI_VERSIONS } from './comfyui-versions.ts';

describe.each(COMFYUI_VERSIONS)('ComfyUI %s', (version) => {
  const behaviour = behaviourOf(version);
  const metadata = () => ({ prompt: '{}', workflow: '{}' });
  const context = { ...testContext(), behaviour, metadata };
  const { cases } = golden('versions', `saving_${version}`);

  it.each(cases.map((one) => [one.id, one]))('%s', async (_, { params, scalars }) => {
    const { node, shape, options } = params;
    const batch = { [node === 'MaskPreview' ? 'mask' : 'images']: zeros(shape) };
    const { ui } = await NODES.get(node)!.run({ ...batch, ...options } as never, context);
    const { images, ...flags } = ui!;
    expect(images).toHaveLength(scalars!.images);
    expect(flags).toEqual(scalars!.flags);
    if (node !== 'MaskPreview') return;
    const { path } = images[0] as SavedFile;
    expect(Object.keys(readImageTexts(readFileSync(path), path)).sort()).toEqual(scalars!.texts);
  });

  const counters = golden('versions', `texts_${version}`).cases.filter(
    ({ params }) => params.kind === 'counter',
  );
  it.each(counters.map((one) => [one.id, one]))('counts beside %s', (_, { params, scalars }) => {
    const next = nextCounter(params.names, 'p', behaviour.counterEndsAtDot);
    expect(next).toBe(BigInt(scalars!.value));
  });
});
