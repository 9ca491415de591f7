import { expect, it } from 'vitest';
import { webhookUrl } from './webhook.ts';

it('accepts an address that is allowed', () => {
  expect(webhookUrl('https://a/b', () => true).href).toBe('https://a/b');
});

it('refuses an address that is not allowed', () => {
  expect(() => webhookUrl('https://a/b', () => false)).toThrow("can't be called");
});

it.each(['ftp://a/b', 'file:///etc/passwd', 'nonsense'])('refuses %s', (text) => {
  expect(() => webhookUrl(text, () => true)).toThrow("can't be called");
});
