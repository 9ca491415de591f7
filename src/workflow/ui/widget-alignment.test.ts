import { describe, expect, it } from 'vitest';
import { combo, int, string } from '../../nodes/declare.ts';
import { align } from './widget-alignment.ts';
import { slotsOf } from './widget-slots.ts';

const slots = [
  ...slotsOf('steps', int({ min: 1, max: 100 })),
  ...slotsOf('method', combo(['fast', 'slow'])),
  ...slotsOf('label', string()),
];

describe('align', () => {
  it('assigns values in order if they fit', () => {
    expect(align([5, 'fast', 'x'], slots)).toEqual({ cost: 0, slots: [0, 1, 2], shifted: false });
  });

  it('leaves the last slots empty, and drops the last values', () => {
    expect(align([5], slots)).toEqual({ cost: 1, slots: [0], shifted: false });
    expect(align([5, 'fast', 'x', 1], slots).slots).toEqual([0, 1, 2, -1]);
  });

  it('skips a slot whose value is missing', () => {
    expect(align(['slow', 'x'], slots)).toMatchObject({ slots: [1, 2], shifted: true });
  });

  it('does not move a single bad value', () => {
    expect(align([5, 'medium', 'x'], slots)).toMatchObject({ slots: [0, 1, 2], shifted: false });
  });

  it('leaves a number in a text, of which ComfyUI makes a text', () => {
    const texts = [
      ...slotsOf('kind', combo(['INT', 'STRING'])),
      ...slotsOf('value', string()),
      ...slotsOf('id', int({ min: 0, max: 100 })),
    ];
    expect(align(['INT', 1, 0], texts)).toMatchObject({ slots: [0, 1, 2], shifted: false });
    // a text that the file does not have yet
    expect(align(['INT', 0], texts)).toMatchObject({ slots: [0, 2], shifted: true });
  });
});
