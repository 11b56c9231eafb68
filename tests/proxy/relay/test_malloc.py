"""Pieces of answers do not cost a page fault for each of their pages, time and again."""

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import resource
from gremlink.proxy.relay.malloc import keep_freed_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    pieces = [bytes(256 * 1024) for _ in range(16)]
    del pieces
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

for _ in range(5):
    faults()
print(faults())
keep_freed_memory()
for _ in range(5):
    faults()
print(faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a setting of glibc")
def test_pieces_that_come_and_go_take_the_same_memory():
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    before, after = map(int, ran.stdout.split())
    assert before > 256, "glibc keeps it by itself: this test shows nothing here"
    assert after < 16
