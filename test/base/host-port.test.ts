import { describe, expect, it } from 'vitest';
import { formatHostPort, parseHostPort } from '../../src/base/index.js';

describe('host and port as text', () => {
  it('are read back, IPv6 addresses from brackets', () => {
    const texts = { '127.0.0.1:3331': '127.0.0.1', 'node-01.local:1': 'node-01.local', '[::1]:65535': '::1' };
    for (const [text, host] of Object.entries(texts)) {
      const parsed = parseHostPort(text);
      expect(parsed?.host).toBe(host);
      expect(formatHostPort(parsed!)).toBe(text);
    }
  });

  it('are not read from anything else', () => {
    const texts = ['', 'host', 'host:', ':3331', 'host:0', 'host:65536', 'host:123456', '::1:3331', '[::1]', 'a b:1'];
    for (const text of texts) expect(parseHostPort(text), text).toBeUndefined();
  });
});
