// Pickles that would run programs or exhaust the memory in Python: each is refused with a message
// that names what it imports or which limit it exceeds.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import * as p from '../../../test/support/files/pickle.ts';
import { torchFile } from '../../../test/support/files/torch-file.ts';
import { zipOf } from '../../../test/support/files/zip.ts';
import { openModelFile } from '../model-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'hostile-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const asZip = (pickle: Uint8Array): Buffer => zipOf([{ name: 'archive/data.pkl', data: pickle }]);
/** A sequential file with the pickle in place of the saved value. */
const asSequential = (pickle: Uint8Array): Buffer => {
  const whole = torchFile({}, { sequential: true });
  const empty = p.pickle(p.dict());
  const at = whole.indexOf(empty);
  return Buffer.concat([whole.subarray(0, at), pickle, whole.subarray(at + empty.length)]);
};

const FORMATS = [asZip, asSequential, (pickle: Uint8Array) => pickle];

/** Opens the pickle in each format and returns the errors. */
async function refusals(
  pickle: Uint8Array,
  formats = FORMATS,
): Promise<{ code: string; message: string; hint: string }[]> {
  const errors = [];
  for (const [i, bytes] of formats.map((format) => format(pickle)).entries()) {
    const file = join(folder, `evil${i}.ckpt`);
    writeFileSync(file, bytes);
    const started = performance.now();
    const error = await openModelFile(file).then(
      () => expect.unreachable('the file was opened'),
      (e) => e,
    );
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(error).toMatchObject({ name: 'DarkroomError', file });
    expect(error.message.startsWith(`${file} `), error.message).toBe(true);
    expect(error.message).not.toMatch(/[^\x20-\x7e…]/);
    errors.push(error);
  }
  return errors;
}

const {
  GLOBAL,
  text,
  REDUCE,
  TUPLE1,
  pickle,
  tuple,
  BINPERSID,
  STACK_GLOBAL,
  PROTO,
  STOP,
  NEWOBJ,
  BUILD,
} = p;
const call = (module: string, name: string, ...args: readonly Buffer[]) =>
  pickle(GLOBAL(module, name), tuple(...args), REDUCE);
const raw = (latin1: string) => Buffer.from(latin1, 'latin1');

