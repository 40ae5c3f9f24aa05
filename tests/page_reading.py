"""Read a written page back as its script does."""

import base64
import json
import re
import zlib

import numpy as np

DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)


def content(html):
    """What the page's script is given, its arrays unpacked under ``arrays``."""
    (text,) = DATA.findall(html)
    data = json.loads(text)
    raw = zlib.decompress(base64.b64decode(data["packed"]["data"]))
    arrays, at = {}, 0
    for name, kind, size in data["packed"]["toc"]:
        width = np.dtype(kind).itemsize
        planes = np.frombuffer(raw, np.uint8, size * width, at).reshape(width, size)
        arrays[name] = np.ascontiguousarray(planes.T).view(np.dtype(f"<{kind}")).ravel()
        at += size * width
    return data | {"arrays": arrays}
