"""Where nfcpy is, which is foreign: an interpreter of its own, if there is one."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

NAMED_BY: Final = "GATEHOUSE_NFC_PYTHON"
IMPORT_S: Final = 60


def nfc_python() -> str:
    """An interpreter that has nfcpy; "" if there is none. GATEHOUSE_NFC_PYTHON names it; else
    ours, or the one that the tests made beside it. Blocks: for demos and benchmarks."""
    made = Path(sys.prefix, "nfcpy", "env", "bin", "python")
    for each in (os.environ.get(NAMED_BY, ""), sys.executable, str(made)):
        if each and Path(each).exists():
            done = subprocess.run([each, "-c", "import nfc"], capture_output=True, timeout=IMPORT_S)
            if done.returncode == 0:
                return each
    return ""
