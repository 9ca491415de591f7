// The globals that a model file may import. All of them stay inert. The list has those that
// checkpoints of torch, numpy and Lightning contain; all others are refused.

const words = (text: string): string[] => text.trim().split(/\s+/);

/** The prefixes of torch's storage classes: torch.<prefix>Storage. */
const STORAGES = words(`
  Double Float Half BFloat16 Long Int Short Char Byte Bool ComplexDouble ComplexFloat
  QInt8 QUInt8 QInt32 QUInt4x2 QUInt2x4`);

/** The names of torch's dtypes. */
const DTYPES = words(`
  float64 float32 float16 bfloat16 double float half
  int64 int32 int16 int8 uint8 uint16 uint32 uint64 long int short bool
  float8_e4m3fn float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz float8_e8m0fnu float4_e2m1fn_x2
  complex32 complex64 complex128 qint8 quint8 qint32 quint4x2 quint2x4`);

/** Names by module. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  'torch._utils': words(`
    _rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_parameter
    _rebuild_parameter_with_state _rebuild_qtensor _rebuild_sparse_tensor
    _rebuild_meta_tensor_no_storage _rebuild_device_tensor_from_numpy`),
  'torch._tensor': words('_rebuild_from_type_v2 Tensor'),
  torch: [
    ...words(`
      Size Tensor device strided sparse_coo sparse_csr per_tensor_affine per_tensor_symmetric
      per_channel_affine per_channel_symmetric per_channel_affine_float_qparams`),
    ...DTYPES,
    ...STORAGES.map((name) => `${name}Storage`),
  ],
  'torch.storage': words('UntypedStorage TypedStorage'),
  'torch.nn.parameter': ['Parameter'],
  'torch.nn.modules.container': ['ParameterDict'],
  'torch.serialization': ['_get_layout'],
  collections: words('OrderedDict defaultdict Counter deque'),
  builtins: words(`
    dict list set frozenset tuple int float bool str bytes bytearray complex slice range object`),
  _codecs: ['encode'],
  copyreg: ['_reconstructor'],
  numpy: words(`
    dtype ndarray float64 float32 float16 int64 int32 int16 int8 uint8 uint16 uint32 uint64 bool_`),
  'numpy.core.multiarray': words('scalar _reconstruct'),
  'numpy._core.multiarray': words('scalar _reconstruct'),
  'numpy.core.numeric': ['_frombuffer'],
  'numpy._core.numeric': ['_frombuffer'],
  'numpy.dtypes': words(`
    Float64DType Float32DType Float16DType Int64DType Int32DType Int16DType Int8DType
    UInt8DType BoolDType`),
  argparse: ['Namespace'],
  pathlib: words('PosixPath WindowsPath PurePosixPath PureWindowsPath Path'),
  datetime: words('datetime timedelta date'),
  typing: ['Any'],
  'pytorch_lightning.callbacks.model_checkpoint': ['ModelCheckpoint'],
  'pytorch_lightning.callbacks.early_stopping': ['EarlyStopping'],
  'pytorch_lightning.utilities.parsing': ['AttributeDict'],
  'lightning_fabric.utilities.data': ['AttributeDict'],
  'lightning.pytorch.callbacks.model_checkpoint': ['ModelCheckpoint'],
  'omegaconf.dictconfig': ['DictConfig'],
  'omegaconf.listconfig': ['ListConfig'],
  'omegaconf.base': words('ContainerMetadata Metadata'),
  'omegaconf.nodes': ['AnyNode'],
};

const ALLOWED: ReadonlySet<string> = new Set(
  Object.entries(NAMES).flatMap(([module, names]) => names.map((name) => `${module}.${name}`)),
);

/** Whether a model file may import this global ('torch.FloatStorage'). */
export const isAllowedInModels = (name: string): boolean => ALLOWED.has(name);
