// Pickles that would exhaust the memory in Python, and malformed ones: each is refused with a
// message that names the limit or the fault.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as p from '../../../test/support/files/pickle.ts';
import {
  asSequential,
  asZip,
  folder,
  raw,
  refusals,
} from '../../../test/support/files/refused-pickles.ts';
import { openModelFile } from '../model-file.ts';

const { GLOBAL, text, REDUCE, TUPLE1, pickle, STACK_GLOBAL, PROTO, STOP, NEWOBJ, BUILD } = p;

describe('pickles that exceed a limit', () => {
  const laughs = (levels: number, width: number) => {
    const parts = [text('ha'), p.PUT(0)];
    for (let level = 1; level <= levels; level++)
      parts.push(
        p.EMPTY_LIST,
        p.MARK,
        ...Array.from({ length: width }, () => p.GET(level - 1)),
        p.APPENDS,
        p.PUT(level),
      );
    return parts;
  };
  const dictLaughs = (levels: number, width: number) => {
    const parts = [p.EMPTY_DICT, p.PUT(0)];
    for (let level = 1; level <= levels; level++) {
      const pairs = Array.from({ length: width }, (_, i) =>
        Buffer.concat([text(`k${i}`), p.GET(level - 1)]),
      );
      parts.push(p.dict(...pairs), p.PUT(level));
    }
    return Buffer.concat([...parts.slice(0, -1), p.PUT(levels)]);
  };
  /** A pickle of the last of several values, from the memo; the others are popped. */
  const lastValue = (inner: Buffer, values: number) =>
    pickle(p.MARK, inner, raw('t'), p.POP, p.GET(values));
  const deep = (open: string, levels: number) => pickle(raw(open.repeat(levels)));

  const corpus: Readonly<Record<string, readonly [bytes: Uint8Array, message: RegExp]>> = {
    'dictionaries of dictionaries, 10^12 values': [
      lastValue(dictLaughs(12, 10), 12),
      /contains more than 1000000 values/,
    ],
    'dictionaries nested 100 deep': [
      lastValue(dictLaughs(100, 1), 100),
      /nested more than 16 deep/,
    ],
    'a dictionary in itself': [
      pickle(p.EMPTY_DICT, p.PUT(0), text('a'), p.GET(0), p.SETITEM),
      /nested more than 16 deep/,
    ],
    'a dictionary in itself, ten times': [
      pickle(
        p.EMPTY_DICT,
        p.PUT(0),
        p.MARK,
        ...Array.from({ length: 10 }, (_, i) => Buffer.concat([text(`${i}`), p.GET(0)])),
        p.SETITEMS,
      ),
      /nested more than 16 deep|more than 1000000 values/,
    ],
    'parameters around parameters': [
      pickle(
        p.EMPTY_DICT,
        text('a'),
        ...Array.from({ length: 50_000 }, () => GLOBAL('torch._utils', '_rebuild_parameter')),
        p.NONE,
        ...Array.from({ length: 50_000 }, () => Buffer.concat([TUPLE1, REDUCE])),
        p.SETITEM,
      ),
      /wraps itself/,
    ],
    'marks in marks': [deep('(', 100_000), /nested more than 512 deep/],
    'lists in lists, unfinished': [deep(']', 1_000_100), /more than 1000000 (objects|values)/],
    'two million lists': [
      pickle(raw(']0'.repeat(1_000_100)), p.EMPTY_DICT),
      /creates more than 1000000 objects/,
    ],
    'a stack of None': [deep('N', 1_000_100), /pushes more than 1000000 values/],
    'a memo of None': [
      pickle(p.NONE, raw('\x94'.repeat(2_000_100))),
      /stores more than 2000000 values/,
    ],
    'nine million operations': [
      pickle(raw('N0'.repeat(4_500_000)), p.EMPTY_DICT),
      /more than 8000000 operations/,
    ],
    'an integer of 2 GB': [pickle(p.LONG4(2 ** 31 - 1)), /an integer of 2147483647 bytes/],
    'an integer of -1 bytes': [pickle(p.LONG4(2 ** 32 - 1)), /an integer of 4294967295 bytes/],
    'an integer of 1 MB': [
      pickle(p.LONG4(2 ** 20, Buffer.alloc(2 ** 20, 1))),
      /an integer of 1048576 bytes/,
    ],
    'a text of 4 GB': [pickle(raw('X\xff\xff\xff\xff')), /a string of 4294967295 bytes/],
    'a text of 2^63 bytes': [
      pickle(raw('\x8d\xff\xff\xff\xff\xff\xff\xff\x7f')),
      /a string of 9223372036854776000 bytes/,
    ],
    'bytes of 2^63': [
      Buffer.concat([PROTO(5), raw('\x8e\xff\xff\xff\xff\xff\xff\xff\x7f')]),
      /ends too early/,
    ],
    'a name without end': [pickle(raw(`c${'a'.repeat(5000)}`)), /a name of more than 1000 bytes/],
  };
  it.each(Object.entries(corpus))('are refused: %s', async (_, [bytes, expected]) => {
    const before = process.memoryUsage().rss;
    for (const { code, message } of await refusals(bytes, [asZip])) {
      expect(code).toBe('DR_MODEL_INVALID');
      expect(message).toMatch(expected);
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(1e9);
  });

  it('are refused in the sequential format, which has no size of a pickle', async () => {
    const megabytes = raw(`X\0\0\x50\0${'a'.repeat(0x500000)}`);
    const [{ message }] = await refusals(
      pickle(
        megabytes,
        p.POP,
        ...Array.from({ length: 20 }, () => Buffer.concat([megabytes, p.POP])),
      ),
      [asSequential],
    );
    expect(message).toContain('a pickle of more than 67108864 bytes');
    const [late] = await refusals(pickle(megabytes, p.POP, GLOBAL('os', 'system')), [asSequential]);
    expect(late.message).toContain('imports os.system');
  });

  it('ignores nested lists and a ParameterDict in itself', async () => {
    const itself = [
      GLOBAL('torch.nn.modules.container', 'ParameterDict'),
      p.EMPTY_TUPLE,
      NEWOBJ,
      p.PUT(0),
    ];
    for (const parts of [
      [p.MARK, ...laughs(12, 10), raw('t')],
      [...itself, p.dict(text('_parameters'), p.GET(0)), BUILD],
    ]) {
      const file = join(folder, 'harmless.ckpt');
      writeFileSync(file, asZip(pickle(p.EMPTY_DICT, text('a'), ...parts, p.SETITEM)));
      const opened = await openModelFile(file);
      expect(opened.tensors.size).toBe(0);
      await opened.close();
    }
  });
});

describe('malformed pickles', () => {
  const corpus: Readonly<Record<string, readonly [bytes: Uint8Array, message: RegExp]>> = {
    'an unknown operation': [pickle(raw('\xff')), /unknown operation 0xff/],
    'protocol 6': [Buffer.concat([PROTO(6), p.EMPTY_DICT, STOP]), /unknown protocol 6/],
    'an empty stack at the end': [pickle(), /takes a value from an empty stack/],
    'two values at the end': [pickle(p.EMPTY_DICT, p.EMPTY_DICT), /leaves values on its stack/],
    'a group without a mark': [pickle(raw('t')), /never opened/],
    'a pop over a mark': [pickle(p.EMPTY_DICT, p.MARK, p.POP), /empty stack/],
    'a build over a mark': [pickle(p.EMPTY_DICT, p.MARK, p.EMPTY_DICT, BUILD), /empty stack/],
    'an unknown memo index': [pickle(p.GET(9)), /reads a value that is not in its memo/],
    'a key without a value': [
      pickle(p.EMPTY_DICT, p.MARK, text('a'), p.SETITEMS),
      /without a value/,
    ],
    'a list as a key': [pickle(p.EMPTY_DICT, p.EMPTY_LIST, p.NONE, p.SETITEM), /list as a key/],
    'an item set in a list': [pickle(p.EMPTY_LIST, p.NONE, p.NONE, p.SETITEM), /not a dictionary/],
    'an append to a dictionary': [pickle(p.EMPTY_DICT, p.NONE, p.APPEND), /not a list/],
    'a state of a text': [pickle(text('a'), p.NONE, BUILD), /not an object/],
    'arguments that are not a tuple': [
      pickle(GLOBAL('collections', 'OrderedDict'), p.NONE, REDUCE),
      /not a tuple/,
    ],
    'a global named by numbers': [pickle(p.int(1), p.int(2), STACK_GLOBAL), /not a string/],
    'text that is not UTF-8': [pickle(raw('X\x02\0\0\0\xc3\x28')), /not UTF-8/],
    'a number': [pickle(p.int(1)), /no table of tensors/],
    'an object': [
      pickle(GLOBAL('argparse', 'Namespace'), p.EMPTY_TUPLE, NEWOBJ),
      /no table of tensors/,
    ],
  };
  it.each(Object.entries(corpus))('are refused: %s', async (_, [bytes, expected]) => {
    const [zip, sequential] = await refusals(bytes);
    for (const { code, message } of [zip, sequential]) {
      expect(code).toBe('DR_MODEL_INVALID');
      expect(message).toMatch(expected);
    }
  });
});
