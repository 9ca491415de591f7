// Colour maps for values 0..1: matplotlib's viridis (Smith and van der Walt 2015, CC0) and its
// greys (ColorBrewer's), in 256 steps of 8 bits.
import { allocateBytes } from '../../tensor/allocate.ts';
import type { Tensor } from '../../tensor/tensor.ts';

const VIRIDIS =
  '44015444025544035745055845065a45085b46095c460b5e460c5f460e61470f62471163471265471466471567' +
  '47166947186a48196b481a6c481c6e481d6f481e70482071482172482273482374472575472676472777472878' +
  '472a79472b7a472c7b462d7c462f7c46307d46317e45327f45347f453580453681443781443982433a83433b83' +
  '433c84423d84423e854240854141864142864043874044873f45873f47883e48883e49893d4a893d4b893d4c89' +
  '3c4d8a3c4e8a3b508a3b518a3a528b3a538b39548b39558b38568b38578c37588c37598c365a8c365b8c355c8c' +
  '355d8c345e8d345f8d33608d33618d32628d32638d31648d31658d31668d30678d30688d2f698d2f6a8d2e6b8e' +
  '2e6c8e2e6d8e2d6e8e2d6f8e2c708e2c718e2c728e2b738e2b748e2a758e2a768e2a778e29788e29798e287a8e' +
  '287a8e287b8e277c8e277d8e277e8e267f8e26808e26818e25828e25838d24848d24858d24868d23878d23888d' +
  '23898d22898d228a8d228b8d218c8d218d8c218e8c208f8c20908c20918c1f928c1f938b1f948b1f958b1f968b' +
  '1e978a1e988a1e998a1e998a1e9a891e9b891e9c891e9d881e9e881e9f881ea0871fa1871fa2861fa38620a485' +
  '20a58521a68521a78422a78423a88323a98224aa8225ab8126ac8127ad8028ae7f29af7f2ab07e2bb17d2cb17d' +
  '2eb27c2fb37b30b47a32b57a33b67935b77836b87738b97639b9763bba753dbb743ebc7340bd7242be7144be70' +
  '45bf6f47c06e49c16d4bc26c4dc26b4fc36951c46853c56755c66657c66559c7645bc8625ec96160c96062ca5f' +
  '64cb5d67cc5c69cc5b6bcd596dce5870ce5672cf5574d05477d05279d1517cd24f7ed24e81d34c83d34b86d449' +
  '88d5478bd5468dd64490d64392d74195d73f97d83e9ad83c9dd93a9fd938a2da37a5da35a7db33aadb32addc30' +
  'afdc2eb2dd2cb5dd2bb7dd29bade27bdde26bfdf24c2df22c5df21c7e01fcae01ecde01dcfe11cd2e11bd4e11a' +
  'd7e219dae218dce218dfe318e1e318e4e318e7e419e9e419ece41aeee51bf1e51cf3e51ef6e61ff8e621fae622' +
  'fde724';

/** One byte per step, the same for red, green and blue. */
const GREYS =
  '0001020304050608090a0b0c0d0f1011121314161718191a1b1d1e1f20212223252628292a2c2d2f3031333436' +
  '37383a3b3d3e40414244454748494b4c4e4f5052535455565758595a5b5c5d5e5f6061626364656668696a6b6c' +
  '6d6e6f7071727374757677787a7b7c7d7e7f8081828384868788898a8b8c8d8e8f91929394959697999a9b9c9d' +
  '9fa0a1a2a4a5a6a7a8aaabacadafb0b1b2b3b5b6b7b8babbbcbdbebfc0c1c1c2c3c4c5c6c7c8c8c9cacbcccdce' +
  'cfcfd0d1d2d3d4d5d6d7d7d8d9dadadbdcdddddedfe0e0e1e2e2e3e4e5e5e6e7e7e8e9eaeaebecededeeefeff0' +
  'f0f1f1f2f2f3f3f4f4f5f5f6f6f7f7f7f8f8f9f9fafafbfbfcfcfdfdfefeff';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

export const VIRIDIS_MAP = bytes(VIRIDIS);
export const GREYS_MAP = bytes(GREYS).reduce(
  (all, grey, i) => all.fill(grey, 3 * i, 3 * i + 3),
  new Uint8Array(768),
);

/** Maps values 0..1 [H,W] to RGB bytes. */
export function applyColourMap({ data }: Tensor, map: Uint8Array): Uint8Array {
  const out = allocateBytes(data.length * 3);
  for (const [i, value] of data.entries()) {
    const step = Math.min(Math.max(Math.trunc(Math.fround(value * 256)), 0), 255);
    out.set(map.subarray(3 * step, 3 * step + 3), 3 * i);
  }
  return out;
}
