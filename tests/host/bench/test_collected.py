"""How often the heap is collected follows its size: a collection takes as long as the heap is large, and small boards need it often."""

import subprocess

import pytest

from ampacity_host.places import FIRMWARE
from tools.micropython.find import find

CODE = """
import gc
from ampacity.base.compat import collect_each
free = gc.mem_free()
collect_each(32768)
print(free, gc.threshold())
"""


@pytest.mark.parametrize("heap_kib, least", [(256, 32768), (512, 32768), (2048, 65536), (8192, 262144)])
def test_a_large_heap_is_collected_after_a_sixteenth_of_it_and_a_small_one_each_32_kib(heap_kib, least):
    command = [find(), "-X", f"heapsize={heap_kib}K", "-c", CODE]
    done = subprocess.run(command, env={"MICROPYPATH": f"{FIRMWARE}:.frozen"}, capture_output=True, text=True, timeout=60)
    free, each = (int(word) for word in done.stdout.split())
    assert each >= least and abs(each - max(32768, free // 16)) < 4096, (free, each)
