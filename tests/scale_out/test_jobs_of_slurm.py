"""Workers as jobs of Slurm: asked for as configured, over TLS, made again when one dies, cancelled at the end.

With ``OPERANDO_FULL=1`` alone: workers start twice, one after the other.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from scale_out.toy_slurm import ToySlurm
from waiting import wait_until

from operando.config.reduction import Reduction, Slurm
from operando.recorder.executors import open_executor
from operando.recorder.scaled import Scaled

pytest.importorskip("dask_jobqueue")
pytest.importorskip("cryptography")
PATIENCE_S = 120.0
pytestmark = pytest.mark.skipif(not os.environ.get("OPERANDO_FULL"), reason="OPERANDO_FULL=1 asks for it")


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ToySlurm]:
    toy = ToySlurm(tmp_path / "slurm")
    monkeypatch.setenv("PATH", toy.path)
    yield toy
    toy.close()


def settings(shared: Path) -> Reduction:
    return Reduction(
        where="dask",
        threads=1,
        patience_s=PATIENCE_S,
        slurm=Slurm(
            interface="lo",
            shared_folder=str(shared),
            cores=1,
            memory_GB=1.5,
            walltime_min=90.0,
            queue="day",
            account="in1234",
            directives=["--reservation=beamtime"],
            prologue=["module load anything || true"],
        ),
    )


def test_jobs_are_asked_for_used_made_again_and_cancelled(tmp_path: Path, slurm: ToySlurm) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    executor = open_executor(settings(shared), Path)
    assert isinstance(executor, Scaled)
    with executor:
        wait_until(lambda: "1 workers" in executor.state, PATIENCE_S, "a worker")
        assert executor.submit(pow, 2, 10).result(PATIENCE_S) == 1024
        assert executor.there == 1, executor.state
        (first,) = slurm.started()
        slurm.kill(first)
        wait_until(lambda: len(slurm.started()) == 2, PATIENCE_S, "another job")
        assert executor.submit(pow, 2, 11).result(PATIENCE_S) == 2048
        for wanted in ("-p day", "-A in1234", "--cpus-per-task=1", "--mem=2G", "-t 01:30:00", "--reservation=beamtime"):
            assert f"#SBATCH {wanted}" in slurm.script
        assert "module load anything" in slurm.script
        assert "tls://127.0.0.1:" in slurm.script
        (secrets,) = shared.glob("operando-*")
        assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
        assert {stat.S_IMODE(file.stat().st_mode) for file in secrets.iterdir()} == {0o600}
    assert slurm.started()[1] in slurm.cancelled()
    assert not secrets.exists(), "certificates end with their scheduler"
