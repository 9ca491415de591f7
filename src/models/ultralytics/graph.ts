// The graph of a YOLO model that was saved whole: its layers, each of which names the layers that
// its inputs come from, and the detection head. Source: Ultralytics' DetectionModel and
// SegmentationModel; decode-boxes.ts decodes the head's outputs.
import type { SavedModule } from '../../formats/torch/torch-modules.ts';
import { createGraph, type Graph, type Value } from '../../onnx/builder.ts';
import type { Weights } from '../weights/tensors.ts';
import { apply, child, concat, type Layers, refused } from './yolo-layers.ts';

export interface YoloHead {
  readonly classes: number;
  /** Bins per distance from a cell to a side of its box; 1: the distance itself. */
  readonly bins: number;
  readonly labels: ReadonlyMap<number, string>;
  /** Coefficients per mask; undefined for models that find boxes only. */
  readonly masks?: number;
}

const HEADS: Readonly<Record<string, 'boxes' | 'masks'>> = { Detect: 'boxes', Segment: 'masks' };
const TASKS: Readonly<Record<string, string>> = {
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

interface Step {
  readonly layer: SavedModule;
  /** Indices of the layers that it takes as inputs; -1 is the previous one. */
  readonly from: readonly number[];
}

export interface Yolo {
  readonly shape: YoloHead;
  /** Name of the tensor with the strides of the head's levels. */
  readonly strides: string;
  /**
   * `x` [1,3,H,W] in 0..1 -> `distances` [1,4,N] in cells, `scores` [1,classes,N]; with masks
   * `coefficients` [1,masks,N], `protos` [1,masks,h,w].
   */
  readonly outputs: readonly string[];
  graph(weights: Weights): Graph;
}

/** Reads a model's head and layers from its module tree. Throws DR_MODEL_UNSUPPORTED. */
export function readYolo(root: SavedModule, file: string): Yolo {
  if (/^models\./.test(root.global))
    throw refused(
      file,
      `was saved by the old YOLOv5 program (${root.global}), which Ultralytics does not read ` +
        'either',
    );
  if (!MODELS.includes(root.type))
    throw refused(
      file,
      Object.hasOwn(TASKS, root.type)
        ? `${TASKS[root.type]}`
        : `holds a ${root.global}, which is not a known detector`,
    );
  const steps = [...(root.children.get('model')?.children.values() ?? [])].map(
    (layer): Step => ({ layer, from: layer.numbers('f') ?? [-1] }),
  );
  const head = steps.at(-1)?.layer;
  const kind = head && Object.hasOwn(HEADS, head.type) ? HEADS[head.type] : undefined;
  if (!head || !kind)
    throw refused(
      file,
      head ? `ends in a ${head.global}, which is not a known head` : 'has no layers',
    );
  if (head.flag('_end2end') || !head.children.has('cv2'))
    throw refused(file, 'does its own suppression (end-to-end)');
  const [classes, bins, masks] = ['nc', 'reg_max', 'nm'].map((name) => head.number(name));
  if (!classes || !bins || (kind === 'masks' && !masks))
    throw refused(file, `has a head ${head.type} without its sizes`);
  const shape = {
    classes,
    bins,
    labels: root.texts('names') ?? new Map<number, string>(),
    ...(kind === 'masks' && { masks }),
  };
  return {
    shape,
    strides: `${head.path}.stride`,
    outputs: ['distances', 'scores', ...(shape.masks ? ['coefficients', 'protos'] : [])],
    graph: (w) => graph({ g: createGraph(), w, file }, steps, shape),
  };
}

function graph(net: Layers, steps: readonly Step[], shape: YoloHead): Graph {
  const { g } = net;
  const values: Value[] = [];
  const x = g.input('x', [1, 3, 'H', 'W']);
  const inputOf = (from: number): Value => {
    const value = from === -1 ? (values.at(-1) ?? x) : values[from];
    if (value === undefined)
      throw refused(net.file, `has a layer ${values.length} whose input is layer ${from}`);
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
  headOf(net, layer, from.map(inputOf), shape);
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
  const made = levels.map((x, i) =>
    net.g.op('Reshape', [apply(net, child(net, list, String(i)), x), net.g.ints([0, size, -1])]),
  );
  return concat(net, made, 2);
}

function headOf(
  net: Layers,
  head: SavedModule,
  levels: readonly Value[],
  { classes, bins, masks }: YoloHead,
): void {
  const { g, w } = net;
  const sides = perLevel(net, head, 'cv2', levels, 4 * bins);
  g.output('distances', bins > 1 ? expected(net, head, sides, bins) : sides, [1, 4, 'N']);
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

/** Returns each distance as the mean over its bins. */
function expected({ g, w }: Layers, head: SavedModule, sides: Value, bins: number): Value {
  const likely = g.op('Softmax', [g.op('Reshape', [sides, g.ints([0, 4, bins, -1])])], { axis: 2 });
  const weights = w.value(g, `${head.path}.dfl.conv.weight`, { dims: [1, 1, bins, 1] });
  return g.op('ReduceSum', [g.op('Mul', [likely, weights]), g.ints([2])], { keepdims: 0 });
}
