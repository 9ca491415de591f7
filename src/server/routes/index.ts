// All routes, a family a line.
import type { Route } from '../route.ts';
import type { Parts } from '../types.ts';
import { frontendRoutes } from './frontend.ts';
import { historyRoutes } from './history.ts';
import { impactRoutes } from './impact.ts';
import { internalRoutes } from './internal.ts';
import { jobRoutes } from './jobs.ts';
import { modelRoutes } from './models.ts';
import { nodeRoutes } from './nodes.ts';
import { operationRoutes } from './operation.ts';
import { pageRoutes } from './page.ts';
import { promptRoutes } from './prompt.ts';
import { queueRoutes } from './queue.ts';
import { settingRoutes } from './settings.ts';
import { systemRoutes } from './system.ts';
import { uploadRoutes } from './upload.ts';
import { userdataRoutes } from './userdata.ts';
import { userRoutes } from './users.ts';
import { viewRoutes } from './view.ts';

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
