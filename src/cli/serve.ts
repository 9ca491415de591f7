// darkroom serve: the command; what it does is in serving.ts, which is read in only then.
import type { Command } from './command.ts';

export const serveCommand: Command = {
  name: 'serve',
  usage: 'serve',
  help: 'serves ComfyUI’s HTTP and WebSocket interface; jobs survive restarts',
  options: [
    ...['listen', 'port', 'token', 'insecure', 'allow-host', 'enable-cors-header', 'max-upload-size'],
    ...[
      'database',
      'storage',
      'queue-limit',
      'retries',
      'finish',
      'user-directory',
      'multi-user',
      'frontend',
      'preview-method',
      'log-level',
    ],
    ...['models', 'input', 'output', 'temp', 'device', 'threads'],
  ] as const,
  notes: ['Ctrl-C stops the server when the running job has ended, or after --finish seconds; then the next one starts it again.'],
  run: async (invocation) => (await import('./serving.ts')).serve(invocation),
};
