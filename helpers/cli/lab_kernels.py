"""The kernels of `runbook lab`: this interpreter, in the caller's folder, whatever else is installed.

A kernelspec `python3` of somebody else (JUPYTER_PATH, a home folder) would run a Python without our packages; a kernel in the
notebook's own folder would not see the caller's profiles.toml, and a module there could shadow one of ours.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpec, KernelSpecManager
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

__all__ = ["CallersKernels", "OwnInterpreter"]


class OwnInterpreter(KernelSpecManager):  # type: ignore[misc]
    """The kernel `python3` is the interpreter this server runs in; others stay as they are."""

    def find_kernel_specs(self) -> dict[str, str]:
        """Return kernel name → resource folder."""
        return {**super().find_kernel_specs(), NATIVE_KERNEL_NAME: RESOURCES}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return the kernel of that name; its working folder is not on its import path."""
        if kernel_name == NATIVE_KERNEL_NAME:
            return self.kernel_spec_class(resource_dir=RESOURCES, **get_kernel_dict(python_arguments=["-P"]))
        return super().get_kernel_spec(kernel_name)


class CallersKernels(AsyncMappingKernelManager):
    """Every kernel works where `runbook lab` was called: profiles.toml, .env and incidents/ are there."""

    def cwd_for_path(self, path: str, **_: Any) -> str:
        """Return the caller's folder, wherever the notebook lies."""
        return str(Path.cwd())
