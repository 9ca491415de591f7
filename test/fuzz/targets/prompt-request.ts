// Bodies of POST /prompt, as far as they are handled without a queue.
import { isJsonObject } from '../../../src/formats/json.ts';
import { parseJson } from '../../../src/formats/parse-json.ts';
import { NODES } from '../../../src/nodes/index.ts';
import { checkPrompt } from '../../../src/server/prompt-request.ts';
import { filesOf } from '../inputs.ts';
import type { FuzzTarget } from '../target.ts';
import { ENVIRONMENT, WORKFLOW_WORDS } from '../workflows.ts';

export const target: FuzzTarget = {
  run: (input) => {
    const body = parseJson(input.toString('utf8'));
    if (isJsonObject(body)) checkPrompt(body, { nodes: NODES, folders: ENVIRONMENT });
  },
  seeds: () =>
    filesOf('examples', /\.json$/, 4000).map(
      (graph) =>
        `{"prompt": ${graph}, "client_id": "c", "front": true, "number": 1.5, ` +
        '"extra_data": {"extra_pnginfo": {"workflow": {}}, "webhook": "http://x"}, ' +
        '"partial_execution_targets": ["9"]}',
    ),
  dictionary: WORKFLOW_WORDS,
  maxBytes: 8192,
};
