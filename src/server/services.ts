// What a server is made of.
import type { FastifyInstance } from 'fastify';
import type { Queue } from '../queue/contract.ts';
import type { Folders } from '../storage/folders.ts';
import type { Storage } from '../storage/storage.ts';
import type { NodeTable } from '../workflow/validate/validate.ts';
import type { Logs } from './http/logs.ts';
import type { Route } from './http/route.ts';
import type { Metrics } from './metrics.ts';
import type { Desk } from './node-registry.ts';
import type { Users } from './users.ts';
import type { Sockets } from './websocket/clients.ts';

export interface ServerOptions {
  /** May still be opening; routes that need it wait. */
  readonly queue: Queue | Promise<Queue>;
  readonly folders: Folders;
  /** Where inputs and outputs lie; in `folders` unless given. */
  readonly storage?: Storage;
  /** Other nodes than the built-in ones. */
  readonly nodes?: NodeTable;
  /** Folder of settings and user data (`user`). */
  readonly user: string;
  /** Several users, told apart by the header Comfy-User. */
  readonly multiUser?: boolean;
  /** What every request must carry (`Authorization: Bearer …`). */
  readonly token?: string;
  /** `Access-Control-Allow-Origin` of every response; without it, requests of other sites' pages are refused. */
  readonly corsOrigin?: string;
  /** Names besides localhost that may stand in Host when there is no token; `*` for all. */
  readonly hosts?: readonly string[];
  /**
   * Who gets pictures of what is being sampled: clients that said in the handshake that they know them (`auto`), all (ComfyUI with
   * --preview-method; some clients take them for results), or none.
   */
  readonly previews?: PreviewMode;
  /** Largest request body (100 MiB). */
  readonly maxUploadBytes?: number;
  /** Files served at `/` (an unpacked frontend). */
  readonly webRoot?: string;
  /** Routes besides ComfyUI's. */
  readonly routes?: (parts: Parts) => readonly Route[];
  readonly logs?: Logs;
  readonly now?: () => number;
  readonly argv?: readonly string[];
}

export type PreviewMode = 'auto' | 'all' | 'none';

/** What routes work with. */
export interface Parts {
  queue(): Promise<Queue>;
  /** Whether the queue is open. */
  ready(): boolean;
  readonly folders: Folders;
  readonly storage: Storage;
  /** What knows the nodes; read in when it is first asked for. */
  desk(): Promise<Desk>;
  readonly users: Users;
  readonly sockets: Sockets;
  readonly logs: Logs;
  readonly metrics: Metrics;
  readonly maxUploadBytes: number;
  readonly webRoot?: string;
  readonly argv: readonly string[];
  readonly now: () => number;
  /** All routes, for the OpenAPI document. */
  routes(): readonly Route[];
}

export interface DarkroomServer {
  readonly app: FastifyInstance;
  readonly routes: readonly Route[];
  /** Whether a client of this server looks: for `WorkerOptions.previews`. */
  wantsPreviews(job: { readonly clientId?: string }): boolean;
  /** Gives the address. Throws DR_BAD_USAGE when the port is taken. */
  listen(where: { readonly host: string; readonly port: number }): Promise<string>;
  /** Reads in what knows the nodes, before somebody waits for it. */
  warm(): Promise<void>;
  /** Takes no more requests, ends the sockets. The queue is its owner's to close. */
  close(): Promise<void>;
}
