// The types of a server: its options, the context of its routes, and its interface.
import type { FastifyInstance } from 'fastify';
import type { DarkroomOptions, ReplacedNodes } from '../darkroom-types.ts';
import type { NodeChoice } from '../nodes/load-nodes.ts';
import type { ComfyUIVersion } from '../nodes/versions/comfyui-versions.ts';
import type { Queue } from '../queue/contract.ts';
import type { Folders } from '../storage/folders.ts';
import type { Storage } from '../storage/storage.ts';
import type { FolderWatch } from '../storage/watch/folder-watch.ts';
import type { Logs } from './http/logs.ts';
import type { Route } from './http/route.ts';
import type { Metrics } from './metrics.ts';
import type { ObjectInfo, PrintedNodes } from './object-info.ts';
import type { ThreadLimits, ThreadPool } from './threads/thread-pool.ts';
import type { Users } from './users.ts';
import type { PreviewMode, WebSocketClients } from './websocket/clients.ts';

export interface ServerOptions {
  /** May still be opening; routes that need it wait. */
  readonly queue: Queue | Promise<Queue>;
  readonly folders: Folders;
  /** Where inputs and outputs are stored (`folders`). */
  readonly storage?: Storage;
  /** Says which of the folders answer; the folders are opened with it. */
  readonly watch?: FolderWatch;
  /** Nodes in place of the built-in ones. */
  readonly nodes?: ReplacedNodes;
  /** Packs beside the built-in ones, and whether they are loaded again when their files change. */
  readonly packs?: NodeChoice['packs'];
  readonly watchesPacks?: boolean;
  /** The release of ComfyUI whose node declarations are used and reported. */
  readonly comfyui?: DarkroomOptions['comfyui'];
  /** Folder of settings and user data (`user`). */
  readonly user: string;
  /** Whether there are several users, distinguished by the header Comfy-User. */
  readonly multiUser?: boolean;
  /** Must accompany every request (`Authorization: Bearer …`). */
  readonly token?: string;
  /**
   * `Access-Control-Allow-Origin`; without it, requests from pages of other origins are refused.
   */
  readonly corsOrigin?: string;
  /** Allowed host names besides localhost when there is no token; `*` for all. */
  readonly hosts?: readonly string[];
  readonly previews?: PreviewMode;
  /** Largest uploaded file (100 MiB). */
  readonly maxUploadBytes?: number;
  /** Largest JSON body (16 MiB). */
  readonly maxJsonBytes?: number;
  /** Folder of an unpacked frontend, served at `/`. */
  readonly webRoot?: string;
  /** Routes besides the built-in ones. */
  readonly routes?: (context: ServerContext) => readonly Route[];
  readonly logs?: Logs;
  /** What reading the content of one request may take. */
  readonly threads?: ThreadLimits;
  /** The clock, in milliseconds. */
  readonly now?: () => number;
  /** The command line, as /system_stats reports it. */
  readonly argv?: readonly string[];
}

/** The state and services that routes use. */
export interface ServerContext {
  /** The queue, as soon as it is open. */
  queue(): Promise<Queue>;
  /** Whether the queue is open. */
  isQueueOpen(): boolean;
  readonly folders: Folders;
  readonly storage: Storage;
  /** /object_info; the nodes are imported on the first call. */
  objectInfo(): Promise<ObjectInfo>;
  /** The nodes of packs for /object_info; their code runs in a thread. */
  packNodes(): Promise<PrintedNodes>;
  /** Where the contents of requests are read. */
  readonly threads: ThreadPool;
  readonly users: Users;
  readonly clients: WebSocketClients;
  readonly logs: Logs;
  readonly metrics: Metrics;
  readonly maxUploadBytes: number;
  readonly webRoot?: string;
  readonly argv: readonly string[];
  /** The release of ComfyUI that /system_stats reports. */
  readonly comfyui: ComfyUIVersion;
  readonly now: () => number;
  /** All routes, for the OpenAPI document. */
  routes(): readonly Route[];
}

export interface DarkroomServer {
  readonly app: FastifyInstance;
  readonly routes: readonly Route[];
  /** Whether a client of this server receives previews of a job, for `WorkerOptions.previews`. */
  wantsPreviews(job: { readonly clientId?: string }): boolean;
  /** Opens the port and returns the URL. Throws DR_BAD_USAGE when the port is taken. */
  listen(address: { readonly host: string; readonly port: number }): Promise<string>;
  /** Imports the nodes before a request needs them. */
  warm(): Promise<void>;
  /** Starts a thread before a request needs it. */
  warmThreads(): Promise<void>;
  /**
   * Refuses further requests and closes the WebSockets. The queue stays open: its owner closes it.
   */
  close(): Promise<void>;
}
