# Sourced by tools/quickstart and tests/run: installs Debian packages that are missing.
# shellcheck shell=sh

lungo_build_packages="build-essential cmake ninja-build pkg-config protobuf-c-compiler \
libprotobuf-c-dev libprotobuf-dev libopenblas-openmp-dev liblmdb-dev libxxhash-dev zlib1g-dev \
libjpeg62-turbo-dev libpng-dev libhdf5-dev libleveldb-dev libdnnl-dev libjansson-dev"
# Without python3-opencv (700 MB with what it needs) one test, cli.opencv, is skipped.
lungo_test_packages="check python3 dataset-fashion-mnist groff-base zsh gnuplot-nox graphviz python3-numpy \
clang-tidy libopenblas0-serial"

# install_packages NAME...: nothing happens when all are there already.
install_packages() {
    missing=""
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "These Debian packages are needed, and this system has no apt-get:$missing" >&2
        return 1
    fi
    as_root=""
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null 2>&1; then
            echo "These Debian packages are missing, and installing them needs root or sudo; as root:" >&2
            echo "    apt-get install$missing" >&2
            return 1
        fi
        as_root="sudo"
    fi
    echo "Installing:$missing"
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086
    $as_root apt-get update -qq && $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
}
