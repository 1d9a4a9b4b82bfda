#!/bin/sh
# Tidiness as a test: what the design promises about the tree is checked over its text.
#   tests/tidy.sh [ROOT]     exits 1 after printing every line that breaks a rule
set -u
root=$(cd "${1:-$(dirname "$0")/..}" && pwd) || exit 2
cd "$root" || exit 2
complaints=$(mktemp) || exit 2
trap 'rm -f "$complaints"' EXIT

# complain MESSAGE  < lines: notes each line behind the message.
complain() {
    sed "s|^|$1: |" >> "$complaints"
}

# Includes go only to folders above in the list of docs/design.md, section 3.
folders="base proto store math kernels blob filler data layer layers net plan weights snapshot parallel solver check"
seen=""
for folder in $folders; do
    seen="$seen $folder"
    [ -d "src/$folder" ] || continue
    allowed=$(printf '%s' "$seen" | sed 's/^ //; s/ /|/g')
    grep -rnE '^#include "[a-z0-9_]+/' "src/$folder" --include='*.[ch]' |
        grep -vE "#include \"($allowed|lungo)/" | complain "includes only downwards"
done
for folder in src/*/; do
    name=$(basename "$folder")
    case " $folders " in *" $name "*) ;; *) echo "src/$name" | complain "folder not in the design's list" ;; esac
done

# The library neither prints nor ends the process; tools and only tools do. (A child process that it
# has made to read a file has to end.)
grep -rnE '(^|[^a-z_0-9])(printf|puts|putchar|perror|abort|exit|_exit|fprintf|assert) *\(' src --include='*.[ch]' |
    grep -vE '_Static_assert|static_assert|^[^:]*:[0-9]*: *(/?\*|//)|^src/store/hdf5_child.c:.*_exit' | complain "no printing or exiting in the library"

# Tools use the public headers and their own support alone.
grep -rnE '^#include "' tools --include='*.[ch]' |
    grep -vE '#include "(lungo/[a-z_]+\.h|(support/)?[a-z_]+\.h)"' |
    complain "tools include only public headers"

# Layers never know the net.
grep -rnE '#include "(net|plan|solver)/' src/layers src/layer 2>/dev/null | complain "layers never include net"

# Only plan/onednn knows oneDNN.
grep -rlE 'dnnl[_.]' src --include='*.[ch]' | grep -vE '^src/plan/onednn/' | complain "oneDNN only in its place"

# Functions of at most 60 lines (from the line that opens the body to the one that closes it).
find src tools tests include \( -name '*.c' -o -name '*.h' \) ! -path '*/golden/*' | sort | while read -r file; do
    awk -v file="$file" '
        /^[a-zA-Z_].*\{$/ && !/^(typedef|struct|enum|union|static const|const|extern)/ && !/= \{$/ { start = FNR; name = $0 }
        /^\}/ && start { if (FNR - start > 60) print file ":" start ": " FNR - start " lines: " name; start = 0 }
    ' "$file"
done | complain "function longer than 60 lines"

# Files of at most 600 lines.
find src tools tests include \( -name '*.c' -o -name '*.h' \) ! -name '*tables.h' | sort | while read -r file; do
    lines=$(wc -l < "$file")
    [ "$lines" -le 600 ] || echo "$file: $lines lines"
done | complain "file longer than 600 lines"

# Lines of at most 100 columns in code, no tabs, no trailing blanks.
find src tools tests include \( -name '*.c' -o -name '*.h' -o -name '*.def' \) ! -name '*tables.h' -print0 |
    xargs -0 grep -nE "^.{101,}$|	| +$" | complain "line over 100 columns, a tab or trailing blank"

# Unfinished work has an owner elsewhere.
grep -rnE '(TODO|FIXME)' src tools include tests --include='*.[ch]' | complain "unfinished work in the tree"

# Every layer type is listed, tested by golden cases or a test of its own, and heads its file with what it is.
for file in src/layers/*/*.c; do
    [ -e "$file" ] || continue
    name=$(basename "$file" .c)
    grep -q "LAYER(lungo_layer_$name)" src/layer/layers.def || grep -q "lungo_layer_type lungo_layer_" "$file" || continue
    head -c 3 "$file" | grep -q '^/\* ' || echo "$file" | complain "layer file without a head comment"
done

cat "$complaints"
[ ! -s "$complaints" ] && echo "tidy"
