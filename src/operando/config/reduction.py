"""``[reduction]``: where frames become patterns; without it, in threads of the recorder's own process."""

from ipaddress import ip_address
from typing import Annotated, Literal, Self
from urllib.parse import urlparse

from pydantic import Field, model_validator

from operando.config._model import Positive, Table

Count = Annotated[int, Field(ge=1)]
CERTIFICATES = ("authority", "certificate", "key")


class Scheduler(Table):
    """``[reduction.scheduler]``: a ``dask scheduler`` that somebody else runs, with its workers.

    Whoever reaches a scheduler can have it run anything: away from this host it speaks TLS, and ``authority``,
    ``certificate`` and ``key`` are files in PEM, relative to the configuration's folder.
    """

    address: Annotated[str, Field(pattern=r"^(tcp|tls)://[^/@]+:\d+$")]
    authority: str | None = None
    certificate: str | None = None
    key: str | None = None

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        given = [name for name in CERTIFICATES if getattr(self, name) is not None]
        secret = self.address.startswith("tls:")
        if len(given) not in (0, len(CERTIFICATES)) or secret != bool(given):
            raise ValueError(
                f"address = {self.address!r} with {', '.join(given) or 'no certificates'}: "
                f"{', '.join(CERTIFICATES)} are wanted together, with tls:// and only there"
            )
        if not (secret or _is_loopback(urlparse(self.address).hostname or "")):
            raise ValueError(
                f"address = {self.address!r} is not on this host, and a scheduler runs what it is sent: "
                f"tls:// with {', '.join(CERTIFICATES)} is wanted"
            )
        return self


class Slurm(Table):
    """``[reduction.slurm]``: jobs of workers, whose scheduler lives and ends with the recorder.

    It listens on ``interface``, on which the nodes reach this host; its certificates are made when it starts and lie,
    for this user alone, in ``shared_folder``, which the nodes see. Workers need this very installation, and the frames
    under the same paths.
    """

    interface: str
    shared_folder: str
    cores: Count
    """Of a job, each with a thread that integrates."""
    memory_GB: Positive
    """Of a job."""
    walltime_min: Positive = 240.0
    """After which a job ends, and another one takes its place."""
    workers: Count = 1
    """Jobs, of one worker each."""
    queue: str | None = None
    account: str | None = None
    directives: list[str] = Field(default_factory=list)
    """Further options of ``sbatch``."""
    prologue: list[str] = Field(default_factory=list)
    """Lines of shell before the worker starts."""


class Reduction(Table):
    """``[reduction]``: by default local; ``dask`` wants either ``scheduler`` or ``slurm``."""

    where: Literal["local", "dask"] = "local"
    threads: Count | None = None
    """Of the recorder's own process; by default one for each core but one."""
    patience_s: Positive = 30.0
    """A frame that a cluster has kept for so long is integrated here, too, and the first result is taken."""
    any_processor: bool = False
    """Take results of processors whose sines differ from this one's in their last bits: files are the same to 1e-12."""
    scheduler: Scheduler | None = None
    slurm: Slurm | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        given = [name for name in ("scheduler", "slurm") if getattr(self, name) is not None]
        if len(given) != (self.where == "dask"):
            raise ValueError(
                f"where = {self.where!r} with {' and '.join(given) or 'neither scheduler nor slurm'}: "
                "'local' wants none of these tables, and 'dask' one"
            )
        return self


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
