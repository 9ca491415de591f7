// Texts that changed between releases, beside the originals of both (test/golden/versions/
// make_texts.py).
import { describe, expect, it } from 'vitest';
import { golden } from '../../../test/support/golden.ts';
import { fixtureFolders, runNode, testContext } from '../../../test/support/run-node.ts';
import { splitWords } from '../../python-space.ts';
import { tensor } from '../../tensor/tensor.ts';
import { tokenize } from '../../text/token-chunks.ts';
import type { Token } from '../../text/token-groups.ts';
import { NODES } from '../index.ts';
import { behaviourOf } from './behaviour-changes.ts';
import { COMFYUI_VERSIONS } from './comfyui-versions.ts';

const VECTORS: Readonly<Record<string, number>> = { foo: 2, bar: 1, 'we[1]': 3 };
const START_OR_PADDING = 0;

/** The tokens of a prompt where each word is one token. */
async function wordsOf(prompt: string, endsAtBrackets: boolean): Promise<unknown[]> {
  const words: string[] = [];
  const [chunk] = await tokenize(prompt, {
    key: 'clip_l',
    pad: 0,
    length: 77,
    endsAtBrackets,
    embeddings: async (name) =>
      Object.hasOwn(VECTORS, name)
        ? new Map([['clip_l', tensor([VECTORS[name], 4], new Float32Array(VECTORS[name] * 4))]])
        : undefined,
    tokenizer: {
      encode: (text) => splitWords(text).map((word) => words.push(word) - 1),
    },
  });
  const textOf = ({ value }: Token): string =>
    typeof value === 'number' ? words[value] : 'VECTOR';
  return chunk
    .filter(({ word }) => word !== START_OR_PADDING)
    .map((token) => [textOf(token), token.weight, token.word]);
}

describe.each(COMFYUI_VERSIONS)('ComfyUI %s', (version) => {
  const g = golden('versions', `texts_${version}`);
  const behaviour = behaviourOf(version);
  const casesOf = (...kinds: string[]) =>
    g.cases
      .filter(({ params }) => kinds.includes(params.kind))
      .map((one) => [one.id, one] as const);

  it.each(casesOf('prompt'))('tokenizes %s', async (_, { params, scalars }) => {
    const words = await wordsOf(params.prompt, behaviour.embeddingsEndAtBrackets);
    expect(words).toEqual(scalars!.value);
  });

  it('encoders of a checkpoint read prompts by the same rule', async () => {
    const models = fixtureFolders({ checkpoints: ['tiny_sdxl_base'], embeddings: ['tinyti'] });
    const context = { ...testContext(models), behaviour };
    const ckpt_name = 'tiny_sdxl_base.safetensors';
    const [, clip] = await runNode('CheckpointLoaderSimple', { ckpt_name }, context);
    await runNode('CLIPTextEncode', { clip, text: 'embedding:tinyti[a] fox' }, context);
    await context.runtime.close();
    const isFound = behaviour.embeddingsEndAtBrackets;
    expect(context.warnings).toEqual(
      isFound ? [] : [expect.stringContaining('embedding:tinyti[a] does not exist')],
    );
  });

  const preview = async (source: unknown, type: string) => {
    const context = { ...testContext(), behaviour, inputType: () => type };
    return NODES.get('PreviewAny')!.run({ source } as never, context);
  };

  it.each(casesOf('value'))('PreviewAny shows %s', async (id, { params, scalars }) => {
    const type = /^[\d.e+]*[.e][\d.e+]*$/.test(id) ? 'FLOAT' : '*';
    const { outputs, ui } = await preview(params.value, type);
    expect(outputs).toEqual([scalars!.value]);
    expect(ui).toEqual({ text: [scalars!.value] });
  });

  it.each(casesOf('tensor', 'latent'))('PreviewAny shows tensors: %s', async (_, one) => {
    const value = g.float(one.params.tensor);
    const { outputs } =
      one.params.kind === 'latent'
        ? await preview({ samples: value }, 'LATENT')
        : await preview(value, 'IMAGE');
    expect(outputs).toEqual([one.scalars!.value]);
  });

  it('PreviewAny shows sigmas as the tensors that they are', async () => {
    const one = g.cases.find(({ id }) => id === 'sigmas')!;
    const sigmas = Float32Array.from(g.float(one.params.tensor).data);
    expect((await preview(sigmas, 'SIGMAS')).outputs).toEqual([one.scalars!.value]);
  });
});
