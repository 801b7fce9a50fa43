"""The cffi builder of pyregjpeg._native: finds libjpeg-turbo, hands regjpeg.h to cffi unchanged, compiles csrc/*.c.

libjpeg comes from the prefix in the environment variable PYREGJPEG_LIBJPEG_DIR if that is set, otherwise from
pkg-config. internal.h refuses a libjpeg that is not libjpeg-turbo.
"""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path
from typing import Any

import cffi
from cffi.pkgconfig import flags_from_pkgconfig

CSRC = Path(__file__).parent  # relative to setup.py, as setuptools wants its sources

# No fused multiply-add: every instruction set has to round alike, so that all block kernels give the same levels. No
# errno: rounding and square roots become single instructions.
COMPILER_FLAGS = ["-std=c11", "-O3", "-ffp-contract=off", "-fno-math-errno", "-fvisibility=hidden"]


def libjpeg_flags() -> dict[str, Any]:
    """The keywords for a setuptools Extension that compile and link against libjpeg; SystemExit if there is none."""
    prefix = os.environ.get("PYREGJPEG_LIBJPEG_DIR")
    if prefix:
        return flags_from_prefix(Path(prefix))
    try:
        return dict(flags_from_pkgconfig(["libjpeg"]))
    except cffi.PkgConfigError:
        raise SystemExit(
            "pyregjpeg: pkg-config finds no libjpeg; install pkg-config and libjpeg-turbo's headers (Debian and "
            "Ubuntu: apt-get install pkg-config libjpeg-dev) or set PYREGJPEG_LIBJPEG_DIR to a libjpeg-turbo prefix"
        ) from None


def flags_from_prefix(prefix: Path) -> dict[str, Any]:
    """As libjpeg_flags, for a prefix; the library built against is then also the one loaded."""
    multiarch = sysconfig.get_config_var("MULTIARCH") or ""
    libraries = [prefix / "lib", prefix / "lib64", prefix / "lib" / multiarch]
    found = [str(folder) for folder in libraries if any(folder.glob("libjpeg.*"))]
    if not found or not (prefix / "include" / "jpeglib.h").is_file():
        raise SystemExit(f"pyregjpeg: PYREGJPEG_LIBJPEG_DIR is {prefix}, without include/jpeglib.h and lib/libjpeg.so")
    return {
        "include_dirs": [str(prefix / "include")],
        "library_dirs": found,
        "runtime_library_dirs": found,
        "libraries": ["jpeg"],
    }


def builder() -> cffi.FFI:
    """The cffi builder that `cffi_modules` in setup.py names."""
    libjpeg = libjpeg_flags()
    include_dirs = [str(CSRC), *libjpeg.pop("include_dirs", [])]
    flags = [*libjpeg.pop("extra_compile_args", []), *COMPILER_FLAGS]

    ffi = cffi.FFI()
    ffi.cdef((CSRC / "regjpeg.h").read_text(encoding="utf-8"))
    ffi.set_source(
        "pyregjpeg._native",
        '#include <stddef.h>\n#include <stdint.h>\n#include "regjpeg.h"\n',
        sources=sorted(str(source) for source in CSRC.glob("*.c")),
        include_dirs=include_dirs,
        extra_compile_args=flags,
        **libjpeg,
    )
    return ffi
