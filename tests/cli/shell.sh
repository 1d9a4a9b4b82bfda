#!/bin/sh
# What tools say of themselves: help below 80 columns, man pages that groff takes without a warning,
# completions that bash and zsh take and that find commands, flags, files and words.
#   shell.sh SOURCE-DIR BUILD-DIR
. "$(dirname "$0")/lib.sh"

# described NAME COMMAND...: its help and its man page.
described() {
    name=$1
    shift
    "$@" --help > help || complain "$name --help: expected status 0"
    grep -v '^  [a-z]' help | awk 'length > 79 { exit 1 }' || complain "$name --help: expected lines below 80 columns"
    grep -q "^usage: " help && grep -q "^exit status: " help || complain "$name --help: expected usage and exit status"
    "$@" --helpman > page.1 || complain "$name --helpman: expected status 0"
    groff -man -Tutf8 -ww -z page.1 2> warnings
    [ -s warnings ] && complain "$name --helpman: $(head -n 3 warnings)"
    grep -q "^.SH SYNOPSIS" page.1 || complain "$name --helpman: expected a synopsis"
}

described lungo "$lungo"
for command in $(commands); do
    described "lungo $command" "$lungo" "$command"
    "$lungo" help "$command" | cmp -s - help || complain "lungo help $command: expected the same as --help"
done
for tool in $(companions); do
    described "$tool" "$bin/$tool"
    "$bin/$tool" --completion=bash | bash -n || complain "$tool: bash does not take its completions"
    "$bin/$tool" --completion=zsh | zsh -n || complain "$tool: zsh does not take its completions"
done

"$lungo" --completion=bash > lungo.bash
"$lungo" --completion=zsh > _lungo
zsh -n _lungo || complain "zsh does not take lungo's completions"
touch solver.prototxt
mkdir folder

# completes EXPECTED WORD...: in bash; what it proposes for the last word holds EXPECTED.
completes() {
    expected=$1
    shift
    # shellcheck disable=SC2016
    bash -c 'compopt() { :; }; . ./lungo.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _lungo; printf "%s\n" "${COMPREPLY[@]}"' \
        bash "$@" > proposed
    grep -qxF -e "$expected" proposed || complain "completing '$*': expected $expected, got $(tr '\n' ' ' < proposed)"
}
completes train lungo tr
completes --solver= lungo train --so
completes solver.prototxt lungo train --solver = so
completes solver.prototxt lungo train --solver so
completes onednn lungo train --engine = ""
completes stop lungo train --sigint_effect = st
completes folder lungo data --root_folder = fo
completes solver.prototxt lungo data so
completes bash lungo --completion = b
completes zsh lungo --completion zs
completes --weights= lungo train --
grep -qx -e "--iterations=" proposed && complain "train does not take --iterations"

refused "unknown command 'trian'; did you mean 'train'?" -- "$lungo" trian
refused "unknown command line flag 'iteration'; did you mean 'iterations'?" -- "$lungo" time --iteration=3
refused "expected bash or zsh, got 'fish'" -- "$lungo" --completion=fish

finish "help, man pages and completions are whole"
