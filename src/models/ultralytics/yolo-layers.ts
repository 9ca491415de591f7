// The layers of YOLO models that were saved whole, by their class names in the file. Sources:
// torch.nn; YOLOv8 and 11 (Ultralytics), YOLOv5's C3, YOLOv9 (Wang et al. 2024), YOLOv10's SCDown
// and CIB (Wang et al. 2024).
import { DarkroomError } from '../../errors.ts';
import type { SavedModule } from '../../formats/torch/torch-modules.ts';
import type { Value } from '../../onnx/builder.ts';
import type { Net } from '../layers/blocks.ts';

/** A graph under construction, with the file's name for error messages. */
export interface Layers extends Net {
  readonly file: string;
}

type Layer = (net: Layers, m: SavedModule, x: Value) => Value;

/** Returns the error for a file that Darkroom cannot run; `reason` follows the file's name. */
export function unsupported(file: string, reason: string): DarkroomError {
  return new DarkroomError('DR_MODEL_UNSUPPORTED', {
    message: `${file} ${reason}`,
    hint:
      'YOLOv5u, v8, v9 and 11 detection and segmentation models are supported; export others ' +
      '(`yolo export format=onnx`) and load them with ONNXDetectorProvider.',
    file,
  });
}

/** Returns the layer `name` inside `m`. Throws DR_MODEL_UNSUPPORTED when it is missing. */
export function child(net: Layers, m: SavedModule, name: string): SavedModule {
  const found = m.children.get(name);
  if (found) return found;
  throw unsupported(net.file, `has a layer ${m.path} (${m.type}) without ${name}`);
}

/** Applies a layer to `x`. Throws DR_MODEL_UNSUPPORTED, which names the class, if it is unknown. */
export function apply(net: Layers, m: SavedModule, x: Value): Value {
  if (Object.hasOwn(LAYERS, m.type)) return LAYERS[m.type](net, m, x);
  throw unsupported(net.file, `has a layer ${m.path} of the unknown class ${m.global}`);
}

/** Applies the layer `name` inside `m`. */
const applyChild = (net: Layers, m: SavedModule, name: string, x: Value): Value =>
  apply(net, child(net, m, name), x);

export const concat = ({ g }: Layers, values: readonly Value[], axis = 1): Value =>
  values.length === 1 ? values[0] : g.op('Concat', values, { axis });

const addition = ({ g }: Layers, a: Value, b: Value): Value => g.op('Add', [a, b]);

/** Slices channels `from` to `to`. */
const channels = ({ g }: Layers, x: Value, from: number, to: number, axis = 1): Value =>
  g.op('Slice', [x, g.ints([from]), g.ints([to]), g.ints([axis])]);

/** Returns a layer's setting. Throws DR_MODEL_UNSUPPORTED if it is not a number. */
function settingOf(net: Layers, m: SavedModule, name: string): number {
  const value = m.number(name);
  if (value !== undefined) return value;
  throw unsupported(net.file, `has a layer ${m.path} (${m.type}) whose ${name} is not a number`);
}

/** A setting of two numbers, or of one for both axes. */
const pair = (net: Layers, m: SavedModule, name: string): readonly [number, number] => {
  const [a, b = a] = m.numbers(name) ?? [];
  if (a === undefined)
    throw unsupported(net.file, `has a layer ${m.path} (${m.type}) whose ${name} is not a number`);
  return [a, b];
};

/** Strides and pads of a convolution or a pooling. */
const stridesAndPads = (net: Layers, m: SavedModule) => {
  const [top, left] = pair(net, m, 'padding');
  return { strides: pair(net, m, 'stride'), pads: [top, left, top, left] };
};

/** A convolution, plain or transposed. */
const convolution =
  (type: string): Layer =>
  (net, m, x) => {
    const { g, w } = net;
    const name = `${m.path}.weight`;
    const bias = w.has(`${m.path}.bias`) ? [w.value(g, `${m.path}.bias`)] : [];
    const shape = {
      kernel_shape: w.shape(name).slice(2),
      dilations: pair(net, m, 'dilation'),
      group: settingOf(net, m, 'groups'),
    };
    return g.op(type, [x, w.value(g, name), ...bias], { ...shape, ...stridesAndPads(net, m) });
  };

const batchNorm: Layer = (net, m, x) => {
  const { g, w } = net;
  const values = ['weight', 'bias', 'running_mean', 'running_var'].map((name) =>
    w.value(g, `${m.path}.${name}`),
  );
  return g.op('BatchNormalization', [x, ...values], {
    epsilon: { float: settingOf(net, m, 'eps') },
  });
};

const sequence: Layer = (net, m, x) =>
  [...m.children.values()].reduce((value, layer) => apply(net, layer, value), x);

/** Applies each layer to the result of the previous layer; returns all results. */
function chain(net: Layers, layers: Iterable<SavedModule>, x: Value): Value[] {
  const values: Value[] = [];
  for (const layer of layers) values.push(apply(net, layer, values.at(-1) ?? x));
  return values;
}

