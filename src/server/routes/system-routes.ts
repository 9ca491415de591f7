// /system_stats, /features: the machine, and what the server supports.
import { cpus, freemem, totalmem } from 'node:os';
import { versions } from '../../engine/versions.ts';
import type { ComfyUIVersion } from '../../nodes/versions/comfyui-versions.ts';
import type { Features } from '../api-types.ts';
import { json } from '../http/responses.ts';
import type { Route } from '../http/route.ts';
import type { ServerContext } from '../server-context.ts';

export const featuresOf = (maxUploadBytes: number): Features => ({
  supports_preview_metadata: true,
  max_upload_size: maxUploadBytes,
});

export const systemRoutes = ({ maxUploadBytes, argv, comfyui }: ServerContext): Route[] => [
  {
    method: 'GET',
    path: '/system_stats',
    summary: 'Versions, memory, devices.',
    responses: { 200: { description: '`system` and `devices`.', schema: { type: 'object' } } },
    handle: () => json(systemStats(argv, comfyui)),
  },
  {
    method: 'GET',
    path: '/features',
    summary: 'The features that the WebSocket handshake announces too.',
    responses: { 200: { description: 'Features.', schema: { type: 'object' } } },
    handle: () => json(featuresOf(maxUploadBytes)),
  },
];

function systemStats(argv: readonly string[], comfyui: ComfyUIVersion) {
  const memory = { total: totalmem(), free: freemem() };
  const { version, onnxruntime } = versions();
  return {
    system: {
      os: process.platform === 'win32' ? 'nt' : 'posix',
      ram_total: memory.total,
      ram_free: memory.free,
      comfyui_version: comfyui,
      darkroom_version: version,
      python_version: `none (Node.js ${process.versions.node})`,
      pytorch_version: `none (ONNX Runtime ${onnxruntime})`,
      embedded_python: false,
      argv,
    },
    devices: [
      {
        name: cpus()[0]?.model ?? 'cpu',
        type: 'cpu',
        index: null,
        vram_total: memory.total,
        vram_free: memory.free,
        torch_vram_total: memory.total,
        torch_vram_free: memory.free,
      },
    ],
  };
}
