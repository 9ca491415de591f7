// Darkroom as a library. The functions of the nodes are in `darkroom-engine/nodes`, the server
// in `darkroom-engine/server`; docs/library.md is the guide.

export { type DarkroomConfig, defineConfig } from './cli/config-types.ts';
export {
  type CheckOptions,
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
export { DarkroomError, ERROR_CODES, type ErrorCode } from './errors.ts';
export type { SavedFile } from './nodes/context.ts';
export { type Verification, verifyPicture } from './verify-image.ts';
export {
  type Anything,
  type Bool,
  type BoxValue,
  type FileName,
  type Float,
  type Grown,
  type Int,
  type Link,
  type Node,
  type NodeFunction,
  type NodeOptions,
  nodeFunction,
  type OneOf,
  type OutputNode,
  type Text,
  type Value,
} from './workflow/builder/typed-node.ts';
export { type ApiGraph, type ApiNode, graph } from './workflow/builder/workflow-builder.ts';
export type { Overrides } from './workflow/overrides/overrides.ts';
export { readSeries, type SeriesRun } from './workflow/overrides/series.ts';
export {
  applyOverrides,
  type ReadResult,
  readWorkflow,
  toTypeScript,
} from './workflow/programs.ts';
