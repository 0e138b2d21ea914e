"""Tables of the targets that documents are sent to beside the file of record; without its table, each is off."""

from ipaddress import ip_address
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from operando.config._model import Table

Port = Annotated[int, Field(ge=1, le=65535)]


class Tiled(Table):
    """``[sinks.tiled]``: a Tiled catalogue.

    Without ``uri``, a server of our own on the loopback address. The key is in the environment, never in a file that
    goes into every run.
    """

    uri: Annotated[str, Field(pattern=r"^https?://[^@?]+$")] | None = None
    port: Port = 8000
    api_key_variable: str = "TILED_API_KEY"


class Zmq(Table):
    """``[sinks.zmq]``: documents for bluesky's RemoteDispatcher.

    ``serve``: dispatchers connect to ``address``; ``connect``: a ``bluesky-0MQ-proxy`` listens there. ``secret_key``
    is our CURVE certificate; ``peer_keys`` the folder with the public ones of those who may listen, or, with
    ``connect``, the proxy's public certificate.
    """

    address: Annotated[str, Field(pattern=r"^[^:/]+:\d+$")] = "127.0.0.1:5577"
    mode: Literal["serve", "connect"] = "serve"
    prefix: Annotated[str, Field(pattern=r"^[!-~]*$")] = ""
    allow_remote: bool = False
    secret_key: str | None = None
    peer_keys: str | None = None

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        if (self.secret_key is None) != (self.peer_keys is None):
            raise ValueError("secret_key and peer_keys belong together")
        host = self.address.partition(":")[0]
        if _is_loopback(host):
            return self
        if not self.allow_remote:
            raise ValueError(
                f"address = {self.address!r} is not on this host; 127.0.0.1 is, and allow_remote = true permits others"
            )
        if self.secret_key is None:
            raise ValueError(
                f"address = {self.address!r} is not on this host, and documents are pickled: "
                "secret_key and peer_keys are wanted (CURVE certificates)"
            )
        return self


class Icat(Table):
    """``[sinks.icat]``: what ESRF's catalogue is told of a run, as a file that is sent later."""


class Sinks(Table):
    """``[sinks]``: the targets."""

    tiled: Tiled | None = None
    zmq: Zmq | None = None
    icat: Icat | None = None

    def check_profile(self, profile: str) -> None:
        """Raise ValueError where a target does not fit the layout of files."""
        if self.icat is not None and profile != "esrf":
            raise ValueError(
                f"sinks.icat tells of datasets in ESRF's folders: site.profile = 'esrf' is wanted, not {profile!r}"
            )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
