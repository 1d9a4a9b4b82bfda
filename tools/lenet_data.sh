# Sourced, from the project's folder, by tools/quickstart and models/decay/run: the build and the data
# that models/lenet trains on.
# shellcheck shell=sh

# settle_idx_folder [FOLDER]: sets idx_folder to FOLDER, or to that of Debian's Fashion-MNIST.
settle_idx_folder() {
    idx_folder=/usr/share/datasets/fashion-mnist
    [ -n "${1:-}" ] || return 0
    if [ ! -d "$1" ]; then
        echo "$(basename "$0"): expected a folder with the four IDX files, got '$1'" >&2
        return 1
    fi
    idx_folder=$(cd "$1" && pwd)
}

# build_lungo: installs what the build needs, and builds into build/.
build_lungo() {
    # shellcheck disable=SC2086,SC2154
    install_packages $lungo_build_packages
    [ "$idx_folder" != /usr/share/datasets/fashion-mnist ] || install_packages dataset-fashion-mnist
    echo "Building ..."
    cmake -S . -B build -G Ninja -DLUNGO_TESTS=OFF >/dev/null
    if ! cmake --build build >build/build.log 2>&1; then
        tail -n 30 build/build.log
        return 1
    fi
}

# idx_file NAME: the file in the folder, plain or .gz.
idx_file() {
    for file in "$idx_folder/$1" "$idx_folder/$1.gz"; do
        if [ -f "$file" ]; then
            echo "$file"
            return 0
        fi
    done
    echo "$(basename "$0"): expected $1 or $1.gz in $idx_folder" >&2
    return 1
}

# make_lmdb NAME PREFIX: made anew each time, so that another folder given never meets old data.
make_lmdb() {
    images=$(idx_file "$2-images-idx3-ubyte")
    labels=$(idx_file "$2-labels-idx1-ubyte")
    rm -rf "build/data/${1:?}"
    build/bin/convert_mnist_data --backend=lmdb "$images" "$labels" "build/data/$1"
}

# make_lenet_data: build/data/lenet_train_lmdb and lenet_test_lmdb.
make_lenet_data() {
    mkdir -p build/data
    make_lmdb lenet_train_lmdb train
    make_lmdb lenet_test_lmdb t10k
}
