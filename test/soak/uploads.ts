// Forms with pictures, as browsers send them.
import sharp from 'sharp';
import { UPLOAD_WIDTH } from './job-kinds.ts';

export interface Form {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

const BOUNDARY = 'soak-boundary';

const form = (name: string, content: Buffer): Form => ({
  body: Buffer.concat([
    Buffer.from(
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="overwrite"\r\n\r\ntrue\r\n` +
        `--${BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="${name}"\r\n` +
        'Content-Type: image/png\r\n\r\n',
    ),
    content,
    Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
  ]),
  headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
});

/** A form with a picture. */
export async function pictureForm(name: string): Promise<Form> {
  const size = { width: UPLOAD_WIDTH, height: 32, channels: 3 } as const;
  const background = { r: name.charCodeAt(5), g: 100, b: 50 };
  return form(
    name,
    await sharp({ create: { ...size, background } })
      .png()
      .toBuffer(),
  );
}

/** A form with a file that is no picture. */
export const brokenForm = (name: string): Form => form(name, Buffer.from('\x89PNG\r\n\x1a\n but'));
