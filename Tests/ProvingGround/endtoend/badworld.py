"""Cases: a world that is not as it should be is named as what it is, and nothing is done half."""

import json

from groundlib import kubeconfig, pki
from groundlib.testing import expect

# An address of the ground's network where nothing listens, and one that nobody has.
CLOSED_PORT = "10.77.0.1:6444"
NOBODY = "10.77.200.1:6443"


def changed_kubeconfig(world, name, **cluster):
    """The ground's kubeconfig with other words about its cluster."""
    config = json.loads(world.layout.kubeconfig.read_text())
    config["clusters"][0]["cluster"].update(cluster)
    path = world.work / f"{name}.kubeconfig"
    path.write_text(json.dumps(config, indent=1))
    return path


def untouched(world, before, runs):
    """Neither the cluster nor the audit log shows anything of these runs, the lock included."""
    expect(world.cluster.snapshot() == before, f"something was changed: {world.cluster.snapshot()}, before {before}")
    for run in runs.ids:
        expect(not world.audit.requests(run), f"run {run} changed {world.audit.requests(run)}")


def a_kubeconfig_that_is_not_yaml_is_named_with_its_line(world):
    path = world.work / "broken.kubeconfig"
    path.write_text("apiVersion: v1\nkind: Config\nclusters: [\n- name: x\n  : }\n")
    runs = world.dr.runs("broken-kubeconfig")
    before = world.cluster.snapshot()
    invocation = runs.run(flags=["--kubeconfig", path]).exited(1, str(path))
    expect(any(f"{path.name}:{line}" in invocation.text for line in (3, 4, 5)), f"no line is named{invocation.tail()}")
    untouched(world, before, runs)


def a_cluster_where_nothing_listens_is_named_by_its_address(world):
    runs = world.dr.runs("closed-port")
    before = world.cluster.snapshot()
    path = changed_kubeconfig(world, "closed-port", server=f"https://{CLOSED_PORT}")
    invocation = runs.run(flags=["--kubeconfig", path]).exited(3, CLOSED_PORT, seconds=60)
    untouched(world, before, runs)
    return f"said so after {invocation.seconds:.1f} s"


def an_address_that_swallows_everything_is_given_up_within_a_minute(world):
    runs = world.dr.runs("nobody")
    before = world.cluster.snapshot()
    path = changed_kubeconfig(world, "nobody", server=f"https://{NOBODY}")
    invocation = runs.run(flags=["--kubeconfig", path]).exited(3, NOBODY, seconds=60)
    untouched(world, before, runs)
    return f"said so after {invocation.seconds:.1f} s"


def a_server_whose_certificate_is_of_another_authority_is_not_trusted(world):
    folder = world.work / "other-authority"
    folder.mkdir()
    pki.make(folder)
    runs = world.dr.runs("other-authority")
    before = world.cluster.snapshot()
    path = changed_kubeconfig(world, "other-authority", **{"certificate-authority-data": kubeconfig.inline(folder / "ca.crt")})
    invocation = runs.run(flags=["--kubeconfig", path])
    expect(invocation.wait(60) not in (0, 6), f"exit code {invocation.process.returncode}{invocation.tail()}")
    expect("certificate" in invocation.text and "not trusted" in invocation.text, f"does not say that the certificate is not trusted{invocation.tail()}")
    untouched(world, before, runs)
    return f"exit code {invocation.process.returncode}"


def a_user_without_rights_is_told_which_permission_is_missing(world):
    runs = world.dr.runs("viewer")
    before = world.cluster.snapshot()
    invocation = runs.run(flags=["--context", "deepseek-dr-cluster-viewer"])
    expect(invocation.wait() not in (0, 6), f"exit code {invocation.process.returncode}{invocation.tail()}")
    text = invocation.text
    expect("leases" in text and "viewer" in text and "create" in text, f"the missing permission is not named{invocation.tail()}")
    untouched(world, before, runs)
    expect(not world.audit.successes_of("viewer"), "viewer changed something")
    return f"exit code {invocation.process.returncode}"


CASES = [
    a_kubeconfig_that_is_not_yaml_is_named_with_its_line,
    a_cluster_where_nothing_listens_is_named_by_its_address,
    an_address_that_swallows_everything_is_given_up_within_a_minute,
    a_server_whose_certificate_is_of_another_authority_is_not_trusted,
    a_user_without_rights_is_told_which_permission_is_missing,
]