const activation =
  (type: string): Layer =>
  ({ g }, _, x) =>
    g.op(type, [x]);

/** Convolution, batch norm unless it is fused, activation. */
const conv: Layer = (net, m, x) => {
  const convolved = applyChild(net, m, 'conv', x);
  const normed = m.children.has('bn') ? applyChild(net, m, 'bn', convolved) : convolved;
  return m.children.has('act') ? applyChild(net, m, 'act', normed) : normed;
};

/** Sum of several convolutions of the same input. */
const branches =
  (...names: readonly string[]): Layer =>
  (net, m, x) => {
    if (m.children.has('conv') && !m.children.has('conv2') && names[0] === 'conv1')
      return conv(net, m, x);
    const present = names.filter((name) => m.children.has(name));
    const sum = present
      .map((name) => applyChild(net, m, name, x))
      .reduce((a, b) => addition(net, a, b));
    return m.children.has('act') ? applyChild(net, m, 'act', sum) : sum;
  };

/** Adds a layer's input to its result, where the model says so. */
const residual =
  (inside: Layer): Layer =>
  (net, m, x) => {
    const y = inside(net, m, x);
    return m.flag('add') ? addition(net, x, y) : y;
  };

const bottleneck = residual((net, m, x) => applyChild(net, m, 'cv2', applyChild(net, m, 'cv1', x)));

/**
 * Splits a convolution's channels in two, passes the second half through all layers, and merges all
 * results.
 */
const c2f: Layer = (net, m, x) => {
  const half = settingOf(net, m, 'c');
  const y = applyChild(net, m, 'cv1', x);
  const [a, b] = [channels(net, y, 0, half), channels(net, y, half, 2 * half)];
  return applyChild(
    net,
    m,
    'cv2',
    concat(net, [a, b, ...chain(net, child(net, m, 'm').children.values(), b)]),
  );
};

/** Two convolutions of the same input, one of them followed by all layers, merged. */
const c3: Layer = (net, m, x) =>
  applyChild(
    net,
    m,
    'cv3',
    concat(net, [
      applyChild(net, m, 'm', applyChild(net, m, 'cv1', x)),
      applyChild(net, m, 'cv2', x),
    ]),
  );

/** Pools a convolution's result several times in a row and merges all results. */
const sppf: Layer = (net, m, x) => {
  const first = applyChild(net, m, 'cv1', x);
  const pool = child(net, m, 'm');
  const pooled = chain(
    net,
    Array.from({ length: m.number('n') ?? 3 }, () => pool),
    first,
  );
  const y = applyChild(net, m, 'cv2', concat(net, [first, ...pooled]));
  return m.flag('add') ? addition(net, y, x) : y;
};

/** Pools a convolution's result with several kernels and merges all results. */
const spp: Layer = (net, m, x) => {
  const first = applyChild(net, m, 'cv1', x);
  const pooled = [...child(net, m, 'm').children.values()].map((pool) => apply(net, pool, first));
  return applyChild(net, m, 'cv2', concat(net, [first, ...pooled]));
};

const maxPool: Layer = (net, m, x) =>
  net.g.op('MaxPool', [x], {
    kernel_shape: pair(net, m, 'kernel_size'),
    ...stridesAndPads(net, m),
  });

const upsample: Layer = (net, m, x) => {
  const [vertical, horizontal] = pair(net, m, 'scale_factor');
  if (m.text('mode') !== 'nearest')
    throw unsupported(net.file, `upsamples in ${m.path} by the unknown mode ${m.text('mode')}`);
  const attributes = {
    mode: 'nearest',
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor',
  };
  return net.g.op('Resize', [x, '', net.g.floats([1, 1, vertical, horizontal])], attributes);
};

/** Self-attention over all positions, with a convolution of the values as positional encoding. */
const attention: Layer = (net, m, x) => {
  const { g } = net;
  const [heads, key, value] = ['num_heads', 'key_dim', 'head_dim'].map((name) =>
    settingOf(net, m, name),
  );
  const all = g.op('Reshape', [
    applyChild(net, m, 'qkv', x),
    g.ints([0, heads, 2 * key + value, -1]),
  ]);
  const [q, k, v] = [
    channels(net, all, 0, key, 2),
    channels(net, all, key, 2 * key, 2),
    channels(net, all, 2 * key, 2 * key + value, 2),
  ];
  const scaled = g.op(
    'Transpose',
    [g.op('Mul', [q, g.floats([m.number('scale') ?? key ** -0.5])])],
    { perm: [0, 1, 3, 2] },
  );
  const weights = g.op(
    'Transpose',
    [g.op('Softmax', [g.op('MatMul', [scaled, k])], { axis: -1 })],
    { perm: [0, 1, 3, 2] },
  );
  const shape = g.op('Shape', [x]);
  const y = g.op('Reshape', [g.op('MatMul', [v, weights]), shape]);
  return applyChild(
    net,
    m,
    'proj',
    addition(net, y, applyChild(net, m, 'pe', g.op('Reshape', [v, shape]))),
  );
};