describe('pickles that would run code', () => {
  const imports: Readonly<Record<string, Uint8Array>> = {
    'os.system': call('os', 'system', text('id')),
    'posix.system': call('posix', 'system', text('id')),
    'nt.system': call('nt', 'system', text('id')),
    'subprocess.Popen': call('subprocess', 'Popen', text('id')),
    'builtins.eval': call('builtins', 'eval', text('1')),
    '__builtin__.eval': call('__builtin__', 'eval', text('1')),
    'builtins.exec': call('builtins', 'exec', text('1')),
    'builtins.compile': call('builtins', 'compile', text('1')),
    'builtins.getattr': call('builtins', 'getattr', GLOBAL('torch', 'Tensor'), text('__class__')),
    'builtins.__import__': call('builtins', '__import__', text('os')),
    'builtins.open': call('builtins', 'open', text('/etc/passwd')),
    'builtins.apply': call('builtins', 'apply', text('x')),
    'webbrowser.open': call('webbrowser', 'open', text('http://localhost')),
    'socket.create_connection': call('socket', 'create_connection', text('x')),
    'shutil.rmtree': call('shutil', 'rmtree', text('/')),
    'runpy.run_path': call('runpy', 'run_path', text('x')),
    'importlib.import_module': call('importlib', 'import_module', text('os')),
    'operator.attrgetter': call('operator', 'attrgetter', text('system')),
    'functools.partial': call('functools', 'partial', text('x')),
    'types.FunctionType': call('types', 'FunctionType', text('x')),
    'types.CodeType': pickle(GLOBAL('types', 'CodeType'), p.EMPTY_TUPLE, NEWOBJ),
    'marshal.loads': call('marshal', 'loads', text('x')),
    'pickle.loads': call('pickle', 'loads', text('x')),
    'code.interact': call('code', 'interact'),
    'pdb.run': call('pdb', 'run', text('x')),
    'timeit.timeit': call('timeit', 'timeit', text('x')),
    'ctypes.CDLL': call('ctypes', 'CDLL', text('x')),
    'pip.main': call('pip', 'main', text('install')),
    'numpy.testing._private.utils.runstring': call(
      'numpy.testing._private.utils',
      'runstring',
      text('x'),
    ),
    // torch's own ways to load or run more
    'torch.load': call('torch', 'load', text('x')),
    'torch.hub.load': call('torch.hub', 'load', text('x')),
    'torch.serialization.load': call('torch.serialization', 'load', text('x')),
    'torch.storage._load_from_bytes': call('torch.storage', '_load_from_bytes', text('x')),
    'torch.jit.load': call('torch.jit', 'load', text('x')),
    'torch._utils._import_dotted_name': call(
      'torch._utils',
      '_import_dotted_name',
      text('os.system'),
    ),
    'torch.utils.cpp_extension.load': call('torch.utils.cpp_extension', 'load', text('x')),
    'torch._C._cuda_init': call('torch._C', '_cuda_init'),
    'torch.nn.modules.linear.Linear': pickle(
      GLOBAL('torch.nn.modules.linear', 'Linear'),
      p.EMPTY_TUPLE,
      NEWOBJ,
      p.EMPTY_DICT,
      BUILD,
    ),
    // names with dots, which reach other modules
    'torch._utils.os.system': Buffer.concat([
      PROTO(4),
      text('torch._utils'),
      text('os.system'),
      STACK_GLOBAL,
      STOP,
    ]),
    'collections.OrderedDict.__init__.__globals__': Buffer.concat([
      PROTO(4),
      text('collections'),
      text('OrderedDict.__init__.__globals__'),
      STACK_GLOBAL,
      STOP,
    ]),
    // imported but not called
    'os.popen': pickle(GLOBAL('os', 'popen')),
    // hidden behind a harmless value, in a key, in a state, in a persistent id
    'os.remove': pickle(p.EMPTY_DICT, GLOBAL('os', 'remove'), p.POP),
    'os.chmod': pickle(p.EMPTY_DICT, GLOBAL('os', 'chmod'), p.NONE, p.SETITEM),
    'os.execv': pickle(
      GLOBAL('argparse', 'Namespace'),
      p.EMPTY_TUPLE,
      NEWOBJ,
      GLOBAL('os', 'execv'),
      BUILD,
    ),
    'os.fork': pickle(
      tuple(text('storage'), GLOBAL('os', 'fork'), text('0'), text('cpu'), p.int(1)),
      BINPERSID,
    ),
  };
  it.each(Object.entries(imports))('are refused: %s', async (name, bytes) => {
    for (const { code, message, hint } of await refusals(bytes)) {
      expect(code).toBe('DR_MODEL_UNSAFE');
      expect(message).toContain(`imports ${name}, which is not allowed`);
      expect(hint).toContain('Nothing of it was run');
    }
  });

  const unsafeOperations: Readonly<Record<string, Uint8Array>> = {
    'INST (os.system)': pickle(p.MARK, text('id'), raw('ios\nsystem\n')),
    OBJ: pickle(p.MARK, GLOBAL('collections', 'OrderedDict'), raw('o')),
    NEWOBJ_EX: pickle(
      GLOBAL('collections', 'OrderedDict'),
      p.EMPTY_TUPLE,
      p.EMPTY_DICT,
      raw('\x92'),
    ),
    'EXT1 (code 7)': pickle(raw('\x82\x07')),
    'EXT2 (code 1799)': pickle(raw('\x83\x07\x07')),
    'EXT4 (code 117901063)': pickle(raw('\x84\x07\x07\x07\x07')),
    'PERSID (os.system)': pickle(raw('Pos.system\n')),
    NEXT_BUFFER: Buffer.concat([PROTO(5), raw('\x97.')]),
    READONLY_BUFFER: Buffer.concat([PROTO(5), p.NONE, raw('\x98.')]),
    GET: pickle(raw('g0\n')),
  };
  it.each(Object.entries(unsafeOperations))(
    'are refused: the operation %s',
    async (name, bytes) => {
      for (const { code, message } of await refusals(bytes)) {
        expect(code).toBe('DR_MODEL_UNSAFE');
        expect(message).toContain(`uses the pickle operation ${name}, `);
      }
    },
  );

  it('are refused in protocol 0', async () => {
    for (const [bytes, what] of [
      [raw("cos\nsystem\n(S'id'\ntR."), 'imports os.system'],
      [raw('(ios\nsystem\n.'), 'uses the pickle operation INST (os.system)'],
      [raw("(S'id'\nios\nsystem\n."), 'uses the pickle operation STRING'],
      [raw("(dp0\nS'a'\np1\ncos\nsystem\ns."), 'uses the pickle operation PUT'],
    ] as const)
      for (const { code, message } of await refusals(bytes)) {
        expect(code).toBe('DR_MODEL_UNSAFE');
        expect(message).toContain(what);
      }
  });

  it('are refused when they call a value that is not a global', async () => {
    const dictionary = [GLOBAL('collections', 'OrderedDict'), p.EMPTY_TUPLE, REDUCE];
    for (const bytes of [
      pickle(...dictionary, p.EMPTY_TUPLE, REDUCE),
      pickle(text('os.system'), text('id'), TUPLE1, REDUCE),
      pickle(p.EMPTY_DICT, p.EMPTY_TUPLE, NEWOBJ),
    ])
      for (const { code, message } of await refusals(bytes)) {
        expect(code).toBe('DR_MODEL_UNSAFE');
        expect(message).toContain('calls a value that is not the name of a class');
      }
  });

  it('are refused when they refer to something other than a storage', async () => {
    const storage = GLOBAL('torch', 'FloatStorage');
    const ids: readonly (readonly [Buffer, string, string])[] = [
      [
        tuple(text('module'), storage, text('a.py'), text('import os')),
        'DR_MODEL_UNSAFE',
        'outside of it (module)',
      ],
      [text('storage'), 'DR_MODEL_UNSAFE', 'outside of it (not a storage)'],
      [p.int(7), 'DR_MODEL_UNSAFE', 'outside of it (not a storage)'],
      [p.EMPTY_TUPLE, 'DR_MODEL_UNSAFE', 'outside of it (not a storage)'],
      [
        tuple(text('storage'), text('torch.FloatStorage'), text('0'), text('cpu'), p.int(1)),
        'DR_MODEL_UNSAFE',
        'of an unknown type',
      ],
      [
        tuple(
          text('storage'),
          GLOBAL('collections', 'OrderedDict'),
          text('0'),
          text('cpu'),
          p.int(1),
        ),
        'DR_MODEL_UNSAFE',
        'of an unknown type',
      ],
      [
        tuple(text('storage'), storage, p.int(0), text('cpu'), p.int(1)),
        'DR_MODEL_INVALID',
        'without a name or a size',
      ],
      [
        tuple(text('storage'), storage, text('0'), text('cpu'), p.int(-1)),
        'DR_MODEL_INVALID',
        'without a name or a size',
      ],
      [
        tuple(text('storage'), storage, text('0'), text('cpu'), p.int(2 ** 60)),
        'DR_MODEL_INVALID',
        'without a name or a size',
      ],
    ];
    for (const [id, code, what] of ids) {
      // the reference is popped, so it is not part of the value
      const [zip, sequential] = await refusals(pickle(p.EMPTY_DICT, id, BINPERSID, p.POP));
      for (const error of [zip, sequential]) {
        expect(error.code, what).toBe(code);
        expect(error.message).toContain(what);
      }
    }
  });

  it('are refused with an escaped and shortened name of the global', async () => {
    const [error] = await refusals(pickle(GLOBAL('\u202eos', 'system\x1b[2J')));
    expect(error.message).toContain('imports \\u202eos.system\\u001b[2J,');
    const [long] = await refusals(pickle(GLOBAL('a'.repeat(900), 'b')));
    expect(long.message.length).toBeLessThan(300);
  });
});

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

