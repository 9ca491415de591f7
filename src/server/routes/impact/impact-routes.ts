// Routes of the Impact Pack (modules/impact/impact_server.py): wildcards, and the interactive SAM
// editor.
import { empty, json } from '../../http/responses.ts';
import type { Route } from '../../http/route.ts';
import type { ServerContext } from '../../server-context.ts';
import { previewBridgeRoutes } from './preview-bridge-routes.ts';
import { segsPickerRoutes } from './segs-picker-routes.ts';

export const impactRoutes = (context: ServerContext): Route[] => [
  ...['prepare', 'release', 'detect'].map(samEditorRoute),
  ...segsPickerRoutes(context),
  ...wildcardRoutes(context),
  ...previewBridgeRoutes(context),
];

const wildcardRoutes = ({ threads }: ServerContext): Route[] => [
  {
    method: 'GET',
    path: '/impact/wildcards/refresh',
    summary: 'Does nothing: the lists are read again by themselves.',
    responses: { 200: 'Always.' },
    handle: () => empty(),
  },
  {
    method: 'GET',
    path: '/impact/wildcards/list',
    summary: 'Names of wildcards.',
    responses: { 200: { description: '`data`: `__name__` of each.', schema: { type: 'object' } } },
    handle: () => threads.run('wildcardNames', undefined),
  },
  {
    method: 'GET',
    path: '/impact/wildcards/list/loaded',
    summary: 'Names of wildcards in memory: all of them.',
    responses: {
      200: {
        description: '`data`: `__name__` of each, `on_demand_mode`: false, `total_available`.',
        schema: { type: 'object' },
      },
    },
    handle: () => threads.run('loadedWildcardNames', undefined),
  },
  {
    method: 'POST',
    path: '/impact/wildcards',
    summary: 'Replaces the wildcards in a text.',
    body: {
      type: 'object',
      required: ['text'],
      properties: { text: { type: 'string' }, seed: { type: 'integer' } },
    },
    largeBody: true,
    responses: {
      200: { description: 'The new `text`.', schema: { type: 'object' } },
      400: 'No text.',
      413: { description: 'Too large, or too much to read.', schema: { type: 'object' } },
    },
    handle: ({ bytes }) => threads.run('populateWildcards', { bytes }),
  },
];

/** Segment Anything is available as nodes, not as an editor outside of workflows. */
const samEditorRoute = (action: string): Route => ({
  method: 'POST',
  path: `/sam/${action}`,
  summary: 'The interactive SAM editor, which is not implemented.',
  responses: { 501: { description: 'What to use instead.', schema: { type: 'object' } } },
  handle: () =>
    json(
      {
        error: {
          type: 'not_implemented',
          message: 'the interactive SAM editor is not implemented',
          details:
            'Use SAMLoader with SAMDetectorCombined or SAMDetectorSegmented in the workflow, ' +
            'or draw the mask in the mask editor.',
        },
      },
      501,
    ),
});
