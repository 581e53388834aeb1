/** `completion`: a script for bash, zsh or fish that completes verbs, options and values, made from the verbs' own tables. */
import { reservationTypeNames } from "../src/index.ts";
import { families } from "./arguments.ts";
import { didYouMean } from "./nearest.ts";
import { allOptions, commonOptions, type Option } from "./options.ts";
import { shown, UsageError } from "./values.ts";
import type { Verb } from "./verb.ts";

const shells = ["bash", "zsh", "fish"] as const;
type Shell = (typeof shells)[number];

const optionsOf = (verb: Verb): readonly Option[] =>
  verb.ownOptions?.map((name) => ({ name, help: name })) ?? [
    ...verb.options.map((name) => allOptions[name]),
    ...Object.values<Option>(commonOptions),
  ];

const plainly = (text: string): string => text.replaceAll(/['"`$\\:[\]]/g, "");
const takesUrl = ({ takes, ownOptions }: Verb): boolean =>
  takes === "unit" || takes === "units" || takes === "portal" || ownOptions !== undefined;

/** First words: of the verbs whose names have two, the one that they share. */
const firstWords = (verbs: readonly Verb[]): string[] => [
  ...new Set(verbs.map(({ name }) => name.split(" ")[0] as string)),
];
/** The second words of a family's verbs. */
const secondWords = (verbs: readonly Verb[], family: string): string[] =>
  verbs.flatMap(({ name }) => (name.startsWith(`${family} `) ? [name.slice(family.length + 1)] : []));
const familyNames = Object.keys(families);
/** A name as a pattern of a shell's `case`. */
const pattern = (name: string): string => (name.includes(" ") ? `'${name}'` : name);

/** What may follow an option with a value. */
const valuesOf = ({ name }: Option): readonly string[] => (name === "type" ? reservationTypeNames : []);

function bash(verbs: readonly Verb[]): string {
  const cases = verbs.map((verb) => {
    const names = optionsOf(verb).map((option) => `--${option.name}`);
    return `    ${pattern(verb.name)}) words='${names.join(" ")}' ;;`;
  });
  const urls = verbs.filter(takesUrl).map(({ name }) => pattern(name));
  return `# scsi-persist's words for bash. In ~/.bashrc: eval "$(scsi-persist completion bash)"
_scsi_persist() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} verb=\${COMP_WORDS[1]} words=
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${[...firstWords(verbs), "help"].join(" ")}' -- "$current"))
    return
  fi
  local family=
  case $verb in
${familyNames.map((family) => `    ${family}) family='${secondWords(verbs, family).join(" ")}' ;;`).join("\n")}
  esac
  if [ -n "$family" ]; then
    if [ "$COMP_CWORD" -eq 2 ]; then
      COMPREPLY=($(compgen -W "$family" -- "$current"))
      return
    fi
    verb="$verb \${COMP_WORDS[2]}"
  fi
  case $before in
    --type) COMPREPLY=($(compgen -W '${reservationTypeNames.join(" ")}' -- "$current")); return ;;
    --file|--aptpl-file) COMPREPLY=($(compgen -f -- "$current")); return ;;
    help) COMPREPLY=($(compgen -W '${firstWords(verbs).join(" ")}' -- "$current")); return ;;
  esac
  case $verb in
${cases.join("\n")}
  esac
  case $current in
    -*) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
    *) case $verb in
         ${urls.join("|")}) COMPREPLY=($(compgen -W "$(compgen -G '/dev/s[dgtr][a-z0-9]'; compgen -G '/dev/mapper/*') iscsi:// sim:" -- "$current")) ;;
       esac ;;
  esac
}
complete -o default -o nosort -F _scsi_persist scsi-persist
`;
}

function zsh(verbs: readonly Verb[]): string {
  const cases = verbs.map((verb) => {
    const specs = optionsOf(verb).map((option) => {
      const values = valuesOf(option);
      const action = values.length === 0 ? "" : `(${values.join(" ")})`;
      const value = option.value === undefined ? "" : `:${option.value}:${action}`;
      return `        '--${option.name}[${plainly(option.help)}]${value}'`;
    });
    const files = takesUrl(verb) ? [`        '*:URL or device:_files -W /dev -P /dev/ -g "s[dgtr]*"'`] : [];
    return `    ${pattern(verb.name)})\n      _arguments \\\n${[...specs, ...files].join(" \\\n")} ;;`;
  });
  return `#compdef scsi-persist
# scsi-persist's words for zsh. In ~/.zshrc, after compinit: eval "$(scsi-persist completion zsh)"
_scsi_persist() {
  local -a verbs family
  verbs=(
${verbs
  .filter(({ name }) => !name.includes(" "))
  .map(({ name, summary }) => `    '${name}:${plainly(summary)}'`)
  .join("\n")}
${familyNames.map((family) => `    '${family}:${families[family]}'`).join("\n")}
    'help:show the help'
  )
  if (( CURRENT == 2 )); then
    _describe verb verbs
    return
  fi
  local verb=$words[2]
  case $verb in
${familyNames.map((family) => `    ${family}) family=(${secondWords(verbs, family).join(" ")}) ;;`).join("\n")}
  esac
  if (( $#family )); then
    if (( CURRENT == 3 )); then
      _describe verb family
      return
    fi
    verb="$verb $words[3]"
    words=("$words[1]" "\${(@)words[3,-1]}")
    (( CURRENT-- ))
  fi
  words=("$words[1]" "\${(@)words[3,-1]}")
  (( CURRENT-- ))
  case $verb in
    help) _describe verb verbs ;;
${cases.join("\n")}
  esac
}
(( $+functions[compdef] )) && compdef _scsi_persist scsi-persist
`;
}

