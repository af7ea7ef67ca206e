"""Submissions that attack the grader, the machine, or the others.

Each is the right homework of `hw4` with something put at the top of `weighted_sum.py`, or in its
forward. `{outside}` is a folder that none may write to, `{mark}` a text to be found in processes
that are left over.
"""

IN_IMPORT = {
    "sys-exit": "import sys; sys.exit(0)",
    "os-exit": "import os; os._exit(0)",
    "loop": "while True: pass",
    "sleep": "import time; time.sleep(1000)",
    "recursion": "def f(): f()\nf()",
    "swallows-everything": """
while True:
    try:
        while True: pass
    except BaseException:
        pass
""",
    "prints-megabytes": """
for _ in range(400): print("x" * 100_000)
import sys
for _ in range(400): sys.stderr.write("y" * 100_000)
""",
    "fills-memory": """
hoard = []
while True: hoard.append(np.ones(4_000_000))
""",
    "one-huge-array": "huge = np.ones((10**6, 10**6))",
    "fork": """
import os, time
if os.fork() == 0: time.sleep(1000)
""",
    "fork-through-the-back-door": """
import sys
from importlib.machinery import BuiltinImporter
spec = BuiltinImporter.find_spec("posix")
import posix, time
for name in ("fork", "forkpty", "vfork"):
    try:
        if getattr(posix, name)() == 0: time.sleep(1000)
    except BaseException: pass
""",
    "fork-bomb": """
import os
while True:
    try: os.fork()
    except BaseException: pass
""",
    "thread-bomb": """
import threading, time
while True:
    try: threading.Thread(target=time.sleep, args=(1000,)).start()
    except BaseException: pass
""",
    "daemon": """
import os, time
try:
    os.setsid()
except BaseException: pass
try:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0: time.sleep(1000)
except BaseException: pass
""",
    "subprocess": "import subprocess; subprocess.run(['sleep', '1000'])",
    "system": "import os; os.system('sleep 1000')",
    "kills-its-parent": """
import os, _signal as signal
for target in (os.getppid(), 0, -1, 1):
    for way in (os.kill, os.killpg):
        try: way(target, signal.SIGKILL)
        except BaseException: pass
""",
    "signals-its-group": """
import _signal as signal
signal.raise_signal(signal.SIGSTOP)
""",
    "ignores-signals": """
import _signal as signal
for number in range(1, 32):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
while True: pass
""",
    "writes-outside": """
import os
for path in ("{outside}/written", "/tmp/satt-hostile-{mark}", "/dev/shm/satt-{mark}",
             "/var/tmp/satt-{mark}", os.path.expanduser("~/../satt-{mark}"),
             os.path.dirname(os.path.abspath(__file__)) + "/alignment.py"):
    for attempt in (lambda: open(path, "w").write("x"),
                    lambda: os.close(os.open(path, os.O_CREAT | os.O_WRONLY)),
                    lambda: os.mkdir(path), lambda: np.save(path, np.ones(3)),
                    lambda: np.ones(3).tofile(path),
                    lambda: np.memmap(path, mode="w+", shape=3)):
        try: attempt()
        except BaseException: pass
""",
    "deletes": """
import os, shutil
for path in ("{outside}", os.path.dirname(os.path.abspath(__file__)), "/tmp"):
    shutil.rmtree(path, ignore_errors=True)
    try: os.rename(path, path + "-gone")
    except BaseException: pass
""",
    "symlinks": """
import os
for attempt in (lambda: os.symlink("{outside}", "way-out"),
                lambda: os.link("/etc/passwd", "way-out"),
                lambda: open("way-out/written", "w").write("x"),
                lambda: open("../../../../../../../{outside}/written", "w").write("x"),
                lambda: os.chdir("{outside}"), lambda: open("written", "w").write("x")):
    try: attempt()
    except BaseException: pass
""",
    "fills-the-disk": """
number = 0
while True:
    number += 1
    with open(f"full-{{number}}", "wb") as file: file.write(bytes(8_000_000))
""",
    "closes-its-files": "import os\nos.closerange(0, 100)",
    "writes-into-every-file": """
import os
for number in range(3, 64):
    try: os.write(number, b"\\0" * 8 + b"PK nonsense" * 1000)
    except BaseException: pass
""",
    "answers-without-end": """
import os
while True:
    for number in range(3, 64):
        try: os.write(number, (10).to_bytes(8, "big") + bytes(10))
        except BaseException: pass
""",
    "a-message-of-a-petabyte": """
import os
for number in range(3, 64):
    try: os.write(number, (2**50).to_bytes(8, "big"))
    except BaseException: pass
while True: pass
""",
    "network": """
import socket
socket.create_connection(("127.0.0.1", 22), timeout=1)
""",
    "ctypes": "import ctypes; ctypes.string_at(0)",
    "crashes-python": """
import types
f = lambda: 0
f.__code__ = f.__code__.replace(co_code=b"\\x64\\xff\\x53\\x00" * 40, co_stacksize=0)
f()
""",
}

