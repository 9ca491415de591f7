// Connects onnxruntime-common's sessions with ONNX Runtime's native library.
import { setImmediate } from 'node:timers/promises';
import { isMainThread } from 'node:worker_threads';
import {
  type Backend,
  type InferenceSession,
  type InferenceSessionHandler,
  registerBackend,
  Tensor,
} from 'onnxruntime-common';
import { findNativeLibrary, loadBinding, type NativeBinding } from './native-library.ts';

const PRIORITY = 100;
/** ONNX Runtime's log level for warnings. */
const WARNINGS = 2;

let isRegistered = false;

/** Makes the library's providers known to onnxruntime-common. Throws DR_RUNTIME_FAILED. */
export function registerNativeBackend(): void {
  if (isRegistered) return;
  const binding = loadBinding(findNativeLibrary().folder);
  binding.initOrtOnce(WARNINGS, Tensor, isMainThread);
  const backend: Backend = {
    init: async () => undefined,
    createInferenceSessionHandler: async (model, options = {}) => {
      await setImmediate();
      return openHandler(binding, model, options);
    },
  };
  for (const { name } of binding.listSupportedBackends()) registerBackend(name, backend, PRIORITY);
  isRegistered = true;
}

function openHandler(
  { InferenceSession }: NativeBinding,
  model: string | Uint8Array,
  options: InferenceSession.SessionOptions,
): InferenceSessionHandler {
  const session = new InferenceSession();
  if (typeof model === 'string') session.loadModel(model, options);
  else session.loadModel(model.buffer, model.byteOffset, model.byteLength, options);
  return {
    inputNames: session.inputMetadata.map(({ name }) => name),
    outputNames: session.outputMetadata.map(({ name }) => name),
    inputMetadata: [],
    outputMetadata: [],
    run: async (feeds, fetches, runOptions) => {
      await setImmediate();
      return session.run(feeds, fetches, runOptions);
    },
    // profiling starts when the session is opened with `enableProfiling`
    startProfiling: () => undefined,
    endProfiling: () => session.endProfiling(),
    dispose: async () => session.dispose(),
  };
}
