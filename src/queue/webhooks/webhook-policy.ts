// Decides which addresses webhooks may be sent to: public ones, and those that the operator names.
// The ranges are those of IANA's registries of special-purpose addresses, from ipaddr.js.
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';
import { DarkroomError } from '../../errors.ts';
import { maskUrl } from '../../mask-secrets.ts';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Network = readonly [Address, number];

export interface WebhookPolicy {
  /**
   * Parses a webhook's URL and checks what its text alone can tell. Throws DR_BAD_USAGE when it is
   * no http or https URL, or names an address that is not allowed.
   */
  checkUrl(text: string): URL;
  /** Throws DR_BAD_USAGE when the host of a URL may not be called at an address it resolved to. */
  checkAddress(url: URL, address: string): void;
}

const MAX_URL_LENGTH = 2048;

/** Metadata services at addresses that belong to no special range: Azure's. */
const METADATA = new Set(['168.63.129.16']);
const GLOBAL_UNICAST: Network = [ipaddr.parse('2000::'), 3];
const NAT64: readonly Network[] = [[ipaddr.parse('64:ff9b::'), 96]];
const IPV4_BYTES = 4;

/**
 * Creates the policy. `allow` names hosts, addresses and CIDR ranges that are allowed although they
 * are not public. Throws DR_BAD_USAGE for an entry that is none of these.
 */
export function createWebhookPolicy(allow: readonly string[] = []): WebhookPolicy {
  const entries = allow.map(parseEntry);
  const hosts = new Set(entries.filter((entry) => typeof entry === 'string'));
  const networks = entries.filter((entry) => typeof entry !== 'string');
  const checkAddress = (url: URL, text: string): void => {
    const address = embeddedIPv4(ipaddr.parse(text));
    if (hosts.has(hostOf(url)) || isPublic(address)) return;
    if (!networks.some((network) => contains(network, address))) throw notAllowed(url, text);
  };
  return {
    checkAddress,
    checkUrl: (text) => {
      const url = parseUrl(text);
      const host = hostOf(url);
      if (isIP(host) !== 0) checkAddress(url, host);
      else if (isLocalName(host)) checkAddress(url, '127.0.0.1');
      return url;
    },
  };
}

/** The host of a URL, without the brackets of IPv6 and the dot at the end. */
export const hostOf = ({ hostname }: URL): string =>
  hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');

function parseUrl(text: string): URL {
  if (text.length > MAX_URL_LENGTH || text.includes('\0'))
    throw new DarkroomError('DR_BAD_USAGE', {
      message: "the webhook can't be called: its address is too long or has null characters",
      hint: `Use an http or https address of at most ${MAX_URL_LENGTH} characters.`,
    });
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new DarkroomError('DR_BAD_USAGE', {
    message: `the webhook '${maskUrl(text)}' can't be called`,
    hint: 'Use an http or https address.',
  });
}

/** A host name in lower case, or a range of addresses. */
function parseEntry(text: string): string | Network {
  const name = text.trim().toLowerCase().replace(/\.$/, '');
  const address = name.replace(/[[\]]/g, '');
  if (ipaddr.isValidCIDR(address)) return networkOf(...ipaddr.parseCIDR(address));
  if (isFullAddress(address)) {
    const parsed = ipaddr.parse(address);
    return networkOf(parsed, parsed.kind() === 'ipv4' ? 32 : 128);
  }
  if (/^(?=.*[a-z])[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(name)) return name;
  throw new DarkroomError('DR_BAD_USAGE', {
    message: `'${text}' is no host, address or range of addresses`,
    hint: 'For example: --webhook-allow hooks.internal, 10.0.0.7 or 192.168.1.0/24.',
  });
}

const isFullAddress = (text: string): boolean =>
  ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text);

/** A range of IPv4-mapped addresses is one of IPv4 addresses. */
function networkOf(address: Address, bits: number): Network {
  const inner = embeddedIPv4(address);
  return inner.kind() === address.kind() ? [address, bits] : [inner, Math.max(0, bits - 96)];
}

/** The IPv4 address that a mapped or translated (NAT64) IPv6 address stands for; else itself. */
function embeddedIPv4(address: Address): Address {
  if (!(address instanceof ipaddr.IPv6)) return address;
  if (address.isIPv4MappedAddress()) return address.toIPv4Address();
  if (!NAT64.some((network) => contains(network, address))) return address;
  return ipaddr.fromByteArray(address.toByteArray().slice(-IPV4_BYTES));
}

const contains = ([base, bits]: Network, address: Address): boolean =>
  base.kind() === address.kind() && address.match(base as never, bits);

const isPublic = (address: Address): boolean =>
  address.range() === 'unicast' &&
  (address.kind() === 'ipv4' || contains(GLOBAL_UNICAST, address)) &&
  !METADATA.has(address.toString()) &&
  !isOwn(address);

/** Whether it is an address of this machine: services that listen on all of them are local. */
const isOwn = (address: Address): boolean =>
  Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .some((own) => ipaddr.parse(own.address).toString() === address.toString());

/** Names that resolve to this machine everywhere (RFC 6761). */
const isLocalName = (host: string): boolean => /(^|\.)localhost$/.test(host);

function notAllowed(url: URL, address: string): DarkroomError {
  const host = hostOf(url);
  const resolved = host === address || isLocalName(host) ? '' : `, which is ${address}`;
  return new DarkroomError('DR_BAD_USAGE', {
    message: `the webhook can't be called: its host ${host}${resolved} is not a public address`,
    hint: `The server's operator can allow it with --webhook-allow ${host}.`,
  });
}
