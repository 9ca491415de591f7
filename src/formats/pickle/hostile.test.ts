// Pickles that would run programs in Python: each is refused with a message that names what it
// imports.
import { describe, expect, it } from 'vitest';
import * as p from '../../../test/support/files/pickle.ts';
import { raw, refusals } from '../../../test/support/files/refused-pickles.ts';

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
