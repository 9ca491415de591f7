// MT19937 (Matsumoto & Nishimura 1998), the engine under torch's CPU generator, numpy's RandomState
// and Python's random.

export interface Mt19937 {
  /** The next 32 random bits, 0..2^32-1. */
  next(): number;
}

const N = 624;
const M = 397;

/** An engine seeded with one 32-bit word (init_genrand). */
export function mtFromWord(seed: number): Mt19937 {
  return engine(seedWord(seed));
}

/** An engine seeded with a list of 32-bit words (init_by_array). */
export function mtFromArray(key: ArrayLike<number>): Mt19937 {
  const state = seedWord(19650218);
  let i = 1;
  let j = 0;
  const advance = () => {
    if (++i >= N) {
      state[0] = state[N - 1];
      i = 1;
    }
  };
  const mixed = (factor: number) =>
    state[i] ^ Math.imul(state[i - 1] ^ (state[i - 1] >>> 30), factor);
  for (let k = Math.max(N, key.length); k > 0; k--) {
    state[i] = mixed(1664525) + key[j] + j;
    if (++j >= key.length) j = 0;
    advance();
  }
  for (let k = N - 1; k > 0; k--) {
    state[i] = mixed(1566083941) - i;
    advance();
  }
  state[0] = 0x80000000;
  return engine(state);
}

function seedWord(seed: number): Uint32Array {
  const state = new Uint32Array(N);
  state[0] = seed;
  for (let i = 1; i < N; i++)
    state[i] = Math.imul(state[i - 1] ^ (state[i - 1] >>> 30), 1812433253) + i;
  return state;
}

function engine(state: Uint32Array): Mt19937 {
  let position = N;
  const twist = (high: number, low: number) =>
    (((high & 0x80000000) | (low & 0x7fffffff)) >>> 1) ^ (low & 1 ? 0x9908b0df : 0);
  const refill = () => {
    for (let i = 0; i < N - M; i++) state[i] = state[i + M] ^ twist(state[i], state[i + 1]);
    for (let i = N - M; i < N - 1; i++) state[i] = state[i + M - N] ^ twist(state[i], state[i + 1]);
    state[N - 1] = state[M - 1] ^ twist(state[N - 1], state[0]);
    position = 0;
  };
  return {
    next() {
      if (position === N) refill();
      let y = state[position++];
      y ^= y >>> 11;
      y ^= (y << 7) & 0x9d2c5680;
      y ^= (y << 15) & 0xefc60000;
      return (y ^ (y >>> 18)) >>> 0;
    },
  };
}
