#!/bin/sh
# docs/tools.md names every command and tool, and every flag of theirs; each of them has --help.
#   tests/cli/tools_page.sh SOURCE BUILD
set -eu
source=$1
bin=$2/bin
page=$source/docs/tools.md
status=0

# expect WORD WHERE: the page has it.
expect() {
    grep -qF -- "$1" "$page" || { echo "docs/tools.md lacks $1 of $2"; status=1; }
}

for file in "$source"/tools/*.c; do
    tool=$(basename "$file" .c)
    "$bin/$tool" --help > /dev/null || { echo "$tool --help failed"; status=1; }
    expect "$tool" tools/
    for flag in $(sed -n 's/^    {"\([a-z_-]*\)", FLAG_.*/\1/p' "$file"); do
        expect "\`-$flag\`" "$tool"
    done
done
for command in $("$bin/lungo" --help | sed -n '/^commands:/,/^$/s/^  \([a-z_]*\) .*/\1/p'); do
    expect "lungo $command" "lungo --help"
done
[ $status -eq 0 ] && echo "docs/tools.md has every tool"
exit $status
