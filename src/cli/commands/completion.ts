// darkroom completion bash|zsh|fish: prints a script for the shell, made from the tables of
// commands and options.
import { didYouMean } from '../../near-matches.ts';
import { ownValue } from '../../own-value.ts';
import { badUsage } from '../bad-usage.ts';
import type { Command, Invocation } from '../command.ts';
import { COMMON_OPTIONS } from '../option-table.ts';
import { type NamedOption, shownOptions } from '../options.ts';
import { SHELLS } from '../shells.ts';

/** Runs the command; returns the exit code. */
export async function completionCommand(
  { positionals, terminal }: Invocation,
  commands: readonly Command[],
): Promise<number> {
  const [shell] = positionals;
  const script = positionals.length === 1 ? ownValue(SCRIPTS, shell) : undefined;
  if (!script)
    throw badUsage(
      shell === undefined ? 'completion needs a shell' : `unknown shell '${positionals.join(' ')}'`,
      didYouMean(shell ?? '', SHELLS) || 'For example: darkroom completion bash',
    );
  terminal.out(script(commands).trimEnd());
  return 0;
}

const optionsOf = ({ options }: Command): readonly NamedOption[] =>
  shownOptions([...options, ...COMMON_OPTIONS]);

const flagsOf = ([name, { short }]: NamedOption): string[] =>
  short ? [`--${name}`, `-${short}`] : [`--${name}`];

/** Words that are commands besides those of the table. */
const OTHER_COMMANDS = { help: 'show help', version: 'show the version' };

const SCRIPTS: Readonly<Record<string, (commands: readonly Command[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

function bashScript(commands: readonly Command[]): string {
  const names = [...commands.map(({ name }) => name), ...Object.keys(OTHER_COMMANDS)];
  const all = new Map(commands.flatMap(optionsOf));
  const withValue = [...all].filter(([, { type }]) => type === 'string');
  const cases = withValue.map((option) => {
    const [, { choices, isPath }] = option;
    const action = choices
      ? `_darkroom_words "${choices.join(' ')}"; return`
      : isPath
        ? 'return'
        : 'compopt +o default 2>/dev/null; return';
    return `    ${flagsOf(option).join('|')}) ${action} ;;`;
  });
  const byCommand = commands.map((command) => {
    const flags = optionsOf(command).flatMap(flagsOf).join(' ');
    return `    ${command.name}) options="${flags}"; actions="${command.actions?.join(' ') ?? ''}" ;;`;
  });
  return `# bash completion of darkroom; made by: darkroom completion bash
_darkroom_words() {
  local IFS=$' \\t\\n'
  COMPREPLY=($(compgen -W "$1" -- "$cur"))
}
_darkroom() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} options='' actions=''
  COMPREPLY=()
  case $prev in
${cases.join('\n')}
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then
    _darkroom_words "${names.join(' ')} --help --version"
    return
  fi
  case \${COMP_WORDS[1]} in
${byCommand.join('\n')}
    help) [ "$COMP_CWORD" -eq 2 ] && _darkroom_words "${names.join(' ')}"; return ;;
  esac
  case $cur in
    -*) _darkroom_words "$options" ;;
    *) [ "$COMP_CWORD" -eq 2 ] && [ -n "$actions" ] && _darkroom_words "$actions" ;;
  esac
}
complete -o default -F _darkroom darkroom
`;
}

function zshScript(commands: readonly Command[]): string {
  const described = [
    ...commands.map(({ name, help }) => [name, help]),
    ...Object.entries(OTHER_COMMANDS),
  ].map(([name, help]) => `    ${zshQuoted(`${name}:${help}`)}`);
  const cases = commands.map((command) => {
    const options = optionsOf(command).flatMap(zshOption);
    const first = command.actions ? [zshQuoted(`1:action:(${command.actions.join(' ')})`)] : [];
    const lines = [...options, ...first, zshQuoted('*:file:_files')];
    return `    ${command.name})\n      _arguments \\\n        ${lines.join(' \\\n        ')}\n      ;;`;
  });
  return `#compdef darkroom
# zsh completion of darkroom; made by: darkroom completion zsh
_darkroom() {
  local -a commands
  commands=(
${described.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('\n')}
    help) _describe command commands ;;
  esac
}
if [ "$funcstack[1]" = "_darkroom" ]; then
  _darkroom "$@"
else
  compdef _darkroom darkroom
fi
`;
}

function zshOption([name, option]: NamedOption): string[] {
  const { type, multiple, value = '', help, choices, isPath } = option;
  const text = help.replaceAll(/[[\]\\:]/g, '\\$&');
  const values = choices ? `(${choices.join(' ')})` : isPath ? '_files' : '';
  const argument = type === 'string' ? `:${value.replaceAll(':', '\\:')}:${values}` : '';
  return flagsOf([name, option]).map((flag) =>
    zshQuoted(`${multiple ? '*' : ''}${flag}[${text}]${argument}`),
  );
}

const zshQuoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function fishScript(commands: readonly Command[]): string {
  const names = [
    ...commands.map(({ name, help }) => [name, help]),
    ...Object.entries(OTHER_COMMANDS),
  ];
  const lines = names.map(
    ([name, help]) =>
      `complete -c darkroom -n __fish_use_subcommand -f -a ${name} -d ${fishQuoted(help)}`,
  );
  for (const command of commands) {
    const seen = `complete -c darkroom -n '__fish_seen_subcommand_from ${command.name}'`;
    const { actions } = command;
    if (actions)
      lines.push(
        `complete -c darkroom -n '__fish_seen_subcommand_from ${command.name}; and not ` +
          `__fish_seen_subcommand_from ${actions.join(' ')}' -f -a '${actions.join(' ')}'`,
      );
    for (const [name, { short, type, help, choices, isPath }] of optionsOf(command)) {
      const flags = `-l ${name}${short ? ` -s ${short}` : ''}`;
      const values = choices ? ` -x -a '${choices.join(' ')}'` : isPath ? ' -r' : ' -x';
      lines.push(`${seen} ${flags}${type === 'string' ? values : ''} -d ${fishQuoted(help)}`);
    }
  }
  return `# fish completion of darkroom; made by: darkroom completion fish\n${lines.join('\n')}\n`;
}

const fishQuoted = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
