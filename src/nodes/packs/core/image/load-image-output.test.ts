// LoadImageOutput, which ComfyUI's editor requires.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runNode, testContext } from '../../../../../test/support/run-node.ts';
import { encodePng } from '../../../../image/codec/png.ts';
import type { Tensor } from '../../../../tensor/tensor.ts';
import { NODES } from '../../../index.ts';

it('LoadImageOutput loads an existing image', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'darkroom-output-'));
  try {
    writeFileSync(
      join(folder, 'a.png'),
      await encodePng({
        width: 2,
        height: 1,
        channels: 3,
        bytes: Uint8Array.of(0, 51, 102, 153, 204, 255),
      }),
    );
    const context = testContext({}, folder);
    const { check } = NODES.get('LoadImageOutput')!.validate!;
    expect(check({ image: 'a.png' }, context, {})).toBe(true);
    expect(check({ image: 'b.png' }, context, {})).toBe('Invalid image file: b.png');
    const [image] = await runNode<[Tensor]>('LoadImageOutput', { image: 'a.png' }, context);
    expect([...image.data]).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1].map(Math.fround));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