function fish(verbs: readonly Verb[]): string {
  const first = `not __fish_seen_subcommand_from ${[...firstWords(verbs), "help"].join(" ")}`;
  const seen = `__fish_seen_subcommand_from ${familyNames.join(" ")}`;
  const familyOf = ({ name }: Verb): string | undefined => (name.includes(" ") ? name.split(" ")[0] : undefined);
  const after = (verb: Verb): string => {
    const family = familyOf(verb);
    return family === undefined
      ? `__fish_seen_subcommand_from ${verb.name}; and not ${seen}`
      : `__fish_seen_subcommand_from ${family}; and __fish_seen_subcommand_from ${verb.name.slice(family.length + 1)}`;
  };
  const offering = (verb: Verb): string => {
    const family = familyOf(verb);
    if (family === undefined) return first;
    const others = secondWords(verbs, family).join(" ");
    return `__fish_seen_subcommand_from ${family}; and not __fish_seen_subcommand_from ${others}`;
  };
  const lines = verbs.flatMap((verb) => [
    `complete -c scsi-persist -n '${offering(verb)}' -a ${verb.name.split(" ").at(-1)} -d '${plainly(verb.summary)}'`,
    ...optionsOf(verb).map((option) => {
      const short = option.short === undefined ? "" : ` -s ${option.short}`;
      const values = valuesOf(option);
      const value = option.value === undefined ? "" : values.length === 0 ? " -x" : ` -x -a '${values.join(" ")}'`;
      return `complete -c scsi-persist -n '${after(verb)}' -l ${option.name}${short}${value} -d '${plainly(option.help)}'`;
    }),
    ...(takesUrl(verb)
      ? [`complete -c scsi-persist -n '${after(verb)}' -a '(string match -r "^/dev/s[dgtr].*" /dev/s*)'`]
      : []),
  ]);
  return `# scsi-persist's words for fish: scsi-persist completion fish > ~/.config/fish/completions/scsi-persist.fish
complete -c scsi-persist -f
complete -c scsi-persist -n '${first}' -a help -d 'show the help'
${familyNames.map((family) => `complete -c scsi-persist -n '${first}' -a ${family} -d '${families[family]}'`).join("\n")}
${lines.join("\n")}
`;
}

const makers: Readonly<Record<Shell, (verbs: readonly Verb[]) => string>> = { bash, zsh, fish };

/** The verb, which needs to know the others. */
export function completionOf(others: () => readonly Verb[]): Verb {
  return {
    name: "completion",
    summary: "print what a shell needs to complete words",
    about: [
      'For bash: put eval "$(scsi-persist completion bash)" into ~/.bashrc. For zsh the same in ~/.zshrc, with zsh in the place of bash. For fish: scsi-persist completion fish > ~/.config/fish/completions/scsi-persist.fish',
    ],
    examples: [["completion bash", "the script for bash"]],
    takes: "shell",
    options: [],
    required: [],
    plan: () => ({ commands: [], effect: "It would print a script. Nothing is sent." }),
    async run({ url }) {
      const make = Object.hasOwn(makers, url) ? makers[url as Shell] : undefined;
      if (make === undefined) {
        throw new UsageError(
          `No such shell: ${shown(url)}.${didYouMean(url, shells)} Shells are ${shells.join(", ")}`,
          "completion",
        );
      }
      const script = make(others());
      return { result: { shell: url, script }, lines: script.trimEnd().split("\n") };
    },
  };
}
