// The graph of a YOLO model that was saved whole: its layers, each with the indices of the layers
// that are its inputs, and the detection head. Source: Ultralytics' DetectionModel and
// SegmentationModel; decode-boxes.ts decodes the head's outputs.
import type { SavedModule } from '../../formats/torch/torch-modules.ts';
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import type { Weights } from '../weights/tensors.ts';
import { apply, child, concat, type Layers, unsupported } from './yolo-layers.ts';

/** The sizes of a detection head. */
export interface YoloHead {
  readonly classes: number;
  /** Bins per distance from a cell to a side of its box; 1: the distance itself. */
  readonly bins: number;
  readonly labels: ReadonlyMap<number, string>;
  /** Coefficients per mask; undefined for models without masks. */
  readonly masks?: number;
}

/** Classes of heads, and what they detect. */
const HEAD_KINDS: Readonly<Record<string, 'boxes' | 'masks'>> = {
  Detect: 'boxes',
  Segment: 'masks',
};
/** Model classes that are not supported, and what the models do. */
const UNSUPPORTED_MODELS: Readonly<Record<string, string>> = {
  PoseModel: 'detects poses',
  OBBModel: 'detects rotated boxes',
  ClassificationModel: 'classifies whole images',
  WorldModel: 'is guided by text (YOLO-World)',
  RTDETRDetectionModel: 'is an RT-DETR model',
  YOLOv10DetectionModel: 'does its own suppression (YOLOv10)',
  YOLOEModel: 'is guided by text (YOLOE)',
  YOLOESegModel: 'is guided by text (YOLOE)',
};
const MODELS = ['DetectionModel', 'SegmentationModel'];

/** A layer and its inputs. */
interface Step {
  readonly layer: SavedModule;
  /** Indices of the layers that are its inputs; -1 is the previous layer. */
  readonly from: readonly number[];
}

export interface Yolo {
  readonly head: YoloHead;
  /** Name of the tensor with the strides of the head's levels. */
  readonly strides: string;
  /**
   * `x` [1,3,H,W] in 0..1 -> `distances` [1,4,N] in cells, `scores` [1,classes,N]; with masks
   * `coefficients` [1,masks,N], `protos` [1,masks,h,w].
   */
  readonly outputs: readonly string[];
  graph(weights: Weights): Graph;
}

/**
 * Reads a model's head and layers from its module tree. Throws DR_MODEL_UNSUPPORTED for models of
 * other kinds.
 */
export function readYolo(root: SavedModule, file: string): Yolo {
  if (/^models\./.test(root.global))
    throw unsupported(
      file,
      `was saved by the old YOLOv5 program (${root.global}), which Ultralytics does not read ` +
        'either',
    );
  if (!MODELS.includes(root.type))
    throw unsupported(
      file,
      Object.hasOwn(UNSUPPORTED_MODELS, root.type)
        ? UNSUPPORTED_MODELS[root.type]
        : `contains a ${root.global}, which is not a supported detector`,
    );
  const steps = [...(root.children.get('model')?.children.values() ?? [])].map(
    (layer): Step => ({ layer, from: layer.numbers('f') ?? [-1] }),
  );
  const headModule = steps.at(-1)?.layer;
  const kind =
    headModule && Object.hasOwn(HEAD_KINDS, headModule.type)
      ? HEAD_KINDS[headModule.type]
      : undefined;
  if (!headModule || !kind)
    throw unsupported(
      file,
      headModule
        ? `ends in a ${headModule.global}, which is not a supported head`
        : 'has no layers',
    );
  if (headModule.flag('_end2end') || !headModule.children.has('cv2'))
    throw unsupported(file, 'does its own suppression (end-to-end)');
  const [classes, bins, masks] = ['nc', 'reg_max', 'nm'].map((name) => headModule.number(name));
  if (!classes || !bins || (kind === 'masks' && !masks))
    throw unsupported(file, `has a head ${headModule.type} without its sizes`);
  const head = {
    classes,
    bins,
    labels: root.texts('names') ?? new Map<number, string>(),
    ...(kind === 'masks' && { masks }),
  };
  return {
    head,
    strides: `${headModule.path}.stride`,
    outputs: ['distances', 'scores', ...(head.masks ? ['coefficients', 'protos'] : [])],
    graph: (w) => buildGraph({ g: createGraph(), w, file }, steps, head),
  };
}

function buildGraph(net: Layers, steps: readonly Step[], head: YoloHead): Graph {
  const { g } = net;
  const values: Value[] = [];
  const x = g.input('x', [1, 3, 'H', 'W']);
  const inputOf = (from: number): Value => {
    const value = from === -1 ? (values.at(-1) ?? x) : values[from];
    if (value === undefined)
      throw unsupported(net.file, `has a layer ${values.length} whose input is layer ${from}`);
    return value;
  };
  for (const { layer, from } of steps.slice(0, -1)) {
    const inputs = from.map(inputOf);
    values.push(
      layer.type === 'Concat'
        ? concat(net, inputs, layer.number('d') ?? 1)
        : apply(net, layer, inputs[0]),
    );
  }
  const { layer, from } = steps[steps.length - 1];
  addHead(net, layer, from.map(inputOf), head);
  return g;
}

/** Applies a list of layers, one per level, and joins the levels' cells: [1, size, N]. */
function perLevel(
  net: Layers,
  head: SavedModule,
  name: string,
  levels: readonly Value[],
  size: number,
): Value {
  const list = child(net, head, name);
  const cells = levels.map((x, i) =>
    net.g.op('Reshape', [apply(net, child(net, list, String(i)), x), net.g.ints([0, size, -1])]),
  );
  return concat(net, cells, 2);
}

/** Adds the head's outputs to the graph. */
function addHead(
  net: Layers,
  head: SavedModule,
  levels: readonly Value[],
  { classes, bins, masks }: YoloHead,
): void {
  const { g, w } = net;
  const sides = perLevel(net, head, 'cv2', levels, 4 * bins);
  g.output('distances', bins > 1 ? expectedDistances(net, head, sides, bins) : sides, [1, 4, 'N']);
  g.output('scores', g.op('Sigmoid', [perLevel(net, head, 'cv3', levels, classes)]), [
    1,
    classes,
    'N',
  ]);
  if (!masks) return;
  g.output('coefficients', perLevel(net, head, 'cv4', levels, masks), [1, masks, 'N']);
  g.output('protos', apply({ g, w, file: net.file }, child(net, head, 'proto'), levels[0]), [
    1,
    masks,
    'h',
    'w',
  ]);
}

/** Returns each distance as the mean of its bins, weighted by their probabilities. */
function expectedDistances({ g, w }: Layers, head: SavedModule, sides: Value, bins: number): Value {
  const probabilities = g.op('Softmax', [g.op('Reshape', [sides, g.ints([0, 4, bins, -1])])], {
    axis: 2,
  });
  const weights = w.value(g, `${head.path}.dfl.conv.weight`, { dims: [1, 1, bins, 1] });
  return g.op('ReduceSum', [g.op('Mul', [probabilities, weights]), g.ints([2])], { keepdims: 0 });
}
