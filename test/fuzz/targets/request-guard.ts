// Headers and URLs of requests, as far as they decide whether a request is allowed.
import { createGuard, tokenCookie } from '../../../src/server/http/access/guard.ts';
import { withoutToken } from '../../../src/server/http/access/sign-in.ts';
import type { FuzzTarget } from '../target.ts';

const TOKEN = 'secret';
const GUARDS = [
  createGuard({ hosts: ['darkroom.example'] }),
  createGuard({ token: TOKEN, corsOrigin: 'https://good.example' }),
];
const NAMES = ['host', 'origin', 'referer', 'cookie', 'authorization', 'sec-fetch-site'];

export const target: FuzzTarget = {
  run: (input) => {
    const [url, ...values] = input.toString('latin1').split('\n');
    const given = NAMES.flatMap((name, i) => (values[i] ? [[name, values[i]] as const] : []));
    const request = {
      ...{ method: 'GET', url: `/${url}`, headers: Object.fromEntries(given) },
      rawHeaders: given.flat(),
    };
    for (const guard of GUARDS) guard(request);
    tokenCookie(request.headers.host, TOKEN);
    withoutToken(request.url);
    if (!input.includes(TOKEN) && GUARDS[1](request) === undefined) checkPublic(url);
  },
  seeds: () => [
    'queue?token=secret\nlocalhost:8188\nhttp://localhost:8188\n\ndarkroom_8188=x; a=b\n',
    'api/healthz?x\n[::1]:80\nhttps://good.example\nhttp://x/\n\nBearer abc\nsame-origin',
  ],
  dictionary: [
    'localhost',
    '127.0.0.1',
    '[::1]',
    'null',
    'http://',
    ':8188',
    'Bearer ',
    '\n',
    '?token=',
  ],
};

/** Without the token, only these paths may be requested. */
function checkPublic(url: string): void {
  if (/^((api\/)?healthz|sign-in)(\?|$)/.test(url)) return;
  throw new Error(`allowed without the token: ${url}`);
}
