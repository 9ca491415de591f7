// Darkroom as a library: `const room = await openDarkroom({ models }); const { outputs } = await room.run(workflow); await room.close();`
export type { EngineEvent } from './engine/events.ts';
export {
  type CheckResult,
  type Darkroom,
  type DarkroomOptions,
  type NodeOutput,
  openDarkroom,
  type Picture,
  type RunOptions,
  type RunResult,
  type WorkflowSource,
} from './engine/room.ts';
export { DarkroomError, ERROR_CODES, type ErrorCode } from './errors.ts';
export type { SavedFile } from './nodes/declare.ts';
