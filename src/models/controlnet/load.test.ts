// The fixture ControlNet against the original's residuals, alone and inside the UNet; and its
// diffusers layout.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { expectGolden, fixtureModel, golden } from '../../../test/support/golden.ts';
import { openSafetensors } from '../../formats/safetensors/safetensors.ts';
import {
  type TensorToWrite,
  writeSafetensors,
} from '../../formats/safetensors/safetensors-write.ts';
import { createRuntime } from '../../runtime/runtime.ts';
import { loadCheckpoint } from '../checkpoint/load.ts';
import { loadControlNet } from './load.ts';

const runtime = createRuntime({ threads: 1 });
const folder = mkdtempSync(join(tmpdir(), 'darkroom-controlnet-'));
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

const g = golden('networks', 'controlnet');
const file = fixtureModel('tiny_controlnet_sdxl');

describe('ControlNet', () => {
  it.each(g.cases)(
    '$id returns the residuals of the original, and the UNet its predictions with them',
    async ({ id, inputs, outputs }) => {
      const net = await loadControlNet(file, runtime);
      const { denoiser: unet } = await loadCheckpoint(fixtureModel('tiny_sdxl_base'), runtime);
      const [x, context, y, pixels] = ['x', 'context', 'y', 'hint'].map((name) =>
        g.float(inputs[name]),
      );
      const common = { x, timesteps: g.float(inputs.t).data, context, y };
      const hint = await net.prepareHint(pixels);
      const { output, middle } = await net.evaluate({ ...common, hint, strength: 1 });
      expectGolden(g, id, outputs.middle_0, middle!);
      output.toReversed().forEach((residual, i) => {
        expectGolden(g, id, outputs[`output_${i}`], residual!);
      });
      expect(output.length).toBe(9);
      for (const strength of [1, 0.35]) {
        const control = await net.evaluate({ ...common, hint, strength });
        const name = outputs[`unet_${strength === 1 ? '1.0' : strength}`];
        expectGolden(g, id, name, await unet.evaluate({ ...common, control }));
      }
    },
  );

  /** Writes the fixture with other tensor names. */
  const writeRenamed = async (
    name: string,
    rename: (tensor: string) => string,
  ): Promise<string> => {
    const source = await openSafetensors(file);
    const tensors: Record<string, TensorToWrite> = {};
    for (const tensor of source.tensors.keys())
      tensors[rename(tensor.slice('control_model.'.length))] = {
        dtype: 'F32',
        ...(await source.read(tensor)),
      };
    await source.close();
    const target = join(folder, `${name}.safetensors`);
    await writeSafetensors(target, tensors);
    return target;
  };
  const evaluate = async (path: string) => {
    const net = await loadControlNet(path, runtime);
    const { inputs } = g.cases[0];
    const [x, context, y, pixels] = ['x', 'context', 'y', 'hint'].map((name) =>
      g.float(inputs[name]),
    );
    return net.evaluate({
      x,
      timesteps: g.float(inputs.t).data,
      context,
      y,
      hint: await net.prepareHint(pixels),
      strength: 1,
    });
  };

  it('returns the same residuals for the diffusers layout', async () => {
    expect(await evaluate(await writeRenamed('diffusers', diffusersName))).toEqual(
      await evaluate(file),
    );
  });

  it('averages residuals only for files named as shuffle ControlNets', async () => {
    const { middle } = await evaluate(
      await writeRenamed('made_shuffle', (name) => `control_model.${name}`),
    );
    const whole = (await evaluate(file)).middle!;
    const [, , height, width] = whole.shape;
    expect(middle!.shape).toEqual([...whole.shape.slice(0, 2), 1, 1]);
    const mean =
      whole.data.subarray(0, height * width).reduce((sum, value) => sum + value, 0) /
      (height * width);
    expect(middle!.data[0]).toBeCloseTo(mean, 5);
  });

  it.each([
    ['controlnet_x_embedder.weight', 'is not a ControlNet but a ControlNet for FLUX or Qwen-Image'],
    ['ip_adapter.1.to_k_ip.weight', 'is not a ControlNet but an IP-Adapter'],
    ['lora_unet_down.lora_down.weight', 'is not a ControlNet but a LoRA'],
    ['first_stage_model.decoder.mid.block_1.norm1.weight', 'is not a ControlNet but a VAE'],
  ])('throws for a file with %s and names its kind', async (tensor, message) => {
    const path = join(folder, `${tensor}.safetensors`);
    const zero = { dtype: 'F32', shape: [1, 1, 1, 1], data: Float32Array.of(0) } as const;
    await writeSafetensors(path, {
      [tensor]: zero,
      'first_stage_model.decoder.conv_in.weight': zero,
    });
    await expect(loadControlNet(path, runtime)).rejects.toMatchObject({
      code: 'DR_MODEL_UNSUPPORTED',
      message: expect.stringContaining(message),
    });
  });
});

/** The fixture's tensors under diffusers' names: two residual blocks per level. */
function diffusersName(name: string): string {
  const rules: readonly (readonly [RegExp, (...groups: string[]) => string])[] = [
    [/^input_blocks\.0\.0\./, () => 'conv_in.'],
    [/^time_embed\.(\d)/, (n) => `time_embedding.linear_${Number(n) / 2 + 1}`],
    [/^label_emb\.0\.(\d)/, (n) => `add_embedding.linear_${Number(n) / 2 + 1}`],
    [
      /^input_blocks\.([36])\.0\.op\./,
      (n) => `down_blocks.${Number(n) / 3 - 1}.downsamplers.0.conv.`,
    ],
    [
      /^input_blocks\.(\d)\.([01])\./,
      (n, kind) => {
        const [level, index] = [Math.floor((Number(n) - 1) / 3), (Number(n) - 1) % 3];
        return `down_blocks.${level}.${kind === '0' ? 'resnets' : 'attentions'}.${index}.`;
      },
    ],
    [/^middle_block\.1\./, () => 'mid_block.attentions.0.'],
    [/^middle_block\.([02])\./, (n) => `mid_block.resnets.${Number(n) / 2}.`],
    [/^zero_convs\.(\d)\.0\./, (n) => `controlnet_down_blocks.${n}.`],
    [/^middle_block_out\.0\./, () => 'controlnet_mid_block.'],
    [/^input_hint_block\.0\./, () => 'controlnet_cond_embedding.conv_in.'],
    [/^input_hint_block\.14\./, () => 'controlnet_cond_embedding.conv_out.'],
    [/^input_hint_block\.(\d+)\./, (n) => `controlnet_cond_embedding.blocks.${Number(n) / 2 - 1}.`],
  ];
  const [pattern, rewrite] = rules.find(([rule]) => rule.test(name))!;
  return name
    .replace(pattern, (_, ...groups) => rewrite(...(groups as string[])))
    .replace('.in_layers.0.', '.norm1.')
    .replace('.in_layers.2.', '.conv1.')
    .replace('.emb_layers.1.', '.time_emb_proj.')
    .replace('.out_layers.0.', '.norm2.')
    .replace('.out_layers.3.', '.conv2.')
    .replace('.skip_connection.', '.conv_shortcut.');
}
