from __future__ import annotations

import subprocess
import sys

import pytest

PAGES = """
import resource, sys
if sys.argv[1] == "kept":
    from training.engines.flow_networks.freed_memory import keep_freed_memory
    assert keep_freed_memory()
def pages():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
size = 40 << 20
b"x" * size
before = pages()
for _ in range(3):
    b"x" * size
print(pages() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a matter of glibc")
def test_freed_memory_is_used_again_without_being_mapped_anew():
    def pages(way: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", PAGES, way], capture_output=True, text=True, check=True
        )
        return int(done.stdout)

    assert 10 * pages("kept") < pages("given back")
