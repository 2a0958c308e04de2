/** The shells that completion can be written for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/**
 * What a shell needs to complete `raftctl`: it hands the words to `raftctl __complete`, which asks the command table and
 * the clusters that run, and prints a candidate per line, with what it means behind a tab. None: a file name is meant.
 */
const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `# raftctl completion for bash:  source <(raftctl completion bash)
_raftctl() {
  local IFS=$'\\n' words=() last=-1 joined= word candidate cut= i
  # bash splits words at "="; raftctl does not.
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ $word == "=" && $last -ge 0 ]]; then
      words[last]+="=" joined=1
    elif [[ $joined ]]; then
      words[last]+=$word joined=
    else
      last=$((last + 1))
      words[last]=$word
    fi
  done
  [[ \${words[last]} == *=* ]] && cut=\${words[last]%"\${words[last]##*=}"}
  COMPREPLY=()
  for candidate in $(raftctl __complete -- "\${words[@]}" 2>/dev/null); do
    candidate=\${candidate%%$'\\t'*}
    COMPREPLY+=("\${candidate#"$cut"}")
    [[ $candidate == *= ]] && compopt -o nospace 2>/dev/null
  done
}
complete -o default -F _raftctl raftctl
`,
  zsh: `#compdef raftctl
# raftctl completion for zsh:  source <(raftctl completion zsh)
_raftctl() {
  local -a candidates unfinished
  local line word about
  while IFS= read -r line; do
    word=\${\${line%%$'\\t'*}//:/\\\\:}
    about=\${line#*$'\\t'}
    if [[ $word == *= ]]; then unfinished+=("$word\${about:+:$about}"); else candidates+=("$word\${about:+:$about}"); fi
  done < <(raftctl __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#candidates} + \${#unfinished} )); then
    _describe raftctl candidates -- unfinished -S ''
  else
    _files
  fi
}
if [ "$funcstack[1]" = "_raftctl" ]; then
  _raftctl "$@"
else
  compdef _raftctl raftctl
fi
`,
  fish: `# raftctl completion for fish:  raftctl completion fish | source
function __raftctl_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l candidates (raftctl __complete -- $words[2..-1] 2>/dev/null)
  if test (count $candidates) -gt 0
    printf '%s\\n' $candidates
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c raftctl -f -a '(__raftctl_complete)'
`,
};

export const completionScript = (shell: Shell): string => SCRIPTS[shell];
