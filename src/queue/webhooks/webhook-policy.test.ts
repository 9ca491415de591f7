import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { createWebhookPolicy } from './webhook-policy.ts';

const none = createWebhookPolicy();
const named = new URL('https://hooks.example/a');

describe('a webhook’s URL', () => {
  it.each([
    'https://hooks.example/b',
    'http://8.8.8.8:8080/',
    'http://[2606:4700:4700::1111]/',
    'http://[::ffff:8.8.8.8]/',
    'http://[64:ff9b::8.8.8.8]/',
  ])('may be %s', (text) => {
    expect(none.checkUrl(text).href).toBe(new URL(text).href);
  });

  it.each([
    'ftp://a/b',
    'file:///etc/passwd',
    'nonsense',
    'http://a/\0',
    `http://a/${'b'.repeat(5000)}`,
  ])('may not be %s', (text) => {
    expect(() => none.checkUrl(text)).toThrow("can't be called");
  });

  it.each([
    'http://localhost/',
    'http://a.localhost./',
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://127.1/',
    'http://0.0.0.0/',
    'http://10.1.2.3/',
    'http://172.16.0.1/',
    'http://192.168.1.1/',
    'http://169.254.169.254/latest/meta-data/',
    'http://100.64.0.1/',
    'http://100.100.100.200/',
    'http://168.63.129.16/',
    'http://192.0.0.192/',
    'http://198.18.0.1/',
    'http://224.0.0.1/',
    'http://255.255.255.255/',
    'http://[::]/',
    'http://[::1]/',
    'http://[::127.0.0.1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[::ffff:0:127.0.0.1]/',
    'http://[64:ff9b::127.0.0.1]/',
    'http://[64:ff9b:1::8.8.8.8]/',
    'http://[2002:7f00:1::]/',
    'http://[2001::1]/',
    'http://[fe80::1]/',
    'http://[fd00:ec2::254]/',
    'http://[fec0::1]/',
    'http://[ff02::1]/',
    'http://[2001:db8::1]/',
  ])('may not name %s', (text) => {
    expect(() => none.checkUrl(text)).toThrow('not a public address');
  });

  it('does not repeat its password', () => {
    expect(() => none.checkUrl('ftp://me:s3cret@host/')).toThrow(
      "the webhook 'ftp://me:…@host/' can't be called",
    );
  });
});

describe('the address of a name', () => {
  it.each(['127.0.0.1', '10.0.0.1', '::1', '::ffff:10.0.0.1', 'fe80::1%eth0', 'fd00::1'])(
    'may not be %s',
    (address) => {
      expect(() => none.checkAddress(named, address)).toThrow(`hooks.example, which is ${address}`);
    },
  );

  it('may not be one of this machine', () => {
    const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    for (const { address } of own) expect(() => none.checkAddress(named, address)).toThrow();
  });

  it('may be public', () => {
    none.checkAddress(named, '93.184.216.34');
    none.checkAddress(named, '2606:2800:220:1::1');
  });
});

describe('--webhook-allow', () => {
  it.each([
    ['127.0.0.1', 'http://127.0.0.1:9000/'],
    ['127.0.0.1', 'http://localhost/'],
    ['127.0.0.1', 'http://[::ffff:127.0.0.1]/'],
    ['10.0.0.0/8', 'http://10.200.0.1/'],
    ['::ffff:10.0.0.0/104', 'http://10.200.0.1/'],
    ['[fd00::]/8', 'http://[fd12::1]/'],
    ['[::1]', 'http://[::1]/'],
    ['LocalHost', 'http://localhost/'],
  ])('%s allows %s', (entry, text) => {
    createWebhookPolicy([entry]).checkUrl(text);
  });

  it.each([
    ['127.0.0.1', 'http://127.0.0.2/'],
    ['10.0.0.0/9', 'http://10.200.0.1/'],
    ['hooks.example', 'http://10.0.0.1/'],
    ['::/0', 'http://10.0.0.1/'],
  ])('%s does not allow %s', (entry, text) => {
    expect(() => createWebhookPolicy([entry]).checkUrl(text)).toThrow('not a public address');
  });

  it('allows a host whatever its address is', () => {
    createWebhookPolicy(['Hooks.Example.']).checkAddress(named, '10.0.0.1');
  });

  it.each(['', 'http://a/', '10.0.0.0/99', '1234', 'a b', 'a/8'])('can’t be %o', (entry) => {
    expect(() => createWebhookPolicy([entry])).toThrow('is no host, address or range');
  });
});
