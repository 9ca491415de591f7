// All routes.
import type { Route } from '../http/route.ts';
import type { ServerContext } from '../server-context.ts';
import { modelBrowserRoutes } from './files/model-browser-routes.ts';
import { modelRoutes } from './files/model-routes.ts';
import { uploadRoutes } from './files/upload-routes.ts';
import { viewRoutes } from './files/view-routes.ts';
import { frontendRoutes } from './frontend-routes.ts';
import { impactRoutes } from './impact/impact-routes.ts';
import { internalRoutes } from './internal-routes.ts';
import { historyRoutes } from './jobs/history-routes.ts';
import { jobRoutes } from './jobs/job-routes.ts';
import { promptRoutes } from './jobs/prompt-routes.ts';
import { queueRoutes } from './jobs/queue-routes.ts';
import { nodeRoutes } from './node-routes.ts';
import { operationsRoutes } from './operations-routes.ts';
import { pageRoutes } from './page-routes.ts';
import { systemRoutes } from './system-routes.ts';
import { templateRoutes } from './template-routes.ts';
import { settingRoutes } from './user/settings-routes.ts';
import { userRoutes } from './user/user-routes.ts';
import { userdataRoutes } from './user/userdata-routes.ts';

type RouteTable = (context: ServerContext) => readonly Route[];

/** All routes of a table read or write folders. */
const inFolders =
  (table: RouteTable): RouteTable =>
  (context) =>
    table(context).map((route) => ({ ...route, usesFolders: true }));

const ROUTE_TABLES: readonly RouteTable[] = [
  promptRoutes,
  queueRoutes,
  historyRoutes,
  jobRoutes,
  inFolders(nodeRoutes),
  inFolders(modelRoutes),
  inFolders(modelBrowserRoutes),
  inFolders(viewRoutes),
  inFolders(uploadRoutes),
  systemRoutes,
  inFolders(userRoutes),
  inFolders(settingRoutes),
  inFolders(userdataRoutes),
  frontendRoutes,
  inFolders(templateRoutes),
  inFolders(impactRoutes),
  inFolders(internalRoutes),
  operationsRoutes,
  inFolders(pageRoutes),
];

export const routesOf = (context: ServerContext): Route[] =>
  ROUTE_TABLES.flatMap((table) => table(context));
