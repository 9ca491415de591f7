// The pickle machine, with everything that models may name.
import { isAllowedInModels } from '../../../src/formats/pickle/allowed-globals.ts';
import { PickleError } from '../../../src/formats/pickle/pickle-error.ts';
import { unpickle } from '../../../src/formats/pickle/unpickle.ts';
import * as p from '../../support/files/pickle.ts';
import type { FuzzTarget } from '../target.ts';

export const target: FuzzTarget = {
  run: (input) => unpickle(input, { allowed: isAllowedInModels }),
  expected: (error) => error instanceof PickleError,
  seeds: () => [
    p.pickle(p.dict(p.text('a'), p.int(1), p.text('b'), p.numbers([1, 2, 3]))),
    p.pickle(p.GLOBAL('collections', 'OrderedDict'), p.EMPTY_TUPLE, p.REDUCE),
    p.pickle(p.EMPTY_LIST, p.PUT(0), p.MARK, p.GET(0), p.TRUE, p.NONE, p.APPENDS, p.DUP, p.TUPLE2),
    p.pickle(p.LONG4(2, Buffer.from([1, 2])), p.MEMOIZE, p.BINPERSID),
  ],
  dictionary: [
    'ctorch._utils\n_rebuild_tensor_v2\n',
    'ccollections\nOrderedDict\n',
    '(lp0\n',
    'q\x00h\x00',
  ],
};
