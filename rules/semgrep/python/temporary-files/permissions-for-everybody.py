import os
from pathlib import Path


def publish(path):
    # ruleid: python-permissions-for-everybody
    os.chmod(path, 0o777)
    # ruleid: python-permissions-for-everybody
    os.makedirs(path, mode=0o777)
    # ruleid: python-permissions-for-everybody
    Path(path).chmod(0o666)
    # ruleid: python-permissions-for-everybody
    os.umask(0)


def publish_well(path):
    # ok: python-permissions-for-everybody
    os.chmod(path, 0o600)
    # ok: python-permissions-for-everybody
    os.makedirs(path, mode=0o750)
    # ok: python-permissions-for-everybody
    os.umask(0o077)
