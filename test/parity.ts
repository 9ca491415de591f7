// npm run parity: runs the test suite and writes docs/parity.md, the table of every tensor compared
// with the originals. With a folder as argument it takes what a run with DARKROOM_PARITY=FOLDER
// left there instead of running the suite again. The section on real weights is from the last
// npm run real-files.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BEHAVIOUR_CHANGES } from '../src/nodes/versions/behaviour-changes.ts';
import { COMFYUI_VERSIONS, type ComfyUIVersion } from '../src/nodes/versions/comfyui-versions.ts';
import { type Figure, realWeightsSection } from './real/figure.ts';

interface Row {
  readonly family: string;
  readonly group: string;
  readonly id: string;
  /** Worst absolute difference; null (Infinity in JSON) for a shape or NaN mismatch. */
  readonly worst: number | null;
  readonly bound: number;
}

/** Groups whose references were made by 0.33.0 and whose names do not say so. */
const LATER_GROUPS: ReadonlySet<string> = new Set([
  'core_nodes/frames',
  'core_nodes/later',
  'core_nodes/lettering',
  'core_nodes/lists_and_boxes',
  'core_nodes/nested',
  'gligen/boxes',
  'lora/bypass',
  'lora/converted',
  'lora/extract',
  'lora/kinds',
  'lora/parts',
  'lora/transformer_kinds',
  'merge/dit',
  'merge/encoders',
  'model_patches/later',
  'sigmas/ksampler',
  'vision/photomaker',
  'vision/siglip',
  'vision/style',
]);

/** Families whose references were all made by 0.33.0. */
const LATER_FAMILIES: ReadonlySet<string> = new Set([
  'control_dit',
  'dit',
  'flow',
  'graphs_flow',
  'mmdit',
  'seeds_flow',
  'te',
  'vae',
  'weights',
]);

/** A group without its version, and the version of ComfyUI that made its references. */
function referenceOf({ family, group }: Row): { name: string; version: ComfyUIVersion } {
  const whole = `${family}/${group}`;
  const version = COMFYUI_VERSIONS.find((known) => whole.endsWith(`_${known}`));
  if (version) return { name: whole.slice(0, -version.length - 1), version };
  const isLater = LATER_FAMILIES.has(family) || LATER_GROUPS.has(whole);
  return { name: whole, version: isLater ? '0.33.0' : '0.3.64' };
}

function groupBy(list: readonly Row[], key: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of list) groups.set(key(row), [...(groups.get(key(row)) ?? []), row]);
  return groups;
}

/** Exit status of the tests. */
const runTests = (mode: readonly string[]): number =>
  spawnSync('npx', ['vitest', 'run', '--reporter=dot', ...mode], { stdio: 'inherit', env })
    .status ?? 1;

const given = process.argv[2];
const folder = given ?? mkdtempSync(join(tmpdir(), 'darkroom-parity-'));
const env = { ...process.env, DARKROOM_PARITY: folder };
const status = given ? 0 : Math.max(...[[], ['--mode', 'slow']].map(runTests));
const rows = readdirSync(folder).flatMap((file) =>
  readFileSync(join(folder, file), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Row),
);
if (!given) rmSync(folder, { recursive: true });

// test files report in no fixed order
rows.sort((a, b) => a.id.localeCompare(b.id));
const groups = groupBy(rows, (row) => referenceOf(row).name);
const share = (row: Row): number =>
  row.worst === null
    ? Number.POSITIVE_INFINITY
    : row.bound
      ? row.worst / row.bound
      : row.worst && Number.POSITIVE_INFINITY;
const worstOf = (list: readonly Row[]): Row => list.reduce((a, b) => (share(b) > share(a) ? b : a));
const show = (n: number | null): string =>
  n === null ? 'mismatch' : n === 0 ? '0' : n.toExponential(1);

const summary = [
  `| group | cases | tensors | ${COMFYUI_VERSIONS.map((version) => `worst case of ${version} | difference | bound`).join(' | ')} |`,
  `|---|---|---|${'---|---|---|'.repeat(COMFYUI_VERSIONS.length)}`,
];
const details: string[] = [];
for (const [name, list] of [...groups].sort(([a], [b]) => a.localeCompare(b))) {
  const cases = groupBy(list, (row) => row.id);
  const columns = COMFYUI_VERSIONS.map((version) => {
    const compared = list.filter((row) => referenceOf(row).version === version);
    if (compared.length === 0) return ' | | ';
    const worst = worstOf(compared);
    return `${worst.id} | ${show(worst.worst)} | ${show(worst.bound)}`;
  });
  summary.push(`| ${name} | ${cases.size} | ${list.length} | ${columns.join(' | ')} |`);
  details.push(
    `<details><summary>${name}</summary>`,
    '',
    '| case | worst difference | bound |',
    '|---|---|---|',
  );
  for (const [id, tensors] of cases) {
    const row = worstOf(tensors);
    details.push(`| ${id.replaceAll('|', '\\|')} | ${show(row.worst)} | ${show(row.bound)} |`);
  }
  details.push('', '</details>', '');
}

const changes = [
  `| nodes, samplers, requests | since | change |`,
  '|---|---|---|',
  ...Object.values(BEHAVIOUR_CHANGES).map(
    ({ where, since, what }) => `| ${where} | ${since} | ${what} |`,
  ),
];

const figures = JSON.parse(
  readFileSync(join(import.meta.dirname, 'real', 'figures.json'), 'utf8'),
) as Figure[];

const lastBit = readFileSync(join(import.meta.dirname, 'golden/float32/last-bit.md'), 'utf8');

