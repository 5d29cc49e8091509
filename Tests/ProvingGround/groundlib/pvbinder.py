"""Makes a PersistentVolume for every claim that waits for one, and removes the volumes whose claim is gone.

There is no storage provisioner in the ground. The volume names its claim, storage class and access modes, so the controller
manager binds the two at once, whatever class was asked for. Pods do not see the data: their processes have no mounts.
"""

import argparse
import shutil
import threading
from pathlib import Path

from .kubeapi import Api, ApiError, follow
from .worker import logger

CLAIMS = "/api/v1/persistentvolumeclaims"
VOLUMES = "/api/v1/persistentvolumes"
MADE_BY_US = "ground.dr/claim"


class Binder:
    def __init__(self, api, folder):
        self.api, self.folder = api, Path(folder)
        self.log = logger("pv-binder")

    def on_claims(self, claims):
        for claim in claims:
            self.on_claim("ADDED", claim)

    def on_claim(self, kind, claim):
        metadata, spec = claim["metadata"], claim["spec"]
        if kind == "DELETED" or spec.get("volumeName") or metadata.get("deletionTimestamp"):
            return
        name = f"ground-{metadata['uid']}"
        path = self.folder / name
        path.mkdir(exist_ok=True)
        try:
            self.api.post(VOLUMES, {
                "metadata": {"name": name, "labels": {MADE_BY_US: "true"}},
                "spec": {
                    "capacity": {"storage": spec["resources"]["requests"]["storage"]},
                    "accessModes": spec["accessModes"],
                    "volumeMode": spec.get("volumeMode", "Filesystem"),
                    "storageClassName": spec.get("storageClassName") or "",
                    "persistentVolumeReclaimPolicy": "Retain",
                    "hostPath": {"path": str(path), "type": "Directory"},
                    "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": metadata["namespace"],
                                 "name": metadata["name"], "uid": metadata["uid"]},
                },
            })
            self.log(f"{name} for {metadata['namespace']}/{metadata['name']}")
        except ApiError as error:
            if error.status != 409:
                self.log(f"volume for {metadata['namespace']}/{metadata['name']}: {error}")

    def on_volumes(self, volumes):
        for volume in volumes:
            self.on_volume("ADDED", volume)

    def on_volume(self, kind, volume):
        name = volume["metadata"]["name"]
        if MADE_BY_US not in volume["metadata"].get("labels", {}):
            return
        if kind == "DELETED":
            shutil.rmtree(self.folder / name, ignore_errors=True)
        elif volume.get("status", {}).get("phase") == "Released" and not volume["metadata"].get("deletionTimestamp"):
            try:
                self.api.delete(f"{VOLUMES}/{name}")
            except ApiError as error:
                self.log(f"removing {name}: {error}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--api", required=True)
    parser.add_argument("--folder", required=True)
    options = parser.parse_args()
    api = Api.from_file(options.api)
    binder = Binder(api, options.folder)
    threading.Thread(target=follow, args=(api, VOLUMES, binder.on_volumes, binder.on_volume), kwargs={"log": binder.log}, daemon=True).start()
    follow(api, CLAIMS, binder.on_claims, binder.on_claim, log=binder.log)


if __name__ == "__main__":
    main()