/** Attention, then two convolutions, each with a shortcut. */
const psaBlock: Layer = (net, m, x) =>
  ['attn', 'ffn'].reduce((value, name) => {
    const y = applyChild(net, m, name, value);
    return m.flag('add') === false ? y : addition(net, value, y);
  }, x);

/** Passes half of the channels through attention. */
const psa =
  (inside: Layer): Layer =>
  (net, m, x) => {
    const half = settingOf(net, m, 'c');
    const y = applyChild(net, m, 'cv1', x);
    return applyChild(
      net,
      m,
      'cv2',
      concat(net, [channels(net, y, 0, half), inside(net, m, channels(net, y, half, 2 * half))]),
    );
  };

/** As c2f, with two layers in a row. */
const elan: Layer = (net, m, x) => {
  const half = settingOf(net, m, 'c');
  const y = applyChild(net, m, 'cv1', x);
  const [a, b] = [channels(net, y, 0, half), channels(net, y, half, 2 * half)];
  const further = chain(net, [child(net, m, 'cv2'), child(net, m, 'cv3')], b);
  return applyChild(net, m, 'cv4', concat(net, [a, b, ...further]));
};

const averaged = ({ g }: Layers, x: Value): Value =>
  g.op('AveragePool', [x], { kernel_shape: [2, 2], strides: [1, 1] });

/** Halves the size: half of the channels by a convolution, half by pooling. */
const adown: Layer = (net, m, x) => {
  const { g, w } = net;
  const half = w.shape(`${m.path}.cv1.conv.weight`)[1];
  const y = averaged(net, x);
  const pooled = g.op('MaxPool', [channels(net, y, half, 2 * half)], {
    kernel_shape: [3, 3],
    strides: [2, 2],
    pads: [1, 1, 1, 1],
  });
  return concat(net, [
    applyChild(net, m, 'cv1', channels(net, y, 0, half)),
    applyChild(net, m, 'cv2', pooled),
  ]);
};

/** As sppf, with three pooling layers of their own. */
const spElan: Layer = (net, m, x) => {
  const first = applyChild(net, m, 'cv1', x);
  const pools = ['cv2', 'cv3', 'cv4'].map((name) => child(net, m, name));
  return applyChild(net, m, 'cv5', concat(net, [first, ...chain(net, pools, first)]));
};

/** The prototypes of masks. */
const proto: Layer = (net, m, x) =>
  ['cv1', 'upsample', 'cv2', 'cv3'].reduce((value, name) => applyChild(net, m, name, value), x);

/** Joins a convolution's result with a second convolution of it. */
const ghost: Layer = (net, m, x) => {
  const y = applyChild(net, m, 'cv1', x);
  return concat(net, [y, applyChild(net, m, 'cv2', y)]);
};

const LAYERS: Readonly<Record<string, Layer>> = {
  Identity: (_, __, x) => x,
  Dropout: (_, __, x) => x,
  SiLU: ({ g }, _, x) => g.op('com.microsoft.QuickGelu', [x], { alpha: { float: 1 } }),
  ReLU: activation('Relu'),
  Sigmoid: activation('Sigmoid'),
  Hardswish: activation('HardSwish'),
  Mish: activation('Mish'),
  LeakyReLU: (net, m, x) =>
    net.g.op('LeakyRelu', [x], { alpha: { float: settingOf(net, m, 'negative_slope') } }),
  Conv2d: convolution('Conv'),
  ConvTranspose2d: convolution('ConvTranspose'),
  BatchNorm2d: batchNorm,
  MaxPool2d: maxPool,
  Upsample: upsample,
  Sequential: sequence,
  Conv: conv,
  DWConv: conv,
  RepConv: branches('conv1', 'conv2', 'bn'),
  RepVGGDW: (net, m, x) =>
    m.children.has('conv1') ? branches('conv', 'conv1')(net, m, x) : conv(net, m, x),
  Bottleneck: bottleneck,
  RepBottleneck: bottleneck,
  C2f: c2f,
  C3k2: c2f,
  C2fCIB: c2f,
  C2fPSA: c2f,
  C3: c3,
  C3k: c3,
  C3x: c3,
  C3Ghost: c3,
  RepCSP: c3,
  CIB: residual((net, m, x) => applyChild(net, m, 'cv1', x)),
  SPP: spp,
  SPPF: sppf,
  Attention: attention,
  PSABlock: psaBlock,
  PSA: psa(psaBlock),
  C2PSA: psa((net, m, x) => applyChild(net, m, 'm', x)),
  RepNCSPELAN4: elan,
  ELAN1: elan,
  SPPELAN: spElan,
  AConv: (net, m, x) => applyChild(net, m, 'cv1', averaged(net, x)),
  ADown: adown,
  SCDown: (net, m, x) => applyChild(net, m, 'cv2', applyChild(net, m, 'cv1', x)),
  GhostConv: ghost,
  GhostBottleneck: (net, m, x) =>
    addition(net, applyChild(net, m, 'conv', x), applyChild(net, m, 'shortcut', x)),
  Proto: proto,
};
