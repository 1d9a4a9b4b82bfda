#!/bin/sh
# What cmake --install puts in place works wherever it stands: programs, pages, and the program of
# docs/embedding.md built by pkg-config and by CMake.
#   install.sh SOURCE-DIR BUILD-DIR EXTRA-FLAGS...
. "$(dirname "$0")/lib.sh"
. "$source/tests/cli/embedded_program.sh"
set -e
shift 2

cmake --install "$build" --prefix "$work/first" > installed.log
mv first moved # nothing may hang on the place
root=$work/moved
libraries=$(dirname "$(find "$root" -name pkgconfig)")

# is_there FILE...
is_there() {
    for file in "$@"; do
        [ -s "$root/$file" ] || give_up "expected $file to be installed"
    done
}
is_there bin/lungo bin/convert_imageset bin/caffe_links include/lungo/lungo.h share/lungo/models/lenet/solver.prototxt \
    share/man/man1/lungo.1 share/man/man1/lungo-train.1 share/man/man1/convert_imageset.1 \
    share/bash-completion/completions/lungo share/zsh/site-functions/_lungo share/doc/lungo/tools.md
for command in $(commands); do
    is_there "share/man/man1/lungo-$command.1"
done
"$root/bin/lungo" time --model="$root/share/lungo/models/lenet/deploy.prototxt" --phase=TEST --iterations=1 2> time.log

# The command `caffe` is an option of builds: it leads to the lungo beside it.
cmake -S "$source" -B with_caffe -DLUNGO_TESTS=OFF -DLUNGO_CAFFE_COMMAND=ON > cmake.log 2> err || give_up "cmake of the command caffe: $(tail cmake.log)"
[ "$(readlink with_caffe/bin/caffe)" = lungo ] || give_up "expected bin/caffe to be lungo"

embedded_program
deploy=$root/share/lungo/models/lenet/deploy.prototxt
# shellcheck disable=SC2046
cc program.c $(PKG_CONFIG_PATH=$libraries/pkgconfig pkg-config --cflags --libs lungo) "$@" -o by_pkg_config
embedded_works ./by_pkg_config "$deploy"

cat > CMakeLists.txt <<'EOT'
cmake_minimum_required(VERSION 3.22)
project(embedding C)
find_package(lungo REQUIRED)
add_executable(by_cmake program.c)
target_link_libraries(by_cmake PRIVATE lungo::lungo)
EOT
cmake -S . -B out -DCMAKE_PREFIX_PATH="$root" -DCMAKE_C_FLAGS="$*" > cmake.log 2> err || give_up "cmake of a program: $(tail cmake.log)"
cmake --build out > cmake.log 2> err || give_up "building the program: $(tail cmake.log)"
embedded_works out/by_cmake "$deploy"
finish "what is installed works"
