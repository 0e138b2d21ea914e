"""The wheel must hold every package of the tree, under one name each."""

import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SETUPTOOLS = PROJECT["tool"]["setuptools"]
VERSION = PROJECT["project"]["version"]


def packages_on_disk() -> Iterator[str]:
    for name, folder in SETUPTOOLS["package-dir"].items():
        for init in (ROOT / folder).rglob("__init__.py"):
            if not any(parent.is_symlink() for parent in init.parents):
                parts = init.parent.relative_to(ROOT / folder).parts
                yield ".".join((name, *parts))


def test_every_package_is_in_the_wheel() -> None:
    assert set(SETUPTOOLS["packages"]) == set(packages_on_disk())


def test_every_data_file_is_in_the_wheel(tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(ROOT, source, symlinks=True, ignore=shutil.ignore_patterns(".*", "build", "operando-demo*"))
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(source)],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    data = {path for suffix in ("toml", "poni") for path in (ROOT / "configs").rglob(f"*.{suffix}")}
    assert data
    assert {f"operando/configs/{path.relative_to(ROOT / 'configs')}" for path in data} <= packed
    assert "operando/py.typed" in packed
    definitions = {path.name for path in (ROOT / "src" / "operando" / "recorder" / "nxdl").iterdir()}
    assert definitions >= {"LICENSE", "NXxas.nxdl.xml"}
    assert {f"operando/recorder/nxdl/{name}" for name in definitions} <= packed
    licences = {path.removeprefix(f"operando-{VERSION}.dist-info/licenses/") for path in packed}
    assert {"LICENSE", "src/operando/recorder/nxdl/LICENSE"} <= licences


def test_no_module_has_a_second_name() -> None:
    mapped = {Path(folder).name for folder in SETUPTOOLS["package-dir"].values()}
    assert not (mapped - {"operando"}) & set(sys.modules)


def test_the_links_are_links() -> None:
    for name in ("configs", "devices", "plans", "sim"):
        assert (ROOT / "src" / "operando" / name).readlink() == Path(f"../../{name}")
