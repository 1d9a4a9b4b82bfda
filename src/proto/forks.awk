# Writes the tables of docs/forks.md from forks.def: awk -f forks.awk -v kind=LAYER forks.def
# (or FIELD, or VALUE).

function cell(text) {
    gsub(/\|/, "\\|", text)
    return text
}

function code(text) {
    return text == "" ? "" : "`" text "`"
}

# The strings of a row that has been read whole, in parts[1], parts[2], ...
function take_apart(row) {
    gsub(/" +"/, "", row)
    count = 0
    while (match(row, /"[^"]*"/)) {
        parts[++count] = substr(row, RSTART + 1, RLENGTH - 2)
        row = substr(row, RSTART + RLENGTH)
    }
}

function write_row(row) {
    take_apart(row)
    if (kind == "LAYER")
        print "| " code(parts[1]) " | " code(parts[2]) " | " cell(parts[3]) " | " cell(parts[4]) " |"
    else
        print "| `" parts[1] (kind == "FIELD" ? "." : ": ") parts[2] "` | " cell(parts[3]) " | " cell(parts[4]) " |"
}

$0 ~ "^FORK_" kind "\\(" { row = ""; inside = 1 }

inside {
    row = row " " $0
    if ($0 ~ /\)$/) { write_row(row); inside = 0 }
}
