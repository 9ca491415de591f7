import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  findNativeLibrary,
  loadBinding,
  ONNX_RUNTIME,
  platformPackage,
  type SearchOptions,
} from './native-library.ts';

const PLATFORM = 'linux-x64';

/** Folders of an installation without a library: the package's, and the program's. */
function installation(): Required<SearchOptions> {
  const program = mkdtempSync(join(tmpdir(), 'darkroom-native-'));
  const root = join(program, 'node_modules', 'darkroom-engine');
  mkdirSync(root, { recursive: true });
  return { platform: PLATFORM, root, program };
}

function write(folder: string, files: Readonly<Record<string, string>>): string {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

const LIBRARY = { 'onnxruntime_binding.node': '' };

function withOnnxRuntimeNode(program: string, version: string): string {
  const folder = join(program, 'node_modules', 'onnxruntime-node');
  write(folder, { 'package.json': JSON.stringify({ version }) });
  const cuda = { 'libonnxruntime_providers_cuda.so': '' };
  return write(join(folder, 'bin/napi-v6/linux/x64'), { ...LIBRARY, ...cuda });
}

describe('the native library', () => {
  it('is in the package itself', () => {
    const options = installation();
    const folder = write(join(options.root, 'native', PLATFORM), LIBRARY);
    expect(findNativeLibrary(options)).toEqual({ folder, hasCuda: false });
  });

  it("is in the platform's package", () => {
    const options = installation();
    const folder = write(join(options.program, 'node_modules', platformPackage(PLATFORM)), {
      ...LIBRARY,
      'package.json': '{}',
    });
    expect(findNativeLibrary(options)).toEqual({ folder, hasCuda: false });
  });

  it('is that of an installed onnxruntime-node with CUDA, if it has the same version', () => {
    const options = installation();
    const own = write(join(options.root, 'native', PLATFORM), LIBRARY);
    withOnnxRuntimeNode(options.program, '1.0.0');
    expect(findNativeLibrary(options)).toEqual({ folder: own, hasCuda: false });
    const folder = withOnnxRuntimeNode(options.program, ONNX_RUNTIME);
    expect(findNativeLibrary(options)).toEqual({ folder, hasCuda: true });
  });

  it('that is missing is an error which says how to get it, or which platforms there are', () => {
    const options = installation();
    const error = (platform: string) => () => findNativeLibrary({ ...options, platform });
    expect(error(PLATFORM)).toThrow("ONNX Runtime's library for linux-x64 is not installed");
    expect(error('darwin-x64')).toThrow(
      expect.objectContaining({
        code: 'DR_RUNTIME_FAILED',
        message: 'there is no ONNX Runtime for darwin-x64',
        hint: expect.stringContaining('linux-x64, linux-arm64, darwin-arm64, win32-x64'),
      }),
    );
  });

  it('that the system refuses is an error with its reason', () => {
    const folder = write(mkdtempSync(join(tmpdir(), 'darkroom-native-')), LIBRARY);
    expect(() => loadBinding(folder)).toThrow(
      expect.objectContaining({
        code: 'DR_RUNTIME_FAILED',
        message: expect.stringMatching(/^ONNX Runtime can't be loaded: .*onnxruntime_binding/),
        hint: expect.stringContaining('glibc 2.28'),
      }),
    );
  });
});
