// Addresses and texts in which secrets are masked.
import { maskSecrets, maskUrl, secretsInUrl } from '../../../src/mask-secrets.ts';
import type { FuzzTarget } from '../target.ts';

export const target: FuzzTarget = {
  run: (input) => {
    const text = input.toString('utf8');
    maskUrl(text);
    maskSecrets(text, secretsInUrl(text));
  },
  seeds: () => [
    'postgres://user:p%40ss@host:5432/db?sslpassword=x&a=b',
    "connection to 'host=a password='it\\'s' user=b' failed; Bearer abc, https://u:p@h/?token=1",
  ],
  dictionary: ['://', '@', ':', '?', 'password=', "'", '\\', 'token=', 'Bearer ', '%'],
};
