export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** Each asks `conductor __complete <words>`: lines of candidates, a description after a tab, and :4 or :0 (with files) at the end. */
const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `# bash completion for conductor: source <(conductor completion bash)
_conductor() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" out directive line
  # bash breaks words at = and :, and an argument may hold both.
  local words=("\${COMP_LINE:0:COMP_POINT}")
  read -r -a words <<< "\${words[0]}"
  [[ "\${COMP_LINE:0:COMP_POINT}" == *[[:space:]] ]] && words+=("")
  out="$("\${words[0]}" __complete "\${words[@]:1}" 2>/dev/null)" || return
  directive="\${out##*:}"
  out="\${out%:*}"
  COMPREPLY=()
  local last="\${words[\${#words[@]}-1]}"
  local cut="\${last%"$cur"}"
  while IFS= read -r line; do
    [[ -n "$line" ]] && COMPREPLY+=("\${line%%$'\\t'*}")
  done <<< "$out"
  # What readline has split off already is not written again.
  COMPREPLY=("\${COMPREPLY[@]#"$cut"}")
  if [[ "$directive" == 0 ]]; then
    compopt -o default 2>/dev/null
    COMPREPLY=()
  fi
}
complete -F _conductor conductor
`,
  zsh: `#compdef conductor
# zsh completion for conductor: source <(conductor completion zsh)
_conductor() {
  local out directive line
  local -a candidates
  out="$("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)" || return
  directive="\${out##*:}"
  out="\${out%:*}"
  if [[ "$directive" == 0 ]]; then
    _files
    return
  fi
  for line in "\${(@f)out}"; do
    [[ -n "$line" ]] || continue
    if [[ "$line" == *$'\\t'* ]]; then
      candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    else
      candidates+=("\${line//:/\\\\:}")
    fi
  done
  _describe -t values conductor candidates
}
compdef _conductor conductor
`,
  fish: `# fish completion for conductor: conductor completion fish | source
function __conductor_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l out ($words[1] __complete $words[2..-1] 2>/dev/null)
    or return
    set -l directive $out[-1]
    if test "$directive" = :0
        __fish_complete_path (commandline -ct)
        return
    end
    for line in $out[1..-2]
        echo $line
    end
end
complete -c conductor -f -a '(__conductor_complete)'
`,
};

export function scriptFor(shell: Shell): string {
  return SCRIPTS[shell];
}
