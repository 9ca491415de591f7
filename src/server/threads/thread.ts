// One thread of the pool: runs the tasks of tasks.ts, one at a time.
import type { MessagePort } from 'node:worker_threads';
import { DarkroomError } from '../../errors.ts';
import { loadNodes, type NodeChoice } from '../../nodes/load-nodes.ts';
import { openEmbeddedModels } from '../../storage/embedded-models.ts';
import { viewWithout } from '../../storage/folder-view.ts';
import { openFolders } from '../../storage/folders.ts';
import { Refusal, type RouteResponse } from '../http/responses.ts';
import type { TaskContext } from './task-context.ts';
import { TASKS, type TaskName } from './tasks.ts';

/** What a thread works with; the same for all tasks of a server. */
export interface ThreadSettings extends NodeChoice {
  readonly models: readonly string[];
  readonly input: string;
  readonly output: string;
  readonly temp: string;
}

export interface TaskRequest {
  readonly settings: ThreadSettings;
  readonly name: TaskName;
  readonly input: unknown;
  /** The folders that do not answer. */
  readonly unreachable: readonly string[];
  /** Is sent a message when the task starts. */
  readonly started: MessagePort;
}

/** Errors are copied between threads without their class, so those that routes expect are data. */
export type TaskReply =
  | { readonly output: unknown }
  | { readonly error: Parameters<typeof DarkroomError.fromJSON>[0] }
  | { readonly refusal: RouteResponse };

let context: Promise<TaskContext> | undefined;
/** The files of the input folder where they are not on this machine, as of the current task. */
let inputNames: readonly string[] | undefined;
let unreachable: readonly string[] = [];

async function openContext(settings: ThreadSettings): Promise<TaskContext> {
  const { models, input, output, temp, comfyui } = settings;
  const nodeSet = await loadNodes(settings);
  return {
    nodeSet,
    nodesOf: nodeSet.of,
    comfyui,
    get nodes() {
      return nodeSet.of();
    },
    folders: openFolders({
      ...{ models, input, output, temp },
      embedded: openEmbeddedModels(),
      inputNames: () => inputNames,
      view: viewWithout(() => unreachable),
    }),
  };
}

export default async function runTask(request: TaskRequest): Promise<TaskReply> {
  try {
    unreachable = request.unreachable;
    context ??= openContext(request.settings);
    const opened = await context;
    request.started.postMessage('started');
    await opened.nodeSet.refresh();
    inputNames = (request.input as { inputNames?: readonly string[] } | undefined)?.inputNames;
    return { output: await TASKS[request.name](opened, request.input as never) };
  } catch (error) {
    if (error instanceof Refusal) return { refusal: error.response };
    if (error instanceof DarkroomError) return { error: error.toJSON() as never };
    throw error;
  } finally {
    request.started.close();
  }
}
