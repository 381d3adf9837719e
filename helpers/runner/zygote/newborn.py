"""A fork of the zygote becomes a warden that knows nothing of it: descriptors, environment, folder, seeds and name are its own."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from helpers.runner.zygote import preload
from helpers.runner.zygote.request import Request

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["become_warden"]


def become_warden(request: Request, fds: list[int]) -> NoReturn:
    """Serve one kernel to its end, then exit; never returns into the zygote's loop."""
    code = 1
    try:
        code = _live(request, fds)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code & 0xFF)


def _live(request: Request, fds: list[int]) -> int:
    from helpers.runner.warden import guard

    cwd, *streams, lifeline, status = fds
    os.setsid()
    os.fchdir(cwd)
    for target, given in enumerate(streams):
        os.dup2(given, target)
    _close_all_but({0, 1, 2, lifeline, status})
    _be_new(request.env)
    folder = Path(request.connection_file).parent if request.kind == "runner" else None
    return guard(_kernel(request), lifeline, status, folder)


def _close_all_but(kept: set[int]) -> None:
    for fd in [int(path.name) for path in Path("/proc/self/fd").iterdir()]:
        if fd not in kept:
            with suppress(OSError):  # the listing's own
                os.close(fd)


def _be_new(env: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    tempfile.tempdir = None
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()  # its own generator does not reseed at a fork, the standard library's does
    if "matplotlib" in sys.modules:
        _matplotlib(sys.modules["matplotlib"], env)


def _matplotlib(matplotlib: Any, env: dict[str, str]) -> None:
    """Its settings were read in another folder, for another backend."""
    settings = matplotlib.matplotlib_fname()
    if settings != preload.matplotlib_settings:
        matplotlib.rc_file(settings)
    matplotlib.rcParams._set("backend", env.get("MPLBACKEND") or preload.INLINE)


def _kernel(request: Request) -> Callable[[int], None]:
    from helpers.runner.inside import run_kernel, run_stock_kernel

    if request.kind == "stock":
        return partial(run_stock_kernel, request.arguments)
    return partial(run_kernel, Path(request.connection_file))
