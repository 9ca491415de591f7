// All routes, a family a line.
import type { Route } from '../http/route.ts';
import type { Parts } from '../services.ts';
import { frontendRoutes } from './frontend-routes.ts';
import { historyRoutes } from './history-routes.ts';
import { impactRoutes } from './impact-routes.ts';
import { internalRoutes } from './internal-routes.ts';
import { jobRoutes } from './job-routes.ts';
import { modelRoutes } from './model-routes.ts';
import { nodeRoutes } from './node-routes.ts';
import { operationRoutes } from './operation.ts';
import { pageRoutes } from './page-routes.ts';
import { promptRoutes } from './prompt-routes.ts';
import { queueRoutes } from './queue-routes.ts';
import { settingRoutes } from './settings-routes.ts';
import { systemRoutes } from './system-routes.ts';
import { uploadRoutes } from './upload-routes.ts';
import { userRoutes } from './user-routes.ts';
import { userdataRoutes } from './userdata-routes.ts';
import { viewRoutes } from './view-routes.ts';

const FAMILIES: readonly ((parts: Parts) => readonly Route[])[] = [
  promptRoutes,
  queueRoutes,
  historyRoutes,
  jobRoutes,
  nodeRoutes,
  modelRoutes,
  viewRoutes,
  uploadRoutes,
  systemRoutes,
  userRoutes,
  settingRoutes,
  userdataRoutes,
  frontendRoutes,
  impactRoutes,
  internalRoutes,
  operationRoutes,
  pageRoutes,
];

export const routesOf = (parts: Parts): Route[] => FAMILIES.flatMap((family) => family(parts));
