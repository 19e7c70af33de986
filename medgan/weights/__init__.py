"""Networks that others trained on ImageNet: the table of them, and how their weights get here."""

from medgan.weights.store import (
    Status,
    download,
    import_file,
    input_of,
    is_present,
    load_network,
    load_state,
    path_of,
    require,
    status,
    status_of,
    terms,
)
from medgan.weights.table import INPUTS, PRETRAINED, Input, Pretrained, row

__all__ = [
    "INPUTS",
    "PRETRAINED",
    "Input",
    "Pretrained",
    "Status",
    "download",
    "import_file",
    "input_of",
    "is_present",
    "load_network",
    "load_state",
    "path_of",
    "require",
    "row",
    "status",
    "status_of",
    "terms",
]
