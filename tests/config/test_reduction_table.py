"""The table [reduction]: local by default, on this host unless certificates say otherwise, one place and not two."""

from pathlib import Path

import pytest

from operando.config import load
from operando.config.reduction import Reduction
from operando.errors import ConfigurationError

SIMULATED = Path(__file__).parents[2] / "configs" / "simulated.toml"
SLURM = '[reduction.slurm]\ninterface = "ib0"\nshared_folder = "/shared"\ncores = 16\nmemory_GB = 32.0\n'
CERTIFIED = 'authority = "ca.pem"\ncertificate = "me.pem"\nkey = "me.key"\n'


def loaded(tmp_path: Path, text: str) -> Reduction:
    file = tmp_path / "endstation.toml"
    file.write_text(f"{SIMULATED.read_text()}\n{text}")
    return load(file).reduction


def test_frames_are_reduced_here_unless_said(tmp_path: Path) -> None:
    assert loaded(tmp_path, "") == Reduction(where="local", threads=None)
    assert loaded(tmp_path, "[reduction]\nthreads = 4\n").threads == 4


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:8786", "tcp://localhost:8786"])
def test_a_scheduler_on_this_host_needs_no_certificates(tmp_path: Path, address: str) -> None:
    found = loaded(tmp_path, f'[reduction]\nwhere = "dask"\n[reduction.scheduler]\naddress = "{address}"\n')
    assert found.scheduler is not None
    assert found.scheduler.address == address


def test_a_scheduler_elsewhere_speaks_tls(tmp_path: Path) -> None:
    text = f'[reduction]\nwhere = "dask"\n[reduction.scheduler]\naddress = "tls://head.example.org:8786"\n{CERTIFIED}'
    scheduler = loaded(tmp_path, text).scheduler
    assert scheduler is not None
    assert scheduler.key == "me.key"


def test_jobs_of_workers_are_described(tmp_path: Path) -> None:
    found = loaded(tmp_path, f'[reduction]\nwhere = "dask"\n{SLURM}workers = 4\nqueue = "day"\n')
    assert found.slurm is not None
    assert (found.slurm.workers, found.slurm.walltime_min, found.slurm.queue) == (4, 240.0, "day")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('where = "dask"', "neither scheduler nor slurm"),
        (f"{SLURM}", "where = 'local' with slurm"),
        (f'where = "dask"\n{SLURM}[reduction.scheduler]\naddress = "tcp://127.0.0.1:1"', "scheduler and slurm"),
        ('where = "dask"\n[reduction.scheduler]\naddress = "tcp://10.0.0.1:8786"', "runs what it is sent: tls:// with"),
        ('where = "dask"\n[reduction.scheduler]\naddress = "tls://10.0.0.1:8786"', "with no certificates"),
        (f'where = "dask"\n[reduction.scheduler]\naddress = "tcp://127.0.0.1:1"\n{CERTIFIED}', "and only there"),
        ('where = "dask"\n[reduction.scheduler]\naddress = "127.0.0.1:8786"', r"\[reduction.scheduler\] address"),
        ("threads = 0", r"\[reduction\] threads = 0"),
        ('where = "spark"', r"\[reduction\] where = 'spark'"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        loaded(tmp_path, f"[reduction]\n{text}\n")