# These leave the module whole; the forward that they spoil must be found wrong.
IN_FORWARD = {
    "wrong-types": 'return "right", None',
    "no-pair": "return 3",
    "objects": "return np.array([[object()] * 3] * 2, dtype=object), ()",
    "records": 'return np.zeros(3, dtype=[("a", "f8")]), ()',
    "huge-result": "return np.zeros((300_000, 50)), ()",
    "nan": "return np.full((len(grid), grid.shape[2]), np.nan), ()",
    "deep-nest": "x = []\n    for _ in range(10**5): x = [x]\n    return x, ()",
    "endless-function": "while True: pass",
    "always-equal": """class Equal(np.ndarray):
        __eq__ = __le__ = __lt__ = lambda self, other: True
        def __array_function__(self, *rest): return True
        def __array_ufunc__(self, *rest, **more): return np.zeros(1)
    return np.zeros((len(grid), grid.shape[2])).view(Equal), (attention, grid)""",
    "looks-in-the-frames": """import sys
    frame = sys._getframe()
    while frame:
        for value in list(frame.f_locals.values()):
            if isinstance(value, dict) and "upstreams" in value: return value["answer"]
        frame = frame.f_back
    return 0, ()""",
}

# These try to have what is wrong taken for right. Every one returns zeros.
CHEATS = {
    "imports-satt": """
from satt.layers.weighted_sum import *
""",
    "reads-the-reference": """
import sys, os
found = []
for folder in {folders}:
    for way in (lambda: open(folder + "/layers/weighted_sum.py").read(),
                lambda: os.listdir(folder), lambda: list(os.scandir(folder)),
                lambda: np.fromfile(folder + "/layers/weighted_sum.py", dtype="u1"),
                lambda: os.open(folder + "/layers/weighted_sum.py", os.O_RDONLY)):
        try: found += [way()]
        except BaseException: pass
    sys.path.insert(0, os.path.dirname(folder))
if any(found): raise SystemExit("READ THE REFERENCE")
sys.meta_path[:] = [m for m in sys.meta_path if "Path" in str(m)]
from satt.layers.weighted_sum import *
""",
    "patches-numpy": """
for name in ("array_equal", "allclose", "asarray", "abs", "max", "all", "isfinite", "shape"):
    setattr(np, name, lambda *a, **k: True)
np.lib.format.write_array = lambda *a, **k: None
""",
    "patches-the-child": """
import sys
for name, module in list(sys.modules.items()):
    if name.startswith("homework_child"):
        for key, value in list(vars(module).items()):
            if callable(value): setattr(module, key, lambda *a, **k: ({{}}, {{}}))
""",
    "claims-to-be-right": """
import sys
students = sys.modules["homework_child.students"]
students.answer = lambda header, arrays, folder: (
    {{"score": 100, "ok": True, "failure": None, "out": {{"kind": "none"}}, "repeats": True}}, {{}}
)
""",
    "writes-the-results": """
import json, os
for folder in ("{outside}", ".", "..", "/autograder/results"):
    try:
        with open(folder + "/results.json", "w") as file: json.dump({{"score": 100}}, file)
    except BaseException: pass
""",
}
