"""A certificate authority of the ground's own, a serving certificate for the API server and one for the administrator."""

import subprocess

from .errors import GroundError
from .packages import program
from .settings import CONTROL_ADDRESS

SERVICE_CIDR = "10.96.0.0/16"
NAMES = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"]
ADDRESSES = ["127.0.0.1", CONTROL_ADDRESS, "10.96.0.1"]


def make(folder):
    """Writes ca, apiserver, kubelet and admin (.crt, .key) and the key that signs service account tokens."""
    _key(folder / "ca.key")
    _openssl("req", "-x509", "-new", "-sha256", "-days", "30", "-key", folder / "ca.key", "-out", folder / "ca.crt",
             "-subj", "/CN=proving-ground-ca", "-addext", "basicConstraints=critical,CA:true",
             "-addext", "keyUsage=critical,keyCertSign,cRLSign,digitalSignature")
    alternatives = ",".join([f"DNS:{name}" for name in NAMES] + [f"IP:{address}" for address in ADDRESSES])
    _issue(folder, "apiserver", "/CN=kube-apiserver", f"subjectAltName={alternatives}\nextendedKeyUsage=serverAuth\n")
    _issue(folder, "kubelet", "/CN=kubelet", "extendedKeyUsage=serverAuth\n")
    _issue(folder, "admin", "/O=system:masters/CN=admin", "extendedKeyUsage=clientAuth\n")
    # RSA, for this is what every release of the API server signs tokens with.
    _openssl("genrsa", "-out", folder / "service-accounts.key", "2048")


def _issue(folder, name, subject, extensions):
    _key(folder / f"{name}.key")
    request, extension_file = folder / f"{name}.csr", folder / f"{name}.ext"
    extension_file.write_text("basicConstraints=CA:false\nkeyUsage=digitalSignature\n" + extensions)
    _openssl("req", "-new", "-sha256", "-key", folder / f"{name}.key", "-subj", subject, "-out", request)
    _openssl("x509", "-req", "-sha256", "-days", "30", "-in", request, "-CA", folder / "ca.crt", "-CAkey", folder / "ca.key", "-CAcreateserial",
             "-extfile", extension_file, "-out", folder / f"{name}.crt")
    request.unlink()
    extension_file.unlink()


def _key(path):
    """P-256: made in no time, so that starting a ground does not wait for primes."""
    _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path)
    path.chmod(0o600)


def _openssl(*arguments):
    command = [program("openssl"), *[str(part) for part in arguments]]
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if result.returncode != 0:
        raise GroundError(f"`{' '.join(command)}` failed: {result.stderr.strip()}")
