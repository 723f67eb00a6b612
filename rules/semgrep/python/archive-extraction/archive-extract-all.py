import shutil
import tarfile
import zipfile


def unpack(path, folder):
    with tarfile.open(path) as archive:
        # ruleid: python-archive-extract-all
        archive.extractall(folder)
    # ruleid: python-archive-extract-all
    tarfile.open(path).extractall(folder)
    # ruleid: python-archive-extract-all
    shutil.unpack_archive(path, folder)


def safe(path, folder):
    with tarfile.open(path) as archive:
        # ok: python-archive-extract-all
        archive.extractall(folder, filter="data")
    # ok: python-archive-extract-all
    shutil.unpack_archive(path, folder, "zip")
    # ok: python-archive-extract-all
    zipfile.ZipFile(path).extractall(folder)
