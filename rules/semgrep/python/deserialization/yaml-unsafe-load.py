import yaml

with open("x.yaml") as handle:
    # ruleid: python-yaml-unsafe-load
    first = yaml.load(handle)
    # ruleid: python-yaml-unsafe-load
    second = yaml.load(handle, Loader=yaml.Loader)
    # ruleid: python-yaml-unsafe-load
    third = yaml.load(handle, Loader=yaml.UnsafeLoader)
    # ruleid: python-yaml-unsafe-load
    fourth = yaml.unsafe_load(handle)
    # ok: python-yaml-unsafe-load
    fifth = yaml.safe_load(handle)
    # ok: python-yaml-unsafe-load
    sixth = yaml.load(handle, Loader=yaml.SafeLoader)
    # ok: python-yaml-unsafe-load
    seventh = yaml.load(handle, Loader=yaml.CSafeLoader)
