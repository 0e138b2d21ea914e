"""Workers as jobs of Slurm, their scheduler in this process: dask-jobqueue asks for them, and again when one ends."""

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from operando.config.reduction import Slurm

CONNECT_S = 3.0
NOWHERE = "127.0.0.1:0"
"""Where dask shows its pages: on this host alone, whatever else it listens on."""


def slurm_client(slurm: Slurm, shared: Path, loop: Any, left: ExitStack) -> Any:
    """Start a scheduler and have its workers started; return a client of it.

    Parameters
    ----------
    shared : Path
        A folder that the nodes see, for certificates and what the jobs say.
    loop : IOLoop
        Runs already.
    left : ExitStack
        Told what is undone in the end: jobs, scheduler, certificates.

    Raises
    ------
    OSError
        The folder, or ``sbatch``, is not there.
    """
    from dask_jobqueue import SLURMCluster
    from distributed import Client

    with ExitStack() as undo:
        security = _certified(shared, undo)
        cluster = SLURMCluster(
            queue=slurm.queue,
            account=slurm.account,
            cores=slurm.cores,
            processes=1,
            memory=f"{slurm.memory_GB} GB",
            walltime=_hours(slurm.walltime_min),
            job_extra_directives=slurm.directives,
            job_script_prologue=slurm.prologue,
            log_directory=str(shared),
            interface=slurm.interface,
            protocol="tls://",
            security=security,
            worker_extra_args=["--no-dashboard", "--dashboard-address", NOWHERE],
            scheduler_options={"dashboard": False, "dashboard_address": NOWHERE},
            loop=loop,
        )
        undo.callback(cluster.close, CONNECT_S)
        cluster.adapt(minimum_jobs=slurm.workers, maximum_jobs=slurm.workers)
        client = Client(cluster, timeout=CONNECT_S, set_as_default=False, loop=loop)
        undo.callback(client.close, CONNECT_S)
        left.push(undo.pop_all())
    return client


def _certified(shared: Path, undo: ExitStack) -> Any:
    """Make certificates for one life of a scheduler; only this user can read them."""
    from distributed import Security

    folder = Path(tempfile.mkdtemp(prefix="operando-", dir=shared))
    undo.callback(shutil.rmtree, folder, ignore_errors=True)
    made = Security.temporary()
    names = {"tls_ca_file": "authority.pem", "cert": "certificate.pem", "key": "key.pem"}
    texts = {"tls_ca_file": made.tls_ca_file, "cert": made.tls_worker_cert, "key": made.tls_worker_key}
    for kind, name in names.items():
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(texts[kind])
    roles = [f"tls_{role}_{kind}" for role in ("client", "scheduler", "worker") for kind in ("cert", "key")]
    own = {role: str(folder / names[role.rpartition("_")[2]]) for role in roles}
    return Security(require_encryption=True, tls_ca_file=str(folder / names["tls_ca_file"]), **own)


def _hours(minutes: float) -> str:
    """Return a time as Slurm writes it."""
    seconds = round(60 * minutes)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
