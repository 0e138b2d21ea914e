"""The meeting point of an endstation's processes: its root folder, locks, ports and supervision."""