writeFileSync(
  join(import.meta.dirname, '..', 'docs', 'parity.md'),
  `# Parity with the originals

Written by \`npm run parity\` from one run of the test suite. The references were made by ComfyUI and the node packs on a CPU in fp32: most by 0.3.64, which
the results of Darkroom's \`--comfyui 0.3.64\` are compared with, some by 0.33.0, its default. A group has one column for each; most of what they cover did
not change between the two. Files of \`image_files\` were read by Pillow 13.0 in 0.3.64.
A tensor passes when no value differs by more than max(2e-6, 1e-5 x the reference's largest value, 10 x the difference between two runs of the
original with other summation orders); a bound of 0 means that the values must be equal. The row of a case is its tensor nearest to its bound.

${realWeightsSection(figures)}
${lastBit}## What changed from ${COMFYUI_VERSIONS.join(' to ')}

Each of these is followed in both forms; a release between the two has the changes up to it.
0.33.0 is ComfyUI's commit 783545f6, nine days after the tag v0.33.0. The results of what is here differ between the two in \`RescaleCFG\` alone; the node \`ImageCropToMask\` and the marks of
deprecated data set nodes are the commit's too.

${changes.join('\n')}

## Where the original depends on its libraries

- Texts in pictures (\`TextOverlay\`, \`CreateBoundingBoxes\`, \`DrawBBoxes\`) are drawn by FreeType 2.14.3 with the font Aileron, to the byte as Pillow 13 draws them. Pillow 11.3
  has FreeType 2.13.3, whose outlines of texts differ in one of seven texts, by up to 31 of 255 levels on 0.4 % of its values. \`DrawBBoxes\` takes Arial for labels
  where the system has it; here it is always Aileron. \`TextOverlay\` takes colours as \`#rrggbb\` and its short forms only, not as names.
- Resizes in 8 bits (lanczos) are those of Pillow up to 12. Pillow 13 resizes another way where width and height both change: noise of 17x40 to 32x33 differs by up to 25 levels.

## Flow models

All references of [flow models](flow-models.md) are of 0.33.0 in float32, on tiny models in the real layouts.

- Qwen-Image 2.1 is newer than 0.33.0: its references are of the modules of 0.37.4 that know it, over those of 0.33.0, with PyTorch's attention (the default on a CPU adds its masks of truth values as
  numbers).
- Equal: tokens, tables of sigmas and schedules, latent formats, fp8 and its scales. Denoisers, text encoders, autoencoders, LoRAs and ControlNets differ by the order of sums only, whose effect the
  bounds measure. Pictures of whole graphs may differ by one of 255 levels on at most 0.5 % of their values.
- The weights of CLIP are rounded to float16, as in ComfyUI without \`--fp32-text-enc\`; those of T5 where a file is wider, for SD3 and FLUX.1 but not for Chroma. Gemma 2 adds 1 to its norms in the type of
  the file. The whole graphs were compared without rounding CLIP and T5 (\`textEncoders: 'fp32'\`).
- Files in ComfyUI's int8 are computed in int8 as there, but **most results are not inside the bounds**. Every input of every layer is rounded to 8 bits; where one of them lies between two
  integers to the last bits of float32, it may be rounded to the other one, and the result moves by 0.0004 to 0.02, far more than the bounds. The two cases of the suite, which are 0.009 away, are
  accepted because the original gives these results when its inputs move by 1e-7: a weaker rule than for all other tensors. Of 42 evaluations of the tiny Z-Image in this format, other latents,
  prompts, sizes and sigmas among them, 14 are inside the bounds; the largest difference is 0.014 (\`bench/int8-spread.ts\`). Between
  ways of running ComfyUI itself, 0 to 30 are (\`test/golden/weights/int8_spread.py\`):

  | ComfyUI with PyTorch's attention on AVX-512, as the references, compared with | inside the bounds |
  |---|---|
  | the same on AVX2 | 30 of 42 |
  | the same without vector instructions | 20 of 42 |
  | sub-quadratic attention, its default on a CPU | 24 of 42 |
  | the linear layers on vectors in float64 | 29 of 42 |
  | SiLU in float64 | 25 of 42 |
  | RMSNorm in float64 | 23 of 42 |
  | ConvRot's rotation by the Kronecker factors of its matrix, as here | 16 of 42 |
  | these four together | 17 of 42 |
  | \`ONEDNN_MAX_CPU_ISA=AVX2\`, a processor without VNNI, where PyTorch's int8 products saturate | 0 of 42, up to 0.5 |

  With equal inputs an int8 layer is equal to the bit if the rotation is one product, as in ComfyUI. That takes nine times as long as by factors and was measured to leave 16 of 42: what remains are
  the exponentials of attention and SiLU and the order of sums in products of a vector, in which PyTorch and ONNX Runtime differ.
- fp8 and GGUF round no inputs: 22 evaluations each of the three fp8 files of FLUX.1 and of Z-Image in Q8_0 are all inside the bounds, the largest difference is 1.9e-6.
- \`--precision int8\` is Darkroom's own and equals nothing.
- Blocks of GGUF are computed in float16, as ComfyUI-GGUF does by default, which is why their bounds are wide: its other options differ by up to 5e-4 (Q8_0) and 3e-3 (Q6_K).
- \`BNK_Unsampler\` with \`end_at_step\` 0 divides by 1 − 1.0001: latents and bounds are 10,000 times as large there.

## Tensors of the test suite

${summary.join('\n')}

${details.join('\n')}`,
);
process.exitCode = status ?? 1;
