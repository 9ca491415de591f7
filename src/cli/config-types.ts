// The type of a configuration file: the options of the command line in camelCase, for all commands
// that have them, and again for single commands.
import type { NOT_CONFIGURED, OPTIONS } from './option-table.ts';
import type { OptionName } from './options.ts';

type Camel<S extends string> = S extends `${infer A}-${infer B}`
  ? `${A}${Capitalize<Camel<B>>}`
  : S;

type ConfigValue<O> = O extends { readonly type: 'boolean' }
  ? boolean
  : O extends { readonly multiple: true }
    ? string | readonly string[]
    : string | number;

export type ConfigOptions = {
  readonly [K in Exclude<OptionName, (typeof NOT_CONFIGURED)[number]> as Camel<K>]?: ConfigValue<
    (typeof OPTIONS)[K]
  >;
};

/** Commands that have sections of their own; `models` and `nodes` are options, or such sections. */
type Section = 'run' | 'check' | 'convert' | 'verify' | 'serve' | 'worker';

export type DarkroomConfig = Omit<ConfigOptions, 'models' | 'nodes'> & {
  readonly [S in Section]?: ConfigOptions;
} & {
  readonly models?: ConfigOptions['models'] | ConfigOptions;
  readonly nodes?: ConfigOptions['nodes'] | ConfigOptions;
};

/**
 * Gives a configuration file (`darkroom.config.ts`) its types.
 *
 * @example
 * export default defineConfig({ models: '~/ComfyUI/models', serve: { port: 9000 } });
 */
export const defineConfig = (config: DarkroomConfig): DarkroomConfig => config;
