import os
import tarfile
import zipfile
from pathlib import Path


def unpack(archive, folder):
    with zipfile.ZipFile(archive) as packed:
        for entry in packed.infolist():
            # ruleid: python-archive-entry-path
            with open(os.path.join(folder, entry.filename), "wb") as target:
                target.write(packed.read(entry))
        for name in packed.namelist():
            place = Path(folder) / name
            # ruleid: python-archive-entry-path
            place.write_bytes(packed.read(name))
    with tarfile.open(archive) as packed:
        for member in packed.getmembers():
            # ruleid: python-archive-entry-path
            with open(folder + "/" + member.name, "wb") as target:
                target.write(packed.extractfile(member).read())


def unpack_well(archive, folder):
    root = Path(folder).resolve()
    with zipfile.ZipFile(archive) as packed:
        for entry in packed.infolist():
            place = (root / entry.filename).resolve()
            if not place.is_relative_to(root):
                raise ValueError("leaves the folder")
            # ok: python-archive-entry-path
            place.write_bytes(packed.read(entry))
            # ok: python-archive-entry-path
            with open(os.path.join(folder, os.path.basename(entry.filename)), "wb") as target:
                target.write(packed.read(entry))
        for name in packed.namelist():
            full = os.path.realpath(os.path.join(folder, name))
            if not full.startswith(folder + os.sep):
                continue
            # ok: python-archive-entry-path
            with open(full, "wb") as target:
                target.write(packed.read(name))
