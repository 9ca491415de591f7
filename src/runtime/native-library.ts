// Where ONNX Runtime's native library is: in this package (`native/`, from a checkout or a tarball
// made from one), in the package of this platform, or, with CUDA, in an onnxruntime-node that the
// user installed beside Darkroom. scripts/native.ts makes the first two.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { env, type InferenceSession, type Tensor } from 'onnxruntime-common';
import { DarkroomError } from '../errors.ts';

/** ONNX Runtime's version. */
export const ONNX_RUNTIME: string = env.versions.common;

/** The platforms that ONNX Runtime's native library exists for. */
export const PLATFORMS = [
  'linux-x64',
  'linux-arm64',
  'darwin-arm64',
  'win32-x64',
  'win32-arm64',
] as const;

/** The package with the native library of a platform (`linux-x64` …). */
export const platformPackage = (platform: string): string =>
  `@darkroom-engine/onnxruntime-${platform}`;

export interface NativeLibrary {
  /** The folder of `onnxruntime_binding.node` and of the library that it loads. */
  readonly folder: string;
  /** Whether the library for CUDA, which is too large for npm packages, is in the folder. */
  readonly hasCuda: boolean;
}

const BINDING = 'onnxruntime_binding.node';
const CUDA = 'libonnxruntime_providers_cuda.so';
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Where a library may be, as far as it is not the running program's. */
export interface SearchOptions {
  readonly platform?: string;
  /** The folder of this package. */
  readonly root?: string;
  /** The folder of the program that uses it. */
  readonly program?: string;
}

/** Finds the native library. Throws DR_RUNTIME_FAILED where there is none for this platform. */
export function findNativeLibrary({
  platform = `${process.platform}-${process.arch}`,
  root = ROOT,
  program = process.cwd(),
}: SearchOptions = {}): NativeLibrary {
  const withCuda = [root, program]
    .map((base) => onnxRuntimeNode(base, platform))
    .find((folder) => folder && existsSync(join(folder, CUDA)));
  if (withCuda) return { folder: withCuda, hasCuda: true };
  const own = [join(root, 'native', platform), packageFolder(root, platformPackage(platform))];
  const folder = own.find((candidate) => candidate && existsSync(join(candidate, BINDING)));
  if (folder) return { folder, hasCuda: existsSync(join(folder, CUDA)) };
  throw notInstalled(platform);
}

/** The native folder of an onnxruntime-node of the same version. */
function onnxRuntimeNode(base: string, platform: string): string | undefined {
  const folder = packageFolder(base, 'onnxruntime-node');
  if (!folder) return undefined;
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  if (version !== ONNX_RUNTIME) return undefined;
  return join(folder, 'bin', 'napi-v6', ...platform.split('-'));
}

/** The folder of a package as modules in the folder `base` see it. */
function packageFolder(base: string, name: string): string | undefined {
  try {
    const from = pathToFileURL(join(base, 'package.json'));
    return dirname(createRequire(from).resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}

function notInstalled(platform: string): DarkroomError {
  const exists = (PLATFORMS as readonly string[]).includes(platform);
  return new DarkroomError('DR_RUNTIME_FAILED', {
    message: exists
      ? `ONNX Runtime's library for ${platform} is not installed`
      : `there is no ONNX Runtime for ${platform}`,
    hint: exists
      ? `Install again, without --omit=optional; in a checkout: npm run native. Or install ${platformPackage(platform)}.`
      : `Darkroom runs on ${PLATFORMS.join(', ')}.`,
  });
}

/** What the native module exports. */
export interface NativeBinding {
  readonly InferenceSession: new () => NativeSession;
  listSupportedBackends(): readonly { readonly name: string }[];
  initOrtOnce(logLevel: number, tensor: typeof Tensor, isMainThread: boolean): void;
}

/** A session of the native module; its methods return when the work is done. */
export interface NativeSession {
  readonly inputMetadata: readonly { readonly name: string }[];
  readonly outputMetadata: readonly { readonly name: string }[];
  loadModel(path: string, options: InferenceSession.SessionOptions): void;
  loadModel(
    buffer: ArrayBufferLike,
    offset: number,
    length: number,
    options: InferenceSession.SessionOptions,
  ): void;
  run(
    feeds: InferenceSession.OnnxValueMapType,
    fetches: InferenceSession.NullableOnnxValueMapType,
    options: InferenceSession.RunOptions,
  ): InferenceSession.OnnxValueMapType;
  endProfiling(): void;
  dispose(): void;
}

/**
 * Loads the native module. Throws DR_RUNTIME_FAILED where the system can't load it. ONNX Runtime
 * would send data about its use to Microsoft, and keep a number for this machine in the user's
 * cache, unless a variable forbids it: it is set here, unless the user has set it.
 */
export function loadBinding(folder: string): NativeBinding {
  process.env.ORT_DISABLE_TELEMETRY ??= '1';
  const file = join(folder, BINDING);
  try {
    return createRequire(import.meta.url)(file) as NativeBinding;
  } catch (cause) {
    throw new DarkroomError('DR_RUNTIME_FAILED', {
      message: `ONNX Runtime can't be loaded: ${(cause as Error).message.split('\n')[0]}`,
      hint:
        'On Linux it needs glibc 2.28 or newer (Debian 10, Ubuntu 20.04, RHEL 8; not Alpine) and ' +
        'libstdc++; on Windows the Visual C++ runtime.',
      file,
      cause,
    });
  }
}
