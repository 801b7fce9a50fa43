# What the steps share; they source it from the checkout's root.

set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

python=$PWD/.venv/bin/python # made by the README's own command

# The tests that reach the C code, as far as they take seconds.
codec_tests=(-m "not slow" tests/test_{native,pixels,codec,plugin,plugin_errors,fuzz}.py
    tests/test_{reader,transcode,transcode_map,transcode_damage,transcode_hostile,carried,carried_rest}.py
    tests/test_{target_size,huffman,scans,progressive,masking,trellis,chroma,deringing,step_scales,coefficients}.py
    tests/test_{decode_regions,decode_regions_errors}.py)

# Prints a command's output only if it fails.
quietly() {
    "$@" >"$scratch/output" 2>&1 || { cat "$scratch/output" && return 1; } >&2
}

# A copy of the files that git tracks, so that no build finds what another one left behind.
copy_checkout() {
    mkdir -p "$1"
    git ls-files -z | tar --create --null --files-from=- | tar --extract --directory "$1"
}

build_extension() {
    (cd "$1" && "$python" setup.py --quiet build_ext --inplace)
}

# Runs Python in the copy, and makes sure that the copy's own extension is what it imports.
python_in() {
    local copy=$1
    shift
    (
        cd "$copy"
        export PYTHONPATH=$copy
        "$python" -c 'import sys, pyregjpeg._native as n; assert n.__file__.startswith(sys.argv[1]), n.__file__' "$copy"
        "$python" "$@"
    )
}
