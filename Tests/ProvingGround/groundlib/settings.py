"""What `ground up` was asked for, as it is handed from the command to the supervisor and on to the zone agents."""

import dataclasses
import re

from .errors import GroundError

# Addresses exist only inside the ground's namespaces: 10.77.0.1 is the control namespace, 10.77.<zone>.1 the zone's
# nodes, 10.77.<zone>.10 and up its pods.
NETWORK = "10.77"
CONTROL_ADDRESS = f"{NETWORK}.0.1"
BRIDGE = "dr0"


@dataclasses.dataclass
class Settings:
    zones: list
    nodes_per_zone: int = 3
    zone_label_prefix: str = "cn-beijing-"
    region: str = "cn-beijing"
    cpu: str = "16"
    memory: str = "64Gi"
    gpus: int = 1
    max_pods: int = 110
    crds: list = dataclasses.field(default_factory=list)
    service: str = "deepseek"
    slots: int = 10
    front_checks: bool = False
    eviction_seconds: int = 10
    load_seconds: float = 0.5
    latency_ms: float = 20

    def __post_init__(self):
        if not self.zones or len(set(self.zones)) != len(self.zones):
            raise GroundError("--zones wants one or more names, each once, for instance az1,az2")
        for zone in self.zones:
            # The name becomes part of an interface name (15 characters) and of host names.
            if not re.fullmatch(r"[a-z][a-z0-9-]{0,10}[a-z0-9]", zone):
                raise GroundError(f"{zone!r} cannot be a zone's name: 2 to 12 small letters, digits and dashes")
        if not 1 <= self.nodes_per_zone <= 50:
            raise GroundError("--nodes-per-zone wants 1 to 50")

    def index(self, zone):
        """Third byte of the zone's addresses."""
        if zone not in self.zones:
            raise GroundError(f"there is no zone {zone!r}; there are {', '.join(self.zones)}")
        return self.zones.index(zone) + 1

    def label(self, zone):
        return self.zone_label_prefix + zone

    def uplink(self, zone):
        """The control namespace's end of the zone's cable."""
        self.index(zone)
        return f"up-{zone}"

    def node_address(self, zone):
        return f"{NETWORK}.{self.index(zone)}.1"

    def nodes(self, zone):
        return [f"{zone}-gpu-{number}" for number in range(self.nodes_per_zone)]

    def inner_port(self, zone):
        """Loopback port of HAProxy's frontend for one zone."""
        return 18080 + self.index(zone)

    def as_dict(self):
        return dataclasses.asdict(self)
