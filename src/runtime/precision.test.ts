import { describe, expect, it } from 'vitest';
import { resolvePrecision } from './precision.ts';

describe('resolvePrecision', () => {
  it('returns the requested precision, else that of the environment, else auto', () => {
    expect(resolvePrecision(undefined, 'auto', {})).toBe('auto');
    expect(resolvePrecision(undefined, 'cpu', { DARKROOM_PRECISION: 'int8' })).toBe('int8');
    expect(resolvePrecision('fp32', 'cpu', { DARKROOM_PRECISION: 'int8' })).toBe('fp32');
  });

  const refusal = (precision: string | undefined, device: string, environment = {}) => {
    try {
      return resolvePrecision(precision, device, environment);
    } catch (error) {
      return error;
    }
  };

  it.each([
    { precision: 'int4', message: "unknown precision 'int4'", hint: "Did you mean 'int8'?" },
    {
      precision: 'double',
      message: "unknown precision 'double'",
      hint: 'Use one of auto, fp32, fp16, int8.',
    },
    {
      precision: 'int8',
      device: 'cuda',
      message: 'does not go with the device cuda',
      hint: '--device cpu',
    },
    {
      precision: 'fp16',
      message: 'does not go with the device cpu',
      hint: '--device cuda or webgpu',
    },
  ])('refuses $precision: $message', ({ precision, device = 'cpu', message, hint }) => {
    expect(refusal(precision, device)).toMatchObject({
      code: 'DR_BAD_USAGE',
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
  });

  it('names the environment variable of an unknown precision', () => {
    expect(refusal(undefined, 'cpu', { DARKROOM_PRECISION: 'int9' })).toMatchObject({
      code: 'DR_BAD_USAGE',
      message: expect.stringContaining('in DARKROOM_PRECISION'),
      hint: expect.stringContaining("Did you mean 'int8'?"),
    });
  });
});
