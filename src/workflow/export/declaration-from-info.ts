// Writes the declaration of a node from its entry in the /object_info of a ComfyUI server: what is
// left to write is run().
import { isJsonObject } from '../../formats/json.ts';
import { isIdentifier, keyOf, quote } from '../builder/names.ts';

type Info = Readonly<Record<string, unknown>>;

/** Options of inputs that the helpers have under the same name. */
const KEPT = [
  'default',
  'min',
  'max',
  'step',
  'round',
  'multiline',
  'dynamicPrompts',
  'label_on',
  'label_off',
  'tooltip',
  'forceInput',
  'lazy',
];

export interface WrittenDeclaration {
  /** `const Name = defineNode({ … });` */
  readonly text: string;
  /** The name of the constant. */
  readonly name: string;
  /** The helpers of `darkroom-engine/pack` that it uses. */
  readonly helpers: readonly string[];
}

/** `type` is the class type, `info` its entry. */
export function declarationFromInfo(type: string, info: Info): WrittenDeclaration {
  const helpers = new Set(['defineNode', 'DarkroomError']);
  const groups = isJsonObject(info['input']) ? (info['input'] as Info) : {};
  const rows = (['required', 'optional'] as const).flatMap((group) =>
    Object.entries((groups[group] ?? {}) as Info).map(
      ([name, spec]) => `    ${keyOf(name)}: ${inputOf(spec, group === 'optional', helpers)},\n`,
    ),
  );
  const types = listOf(info['output']);
  const names = listOf(info['output_name']);
  const isList = listOf(info['output_is_list']);
  const outputs = types.map((output, i) => {
    helpers.add('output');
    const outputType = Array.isArray(output) ? 'COMBO' : String(output);
    const name = names[i] === undefined ? outputType : String(names[i]);
    const rest =
      isList[i] === true ? `, ${quote(name)}, true` : name === outputType ? '' : `, ${quote(name)}`;
    return `    output(${socketText(outputType)}${rest}),\n`;
  });
  const name = isIdentifier(type) ? type : `Node${type.replace(/\W+/g, '_')}`;
  const text = (key: string): string =>
    typeof info[key] === 'string' ? (info[key] as string) : '';
  return {
    name,
    helpers: [...helpers].sort(),
    text: [
      `const ${name} = defineNode({\n`,
      `  type: ${quote(type)},\n`,
      `  display: ${quote(text('display_name') || type)},\n`,
      `  category: ${quote(text('category'))},\n`,
      text('description') && `  description: ${quote(text('description'))},\n`,
      info['output_node'] === true && '  outputNode: true,\n',
      `  inputs: {\n${rows.join('')}  },\n`,
      `  outputs: [\n${outputs.join('')}  ],\n`,
      '  run: () => {\n',
      "    throw new DarkroomError('DR_NODE_FAILED', { message: 'run() is still to be written' });\n",
      '  },\n});\n',
    ]
      .filter((part) => typeof part === 'string')
      .join(''),
  };
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The helper of a type with a widget. */
const WIDGETS: Readonly<Record<string, string>> = {
  INT: 'int',
  FLOAT: 'float',
  STRING: 'string',
  BOOLEAN: 'boolean',
};

/** The call of a helper for an entry `[type, options]`. */
function inputOf(spec: unknown, optional: boolean, helpers: Set<string>): string {
  const [type, given = {}] = listOf(spec) as [unknown, Info?];
  const isSeed = type === 'INT' && given['control_after_generate'] === true;
  // the range of a seed is that of its helper
  const options = optionsText(given, optional, isSeed ? ['tooltip'] : KEPT);
  const call = (helper: string, first?: string): string => {
    helpers.add(helper);
    return `${helper}(${[first, options].filter(Boolean).join(', ')})`;
  };
  const choices = Array.isArray(type) ? type : listOf(given['options']);
  if (Array.isArray(type) || type === 'COMBO')
    return call('combo', `[${choices.map((choice) => quote(String(choice))).join(', ')}]`);
  if (isSeed) return call('seed');
  const helper = Object.hasOwn(WIDGETS, String(type)) ? WIDGETS[String(type)] : undefined;
  return helper ? call(helper) : call('socket', socketText(String(type)));
}

/** A type as text; one that Darkroom does not know compiles as it is cast. */
const socketText = (type: string): string =>
  KNOWN_SOCKETS.has(type) ? quote(type) : `${quote(type)} as '*'`;

/** The types of sockets that packs can declare by their name alone. */
const KNOWN_SOCKETS: ReadonlySet<string> = new Set(
  (
    'MODEL CLIP VAE UPSCALE_MODEL CONTROL_NET CLIP_VISION CLIP_VISION_OUTPUT STYLE_MODEL GLIGEN ' +
    'CONDITIONING LATENT SAMPLER SIGMAS NOISE GUIDER IMAGE MASK INT FLOAT STRING BOOLEAN COMBO * ' +
    'SEGS'
  ).split(' '),
);

function optionsText(options: Info, optional: boolean, kept: readonly string[]): string {
  const entries = [
    ...(optional ? [['optional', true] as const] : []),
    ...kept.filter((key) => Object.hasOwn(options, key)).map((key) => [key, options[key]] as const),
  ].filter(([, value]) => ['string', 'number', 'boolean', 'bigint'].includes(typeof value));
  if (entries.length === 0) return '';
  const texts = entries.map(([key, value]) => `${keyOf(key)}: ${literal(value)}`);
  return `{ ${texts.join(', ')} }`;
}

function literal(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  const isLarge = typeof value === 'number' && !Number.isSafeInteger(value) && value % 1 === 0;
  return isLarge ? 'Number.MAX_SAFE_INTEGER' : String(value);
}
