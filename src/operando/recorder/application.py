"""Application definitions of NeXus: nexusformat's set, and the newer files that lie in ``nxdl``."""

from pathlib import Path
from typing import Any

from nexusformat.nexus.validate import ApplicationValidator, get_validator

BUNDLED = Path(__file__).parent / "nxdl"
"""The NXxas family, which NIAC's set still has in its old form (https://github.com/nexusformat/definitions/pull/1640)."""
BASE_CLASSES = ("NXabsorption_edge", "NXelement", "NXemission_line")
"""Classes that the family brings along."""


class BundledFirst(ApplicationValidator):
    """Validates by a definition of ours where there is one; what it extends is looked up likewise."""

    def load_application(self, application: str, seen: list[Path] | None = None) -> Any:
        """Read a definition and what it extends."""
        ours = BUNDLED / f"{Path(application).name}.nxdl.xml"
        return super().load_application(str(ours) if ours.is_file() else application, seen)


def make_base_classes_known() -> None:
    """Give nexusformat the base classes that its own set lacks; it keeps them for the life of the process."""
    for name in BASE_CLASSES:
        get_validator(str(BUNDLED / f"{name}.nxdl.xml"))
