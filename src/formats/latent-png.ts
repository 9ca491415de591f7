// A latent in an image file, as the Impact Pack's LatentSender writes it: a safetensors file in a
// zip archive in the UserComment of EXIF.
import { crc32, inflateRawSync } from 'node:zlib';
import { DarkroomError } from '../errors.ts';
import { sizeOf, type Tensor, tensor } from '../tensor/tensor.ts';
import { DTYPES, decodeFloat32, isDType } from './dtypes.ts';
import { exifEntries, USER_COMMENT } from './exif.ts';
import { isJsonObject } from './json.ts';
import { parseJson } from './parse-json.ts';
import { encodeSafetensors } from './safetensors/safetensors-write.ts';

const ENTRY = 'latent';
const TENSOR = 'latent_tensor';
const EXIF_DIRECTORY = 0x8769;
const MAX_BYTES = 2 ** 30;

/** The EXIF block for a latent [B,C,H,W]. */
export function latentExif(latent: Tensor): Buffer {
  const archive = zipped(
    Buffer.concat(encodeSafetensors({ [TENSOR]: { dtype: 'F32', ...latent } })),
  );
  // two directories of one entry each, big-endian, then the comment
  const head = Buffer.alloc(8 + 2 * 18);
  head.write('MM\0*', 'latin1');
  head.writeUInt32BE(8, 4);
  const entry = (at: number, tag: number, type: number, count: number, value: number): void => {
    head.writeUInt16BE(1, at);
    head.writeUInt16BE(tag, at + 2);
    head.writeUInt16BE(type, at + 4);
    head.writeUInt32BE(count, at + 6);
    head.writeUInt32BE(value, at + 10);
  };
  entry(8, EXIF_DIRECTORY, 4, 1, 26);
  entry(26, USER_COMMENT, 7, archive.length, head.length);
  return Buffer.concat([head, archive]);
}

/** The latent in an EXIF block; undefined when there is none. Throws DR_SAFETENSORS_INVALID. */
export function latentFromExif(exif: Uint8Array, name: string): Tensor | undefined {
  const comment = userComment(exif);
  if (!comment || comment.length < 30 || comment.readUInt32LE(0) !== 0x04034b50) return undefined;
  try {
    return latentOf(unzipped(comment));
  } catch (cause) {
    throw new DarkroomError('DR_SAFETENSORS_INVALID', {
      message: `the latent in ${name} can't be read: ${(cause as Error).message}`,
      hint: 'Use the file as LatentSender saved it: programs that edit images damage the latent.',
      file: name,
      cause,
    });
  }
}

function userComment(exif: Uint8Array): Buffer | undefined {
  for (const { tag, value } of exifEntries(exif)) if (tag === USER_COMMENT) return value;
  return undefined;
}

/** A zip archive of one stored entry. */
function zipped(content: Buffer): Buffer {
  const name = Buffer.from(ENTRY);
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt16LE(0x21, 8);
  common.writeUInt32LE(crc32(content), 10);
  common.writeUInt32LE(content.length, 14);
  common.writeUInt32LE(content.length, 18);
  common.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, name, content]);
  const listed = Buffer.concat([
    Buffer.from('PK\x01\x02'),
    Buffer.from([20, 3]),
    common,
    Buffer.alloc(14),
    name,
  ]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, listed, end]);
}

/** The content of the first entry. */
function unzipped(archive: Buffer): Buffer {
  const [method, packed, size] = [
    archive.readUInt16LE(8),
    archive.readUInt32LE(18),
    archive.readUInt32LE(22),
  ];
  const start = 30 + archive.readUInt16LE(26) + archive.readUInt16LE(28);
  if (start + packed > archive.length || size > MAX_BYTES)
    throw new Error('the archive is cut short');
  const bytes = archive.subarray(start, start + packed);
  const content =
    method === 0 ? bytes : inflateRawSync(bytes, { maxOutputLength: Math.max(size, 1) });
  if (crc32(content) !== archive.readUInt32LE(14)) throw new Error('its checksum is wrong');
  return content;
}

function latentOf(file: Buffer): Tensor {
  const length = Number(file.readBigUInt64LE(0));
  if (8 + length > file.length) throw new Error('it is cut short');
  const header = parseJson(file.toString('utf8', 8, 8 + length));
  const info = isJsonObject(header) ? header[TENSOR] : undefined;
  if (!isJsonObject(info)) throw new Error(`it contains no ${TENSOR}`);
  const { dtype, shape, data_offsets: offsets } = info;
  const sizes = Array.isArray(shape)
    ? shape.filter((side): side is number => Number.isInteger(side) && (side as number) > 0)
    : [];
  const from = Array.isArray(offsets) && Number.isInteger(offsets[0]) ? (offsets[0] as number) : -1;
  if (!isDType(dtype) || sizes.length !== 4 || from < 0)
    throw new Error(`${TENSOR} is not a latent [B,C,H,W]`);
  const start = 8 + length + from;
  const end = start + sizeOf(sizes) * DTYPES[dtype].size;
  if (end > file.length) throw new Error('it is cut short');
  return tensor(sizes, decodeFloat32(dtype, file.subarray(start, end)));
}
