import { describe, expect, it } from 'vitest';
import { checkCheckOptions, checkDarkroomOptions, checkRunOptions } from './check-options.ts';

const usage = (message: string, hint: string) =>
  expect.objectContaining({ code: 'DR_BAD_USAGE', message, hint: expect.stringContaining(hint) });

describe('options of the library', () => {
  it('that are unknown are refused, with a name that is near', () => {
    expect(() => checkDarkroomOptions({ modles: 'm' } as never)).toThrow(
      usage("openDarkroom has no option 'modles'", 'models'),
    );
    expect(() => checkRunOptions({ constructor: 1 } as never)).toThrow(
      usage("run has no option 'constructor'", 'signal, onEvent, previews'),
    );
    expect(() => checkCheckOptions({ previews: true } as never)).toThrow(
      usage("check has no option 'previews'", 'set, strict'),
    );
  });

  it('that is the name of a device elsewhere is answered with ours', () => {
    expect(() => checkDarkroomOptions({ device: 'gpu' } as never)).toThrow(
      usage(
        "option 'device' of openDarkroom is 'gpu', not one of auto, cpu, cuda, webgpu",
        "'cuda' for NVIDIA cards",
      ),
    );
  });

  it.each([
    [{ device: 'metal' }, "option 'device' of openDarkroom is 'metal', not one of auto, cpu"],
    [{ textEncoders: 'fp8' }, "option 'textEncoders' of openDarkroom is 'fp8'"],
    [{ threads: 0 }, "option 'threads' of openDarkroom is 0, not a whole number from 1"],
    [{ threads: 1.5 }, "option 'threads' of openDarkroom is 1.5"],
    [{ cacheSize: '2 GB' }, "option 'cacheSize' of openDarkroom is '2 GB'"],
    [{ models: ['a', 1] }, "option 'models' of openDarkroom is a list, not the path of a folder"],
    [{ output: null }, "option 'output' of openDarkroom is null, not a text"],
    [
      { keep: ['results', 'images'] },
      "option 'keep' of openDarkroom is a list, not a list of results",
    ],
    [{ precision: 8 }, "option 'precision' of openDarkroom is 8, not a text"],
    [{ comfyui: 0.33 }, "option 'comfyui' of openDarkroom is 0.33, not a text"],
    [{ cacheWeights: 'no' }, "option 'cacheWeights' of openDarkroom is 'no', not true or false"],
  ])('with a value of the wrong kind are refused: %j', (options, message) => {
    expect(() => checkDarkroomOptions(options as never)).toThrow(message);
  });

  it.each([
    [{ set: 'seed' }, "option 'set' of run is 'seed', not an object"],
    [{ targets: '9' }, "option 'targets' of run is '9', not a list of texts"],
    [{ files: { 'a.png': 'bytes' } }, "option 'files' of run is a value of type object, not an"],
    [{ signal: {} }, "option 'signal' of run is a value of type object, not an AbortSignal"],
    [{ dynamicSeed: 0.5 }, "option 'dynamicSeed' of run is 0.5, not a whole number"],
  ])('of a run with a value of the wrong kind are refused: %j', (options, message) => {
    expect(() => checkRunOptions(options as never)).toThrow(message);
  });

  it('may be undefined, and have every value that they can have', () => {
    checkDarkroomOptions({ device: undefined, models: ['a', 'b'], threads: 8, output: 'o' });
    checkRunOptions({ set: {}, targets: [], dynamicSeed: 2n ** 63n, previews: false });
    checkCheckOptions({ set: { seed: 1 }, strict: true });
  });
});
