// Signed requests to an S3-compatible service, repeated while the service or the network fails.
// Signing by aws4fetch.
import { setTimeout as sleep } from 'node:timers/promises';
import { AwsClient } from 'aws4fetch';
import { DarkroomError } from '../../errors.ts';
import { maskError, maskUrl } from '../../mask-secrets.ts';
import { stripEnd } from '../../strip.ts';
import { elementText } from './s3-xml.ts';

export interface BucketOptions {
  readonly name: string;
  /** The environment variables of Amazon's tools. */
  readonly environment?: NodeJS.ProcessEnv;
  /** How often a request is sent before it fails (5). */
  readonly attempts?: number;
  /** The pause before the second attempt (200); it doubles with each attempt. */
  readonly restMs?: number;
  /** The time after which a request has failed (120000). */
  readonly timeoutMs?: number;
  /** The size of the parts in which large objects are written (16 MiB). */
  readonly partBytes?: number;
}

const ATTEMPTS = 5;
const REST_MS = 200;
const TIMEOUT_MS = 120_000;

export interface S3Requests {
  /** Endpoint and bucket. */
  readonly address: string;
  /**
   * Sends a request until it is answered. `action` completes the sentence "the bucket did not …";
   * `accepted` are error statuses that are returned. Throws DR_STORAGE for others.
   */
  send(
    action: string,
    url: string,
    init?: RequestInit,
    accepted?: readonly number[],
  ): Promise<Response & { tries: number }>;
  /** Returns the error for an answer of the service. */
  refusal(action: string, status: number, code: string): DarkroomError;
}

/** Throws DR_BAD_USAGE for an invalid endpoint, and without credentials. */
export function s3Requests(options: BucketOptions): S3Requests {
  const { environment = process.env, attempts = ATTEMPTS, restMs = REST_MS } = options;
  const region = environment.AWS_REGION || environment.AWS_DEFAULT_REGION || 'us-east-1';
  const address = addressOf(options.name, environment, region);
  const client = clientOf(environment, region);
  const secrets = [environment.AWS_SECRET_ACCESS_KEY, environment.AWS_SESSION_TOKEN].filter(
    (secret) => secret !== undefined,
  );
  const refusal: S3Requests['refusal'] = (action, status, code) =>
    refused({ action, address, region, status, code });
  return {
    address,
    refusal,
    send: async (action, url, init = {}, accepted = []) => {
      for (let tries = 1; ; tries++) {
        const signal = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
        const answer = await client
          .fetch(url, { ...init, signal, redirect: 'manual' })
          .catch((error: Error) => error);
        if (answer instanceof Response) {
          if (answer.ok || accepted.includes(answer.status))
            return Object.assign(answer, { tries });
          const code = elementText(await answer.text().catch(() => ''), 'Code');
          if (!isTransient(answer.status, code) || tries >= attempts)
            throw refusal(action, answer.status, code);
        } else if (tries >= attempts)
          throw unreachable(action, address, attempts, maskError(answer.cause ?? answer, secrets));
        await sleep(restMs * 2 ** (tries - 1) * (0.75 + Math.random() / 2));
      }
    },
  };
}

function addressOf(name: string, environment: NodeJS.ProcessEnv, region: string): string {
  const endpoint =
    environment.S3_ENDPOINT || environment.AWS_ENDPOINT_URL_S3 || environment.AWS_ENDPOINT_URL;
  const address =
    endpoint === undefined
      ? `https://${name}.s3.${region}.amazonaws.com`
      : `${withScheme(endpoint)}/${name}`;
  if (URL.canParse(address) && !new URL(address).username) return address;
  throw new DarkroomError('DR_BAD_USAGE', {
    message: `'${maskUrl(endpoint ?? '')}' is not an address of an S3 service`,
    hint: 'Set S3_ENDPOINT=https://…; credentials are variables of their own.',
  });
}

const withScheme = (endpoint: string): string =>
  stripEnd(/^https?:\/\//i.test(endpoint) ? endpoint : `https://${endpoint}`, '/');

function clientOf(environment: NodeJS.ProcessEnv, region: string): AwsClient {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = environment;
  if (accessKeyId && secretAccessKey)
    return new AwsClient({
      accessKeyId,
      secretAccessKey,
      sessionToken: sessionToken || undefined,
      service: 's3',
      region,
      retries: 0,
    });
  throw new DarkroomError('DR_BAD_USAGE', {
    message: 'a bucket needs credentials',
    hint:
      'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; ' +
      'for another service than Amazon’s also S3_ENDPOINT=https://…',
  });
}

const TRANSIENT_CODES = new Set([
  'RequestTimeout',
  'SlowDown',
  'InternalError',
  'OperationAborted',
]);

/** Returns whether another attempt may succeed. */
const isTransient = (status: number, code: string): boolean =>
  status >= 500 || status === 429 || TRANSIENT_CODES.has(code);

function refused({
  action,
  address,
  region,
  status,
  code,
}: {
  readonly action: string;
  readonly address: string;
  readonly region: string;
  readonly status: number;
  readonly code: string;
}): DarkroomError {
  const hints: Readonly<Record<number, string>> = {
    301: `The bucket is in another region than ${region}: set AWS_REGION.`,
    400: `Check AWS_REGION (${region}) and S3_ENDPOINT.`,
    401: 'Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
    403:
      'Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, that they may list, read and write in ' +
      'the bucket, and the clock of this machine.',
    404: 'There is no such bucket: create it, or correct its name.',
  };
  return new DarkroomError('DR_STORAGE', {
    message: `the bucket ${address} did not ${action}: ${status}${code && ` ${code}`}`,
    hint: hints[status] ?? 'The service has a problem; try again later.',
    file: address,
  });
}

function unreachable(
  action: string,
  address: string,
  attempts: number,
  error: Error,
): DarkroomError {
  return new DarkroomError('DR_STORAGE', {
    message:
      `the bucket ${address} can't be reached to ${action}: ${error.message} ` +
      `(${attempts} attempts)`,
    hint: 'Check the network connection and S3_ENDPOINT.',
    file: address,
    cause: error,
  });
}
