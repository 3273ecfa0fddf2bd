// SPDX-License-Identifier: Apache-2.0
// The shells' sides of completion. Each asks `llmforge __complete` for candidates, a line each with
// its doc behind a tab; a last line that begins with `:` says what the shell adds by itself.
#include "cli/completion.h"

namespace lf {

namespace {

// bash hands over the whole line: its own words end at `=` and `:`. What it keeps of the word under
// the cursor is cut off the answers. It needs nothing of the package bash-completion.
constexpr std::string_view kBash =
    R"sh(# llmforge completion for bash: source <(llmforge completion bash)
_llmforge() {
  local line answer kept current directive=
  line=${COMP_LINE:0:COMP_POINT}
  current=${COMP_WORDS[COMP_CWORD]}
  [[ $current == [=:] ]] && current=
  COMPREPLY=()
  while IFS= read -r answer; do
    if [[ $answer == :* ]]; then
      directive=$answer
    else
      COMPREPLY+=("$answer")
    fi
  done < <("${COMP_WORDS[0]}" __complete bash "$line" "$current" 2>/dev/null)
  case $directive in
    *nospace*) compopt -o nospace 2>/dev/null ;;
  esac
  case $directive in
    :files*)
      compopt -o filenames 2>/dev/null
      while IFS= read -r answer; do COMPREPLY+=("$answer"); done < <(compgen -f -- "$current")
      ;;
    :folders*)
      compopt -o filenames 2>/dev/null
      while IFS= read -r answer; do COMPREPLY+=("$answer"); done < <(compgen -d -- "$current")
      ;;
    :specs*)
      compopt -o filenames 2>/dev/null
      while IFS= read -r answer; do
        [[ -d $answer || $answer == *.y?(a)ml ]] && COMPREPLY+=("$answer")
      done < <(compgen -f -- "$current")
      ;;
  esac
  return 0
}
complete -o nosort -F _llmforge llmforge
)sh";

constexpr std::string_view kZsh = R"sh(#compdef llmforge
# llmforge completion for zsh: llmforge completion zsh > a folder of $fpath as _llmforge,
# or in ~/.zshrc behind compinit: source <(llmforge completion zsh)
_llmforge() {
  local answer directive= word doc current=$PREFIX
  local -a values shown options
  # Behind an open quote zsh has taken the quote off already.
  [[ -n $compstate[quote] ]] || current=${(Q)PREFIX}
  local -a before=("${(@Q)words[2,CURRENT-1]}")
  local answers=$("${(Q)words[1]}" __complete zsh "${before[@]}" "$current" 2>/dev/null)
  for answer in "${(@f)answers}"; do
    case $answer in
      :*) directive=$answer ;;
      ?*)
        word=${answer%%$'\t'*}
        doc=${answer#*$'\t'}
        values+=("$word")
        [[ -n $doc && $doc != "$answer" ]] && shown+=("$word  -- $doc") || shown+=("$word")
        ;;
    esac
  done
  [[ $directive == *nospace* ]] && options+=(-S '')
  (( $#values )) && compadd -l "${options[@]}" -d shown -V llmforge -- "${values[@]}"
  case $directive in
    :files*) compset -P '--*='; _files ;;
    :folders*) compset -P '--*='; _files -/ ;;
    :specs*) compset -P '--*='; _files -g '*.y(a|)ml(-.)' ;;
  esac
  (( $#values )) || [[ -n $directive ]]
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _llmforge "$@"
elif (( $+functions[compdef] )); then
  compdef _llmforge llmforge
fi
)sh";

constexpr std::string_view kFish =
    R"sh(# llmforge completion for fish:
#   llmforge completion fish > ~/.config/fish/completions/llmforge.fish
function __llmforge_complete
  set -l words (commandline -opc) (commandline -ct | string unescape)
  set -l program $words[1]
  test (count $words) -ge 2; or set words $words ''
  for answer in ($program __complete fish $words[2..-1] 2>/dev/null)
    switch $answer
      case ':files*' ':specs*' ':folders*'
        set -l token (commandline -ct)
        set -l prefix (string match -r -- '^--[^=]*=' $token; or echo '')
        set -l typed (string replace -r -- '^--[^=]*=' '' $token)
        set -l paths
        if string match -q ':folders*' -- $answer
          set paths (__fish_complete_directories "$typed" '')
        else
          set paths (__fish_complete_path "$typed")
        end
        for path in $paths
          set -l parts (string split -m 1 \t -- $path)
          if string match -q ':specs*' -- $answer
            and not string match -qr '(/|\.ya?ml)$' -- $parts[1]
            continue
          end
          echo "$prefix$parts[1]"
        end
      case ':*'
      case '*'
        echo $answer
    end
  end
end
complete -c llmforge -f -k -a '(__llmforge_complete)'
)sh";

}  // namespace

std::string_view completion_script(std::string_view shell) {
  if (shell == "bash") return kBash;
  if (shell == "zsh") return kZsh;
  if (shell == "fish") return kFish;
  return "";
}

}  // namespace lf
