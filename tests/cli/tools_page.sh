#!/bin/sh
# docs/tools.md names every command and tool, and every flag of theirs; each of them has --help.
#   tools_page.sh SOURCE-DIR BUILD-DIR
. "$(dirname "$0")/lib.sh"

# named WORD WHERE: the page has it.
named() {
    grep -qF -e "$1" "$source/docs/tools.md" || complain "docs/tools.md lacks $1 of $2"
}

for tool in $(companions); do
    run 0 "$bin/$tool" --help
    named "$tool" tools/
    for flag in $(sed -n 's/^    {"\([a-z_-]*\)", FLAG_.*/\1/p' "$source/tools/$tool.c"); do
        named "\`-$flag\`" "$tool"
    done
done
for command in $(commands); do
    named "lungo $command" "lungo --help"
done
finish "docs/tools.md has every tool"
