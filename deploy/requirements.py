"""What the image installs besides HuleEdu itself: the packages of pdm.lock, each by version and hash, for pip or uv.

    python deploy/requirements.py pdm.lock > requirements.txt

pdm's own export cannot write hashes while the lock holds local packages. Only the standard library.
"""

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

GROUP = "packages"  # of the lock: what the services and the command line need


def requirements(lock: str) -> Iterator[str]:
    """A line for each package that is fetched; local ones have no files in the lock."""
    for package in tomllib.loads(lock)["package"]:
        if GROUP in package["groups"] and "files" in package:
            yield _line(package)


def _line(package: dict[str, Any]) -> str:
    extras = f"[{','.join(package['extras'])}]" if "extras" in package else ""
    marker = f" ; {package['marker']}" if "marker" in package else ""
    hashes = "".join(f" --hash={file['hash']}" for file in package["files"])
    return f"{package['name']}{extras}=={package['version']}{marker}{hashes}"


if __name__ == "__main__":
    print(*requirements(Path(sys.argv[1]).read_text()), sep="\n")
