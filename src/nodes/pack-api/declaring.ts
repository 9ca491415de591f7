// Declaring packs, nodes, inputs, outputs and socket types; what run() is given and returns.
export { checkAborted, DarkroomError, type ErrorCode } from '../../errors.ts';
export type {
  NodeContext,
  NodeEnvironment,
  SavedFile,
  SaveRequest,
} from '../context.ts';
export {
  autogrow,
  autogrowNames,
  boolean,
  combo,
  defineListNode,
  defineNode,
  defineSocket,
  dynamicCombo,
  float,
  inputFile,
  inputNamed,
  int,
  matchOutput,
  matchSocket,
  modelFile,
  type NodeDeclaration,
  type NodeResult,
  numberedInputs,
  type Output,
  type OwnSocket,
  output,
  outputs,
  type SocketCodec,
  seed,
  socket,
  string,
  widget,
} from '../declare.ts';
export type { ExpandedGraph, Subgraph } from '../graph-builder.ts';
export type { Input, Inputs, InputValues, SocketType, ValueOfType } from '../input-types.ts';
export { definePack, type PackDefinition } from '../pack.ts';
export { type Blocker, blocker, isBlocker, type SocketValues } from '../socket-values.ts';
