// Darkroom as a library: `const room = await openDarkroom({ models }); const { images } = await room.run(workflow); await room.close();`
// The functions of the nodes are in `darkroom/nodes`. docs/library.md shows how they go together.

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
} from './darkroom.ts';
export type { EngineEvent } from './engine/events.ts';
export { type Verification, verifyPicture } from './engine/verify-image.ts';
export { DarkroomError, ERROR_CODES, type ErrorCode } from './errors.ts';
export type { SavedFile } from './nodes/declare.ts';
export type { Link, Node, NodeOptions, OutputNode } from './workflow/builder/typed-node.ts';
export { type ApiGraph, type ApiNode, graph } from './workflow/builder/workflow-builder.ts';
export type { Overrides } from './workflow/overrides/overrides.ts';
export { readSeries, type SeriesRun } from './workflow/overrides/series.ts';
export {
  applyOverrides,
  type ReadResult,
  readWorkflow,
  toTypeScript,
} from './workflow/programs.ts';
