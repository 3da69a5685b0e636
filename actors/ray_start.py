"""Ray's start: one of our own on this machine, or the cluster we are given."""

from __future__ import annotations

import os
from typing import Any, Final

import ray

from actors.handles import NAMESPACE
from actors.ray_token import need_ray_token

OBJECT_STORE_BYTES: Final = 512 * 1024 * 1024
INLINE_BYTES_MAX: Final = 8 * 1024 * 1024


def start_ray(address: str | None) -> bool:
    """Start Ray, or join the cluster at an address; tells whether it wasn't there before."""
    if ray.is_initialized():
        return False
    set_ray_defaults(local=not address)
    common: dict[str, Any] = {
        "namespace": NAMESPACE,
        "log_to_driver": False,
        "configure_logging": False,
    }
    if address:
        need_ray_token(address)
        ray.init(address=address, **common)
    else:
        ray.init(
            address="local",
            include_dashboard=False,
            object_store_memory=OBJECT_STORE_BYTES,
            **common,
        )
    return True


def set_ray_defaults(*, local: bool = True) -> None:
    """Set what Ray reads from the environment when it starts, where nothing else is set.

    A local Ray stays on loopback: on Linux it would listen on every address of the machine.
    """
    if local:
        from ray._private import ray_constants

        # What Ray does on macOS and Windows by itself; there is no public option for it here.
        ray_constants.ENABLE_RAY_CLUSTER = False
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    # Ray's actors are the service here, not background work; and it needs no idle workers.
    os.environ.setdefault("RAY_worker_niceness", "0")
    os.environ.setdefault("RAY_prestart_worker_first_driver", "0")
    os.environ.setdefault("RAY_enable_worker_prestart", "0")
    # A batch goes with its call: in the store for shared objects it would cost more than it is.
    os.environ.setdefault("RAY_max_direct_call_object_size", str(INLINE_BYTES_MAX))
    # Nobody looks at a history of single calls.
    os.environ.setdefault("RAY_task_events_report_interval_ms", "0")
