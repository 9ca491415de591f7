// Inputs that are several inputs in a prompt: `images.image0`, `format.bit_depth`. A declaration
// with such inputs is made flat for the values at hand; its functions receive nested values.
// After ComfyUI's comfy_api/latest/_io.py (get_finalized_class_inputs, build_nested_inputs).
import type { NodeDeclaration } from './declare.ts';
import type {
  AutogrowInput,
  DynamicComboInput,
  Input,
  Inputs,
  InputValues,
} from './input-types.ts';

type Values = Readonly<Record<string, unknown>>;

/** Whether an input is several inputs in a prompt. */
export const isNested = (input: Input): boolean =>
  input.kind === 'COMFY_AUTOGROW_V3' || input.kind === 'COMFY_DYNAMICCOMBO_V3';

/** Whether inputs are the same in every prompt. */
const isFlat = (inputs: Inputs): boolean => !Object.values(inputs).some(isNested);

/** The flat declarations of a declaration, by its choices. */
const flatDeclarations = new WeakMap<NodeDeclaration, Map<string, NodeDeclaration>>();

/**
 * The declaration that a node with these inputs has: one input for each name in a prompt. The same
 * declaration where its inputs are flat.
 */
export function flatDeclaration(declaration: NodeDeclaration, given: Values): NodeDeclaration {
  const { inputs } = declaration;
  if (isFlat(inputs)) return declaration;
  const choices = choicesIn(inputs, '', given);
  const key = JSON.stringify(choices);
  const cached = flatDeclarations.get(declaration) ?? new Map<string, NodeDeclaration>();
  flatDeclarations.set(declaration, cached);
  const found =
    cached.get(key) ?? withFlatInputs(declaration, flatInputs(inputs, '', new Map(choices)));
  cached.set(key, found);
  return found;
}

/** The choices of the combos that have one, by their names in a prompt. */
const choicesIn = (inputs: Inputs, prefix: string, given: Values): [string, string][] =>
  Object.entries(inputs).flatMap(([own, input]): [string, string][] => {
    if (input.kind !== 'COMFY_DYNAMICCOMBO_V3') return [];
    const name = prefix + own;
    const choice = Object.hasOwn(given, name) ? chosenOption(input, given[name]) : undefined;
    if (choice === undefined) return [];
    return [[name, choice], ...choicesIn(input.choices[choice], `${name}.`, given)];
  });

/** Names in a prompt that a growing input would have if it could grow further, and that input. */
export const namesBeyondGrowth = (inputs: Inputs, given: Values): [string, AutogrowInput][] =>
  growingInputs(inputs, '', given).flatMap(([path, input]) =>
    Object.keys(given)
      .filter((name) => name.startsWith(`${path}.`))
      .filter((name) => !input.names.includes(name.slice(path.length + 1)))
      .map((name): [string, AutogrowInput] => [name, input]),
  );

const growingInputs = (inputs: Inputs, prefix: string, given: Values): [string, AutogrowInput][] =>
  Object.entries(inputs).flatMap(([own, input]): [string, AutogrowInput][] => {
    const name = prefix + own;
    if (input.kind === 'COMFY_AUTOGROW_V3') return [[name, input]];
    if (input.kind !== 'COMFY_DYNAMICCOMBO_V3') return [];
    const choice = chosenOption(input, given[name]);
    return choice === undefined ? [] : growingInputs(input.choices[choice], `${name}.`, given);
  });

/**
 * The inputs by their names in a prompt. The inputs of a choice come right after its combo, the
 * required ones first.
 */
const flatInputs = (inputs: Inputs, prefix: string, choices: ReadonlyMap<string, string>): Inputs =>
  Object.fromEntries(
    Object.entries(inputs).flatMap(([own, input]): [string, Input][] => {
      const name = prefix + own;
      if (input.kind === 'COMFY_AUTOGROW_V3') return grownInputs(name, input);
      if (input.kind !== 'COMFY_DYNAMICCOMBO_V3') return [[name, input]];
      const further = Object.entries(input.choices[choices.get(name) ?? ''] ?? {});
      const ordered = [
        ...further.filter(([, one]) => !one.optional),
        ...further.filter(([, one]) => one.optional),
      ];
      const flat = flatInputs(Object.fromEntries(ordered), `${name}.`, choices);
      return [[name, input], ...Object.entries(flat)];
    }),
  );

/** All inputs that a growing one may become. Those with widgets are sockets only. */
function grownInputs(
  name: string,
  { template, names, required }: AutogrowInput,
): [string, Input][] {
  const { input } = template;
  const socket = input.kind === 'SOCKET' ? input : { ...input, forceInput: true };
  return names.map((own, i) => [
    `${name}.${own}`,
    i < required ? socket : { ...socket, optional: true },
  ]);
}

/** A declaration with flat inputs, whose functions call the original's with nested values. */
function withFlatInputs(declaration: NodeDeclaration, inputs: Inputs): NodeDeclaration {
  const { needs, fingerprint, validate } = declaration;
  const nested = (values: Values) =>
    nestedValues(declaration.inputs, values) as InputValues<Inputs>;
  return {
    ...declaration,
    inputs,
    run: (values, context) => declaration.run(nested(values), context),
    needs: needs && ((values, context) => needs(nested(values), context)),
    fingerprint: fingerprint && ((values, context) => fingerprint(nested(values), context)),
    validate: validate && {
      ...validate,
      check: (values, ...more) => validate.check(nested(values), ...more),
    },
  };
}

/** The values of flat inputs as run() receives them. Values of other inputs are unchanged. */
export function nestedValues(inputs: Inputs, values: Values): Values {
  const used = new Set<string>();
  const take = (name: string): unknown => {
    used.add(name);
    return values[name];
  };
  const nest = (declared: Inputs, prefix: string): Values =>
    Object.fromEntries(
      Object.entries(declared).flatMap(([own, input]): [string, unknown][] => {
        const name = prefix + own;
        if (input.kind === 'COMFY_AUTOGROW_V3') {
          const grown = input.names.filter((one) => Object.hasOwn(values, `${name}.${one}`));
          return [[own, Object.fromEntries(grown.map((one) => [one, take(`${name}.${one}`)]))]];
        }
        if (!Object.hasOwn(values, name)) return [];
        if (input.kind !== 'COMFY_DYNAMICCOMBO_V3') return [[own, take(name)]];
        const choice = take(name);
        const [first] = [choice].flat();
        const further = input.choices[chosenOption(input, first) ?? ''] ?? {};
        return [[own, { [own]: choice, ...nest(further, `${name}.`) }]];
      }),
    );
  const nested = nest(inputs, '');
  const others = Object.entries(values).filter(([name]) => !used.has(name));
  return { ...Object.fromEntries(others), ...nested };
}

/** The option of a combo that a value is; undefined for other values. */
export const chosenOption = (
  { options }: Pick<DynamicComboInput, 'options'>,
  value: unknown,
): string | undefined => options.find((option) => option === value);