describe('invalid tensors', () => {
  const f32 = (bytes: number) =>
    ({ dtype: 'F32', shape: [bytes / 4], bytes: new Uint8Array(bytes) }) as const;
  const cases: Readonly<Record<string, readonly [tensor: object, message: RegExp]>> = {
    'a shape beyond the storage': [{ ...f32(16), shape: [5] }, /extends beyond its storage: a/],
    'strides beyond the storage': [
      { ...f32(16), shape: [2, 2], strides: [4, 1] },
      /extends beyond its storage: a/,
    ],
    'a negative stride': [{ ...f32(16), shape: [4], strides: [-1] }, /without a shape: a/],
    'a negative size': [{ ...f32(16), shape: [-4] }, /without a shape: a/],
    'sizes whose product is infinite': [
      { ...f32(16), shape: Array(60).fill(2 ** 52), strides: Array(60).fill(0) },
      /tensor of Infinity elements/,
    ],
    'a terabyte out of four bytes': [
      { ...f32(4), shape: [2 ** 20, 2 ** 18], strides: [0, 0] },
      /of 274877906944 elements over a storage of 4 bytes/,
    ],
    'more strides than sizes': [{ ...f32(16), shape: [4], strides: [1, 1] }, /without a shape: a/],
    '65 dimensions': [{ ...f32(4), shape: Array(65).fill(1) }, /without a shape: a/],
  };
  it.each(Object.entries(cases))('are refused: %s', async (_, [tensor, message]) => {
    for (const sequential of [false, true]) {
      const file = join(folder, 'tensor.pt');
      writeFileSync(file, torchFile({ a: tensor as ReturnType<typeof f32> }, { sequential }));
      await expect(openModelFile(file)).rejects.toMatchObject({
        code: 'DR_MODEL_INVALID',
        message: expect.stringMatching(message),
      });
    }
  });

  it('are refused when many expanded tensors would fill the disk', async () => {
    const file = join(folder, 'many.pt');
    const one = { dtype: 'F32', shape: [2 ** 20], strides: [0], bytes: new Uint8Array(4) } as const;
    writeFileSync(
      file,
      torchFile(Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`t${i}`, one]))),
    );
    await expect(openModelFile(file)).rejects.toMatchObject({
      code: 'DR_MODEL_INVALID',
      message: expect.stringMatching(/zip bomb: its tensors would take 167772160 bytes/),
    });
  });

  it('are refused when compressed storages would fill the memory', async () => {
    const file = join(folder, 'zeros.pt');
    const zeros = { dtype: 'F32', shape: [1], bytes: new Uint8Array(2 ** 25) } as const;
    writeFileSync(file, torchFile({ a: zeros, b: zeros, c: zeros }, { deflate: true }));
    await expect(openModelFile(file)).rejects.toMatchObject({
      code: 'DR_MODEL_INVALID',
      message: expect.stringMatching(/zip bomb: its tensors would take 100663296 bytes/),
    });
  });

  it('are refused with the name of an unsupported kind', async () => {
    const file = join(folder, 'kinds.pt');
    const quantised = [GLOBAL('torch._utils', '_rebuild_qtensor'), p.EMPTY_TUPLE, REDUCE];
    writeFileSync(file, asZip(pickle(p.dict(text('a.weight'), Buffer.concat(quantised)))));
    await expect(openModelFile(file)).rejects.toMatchObject({
      code: 'DR_MODEL_UNSUPPORTED',
      message: expect.stringContaining('a.weight is quantised'),
    });
  });
});
