# SPDX-License-Identifier: BSD-3-Clause
"""What the benchmarks in Python read of COLMAP's files."""
import sqlite3
import struct

MAX_IMAGES = 2147483647


def verified_pairs(path):
    """{(name, name): inliers}, names sorted."""
    with sqlite3.connect(path.resolve().as_uri() + "?mode=ro", uri=True) as database:
        names = dict(database.execute("SELECT image_id, name FROM images"))
        rows = database.execute("SELECT pair_id, rows FROM two_view_geometries WHERE rows > 0")
        return {tuple(sorted((names[p // MAX_IMAGES], names[p % MAX_IMAGES]))): n for p, n in rows}


def points_of_images(path):
    """{name: ids of points} of a model's images.bin."""
    data = path.read_bytes()
    (count,) = struct.unpack_from("<Q", data)
    offset, result = 8, {}
    for _ in range(count):
        offset += 4 + 7 * 8 + 4
        end = data.index(b"\0", offset)
        (points,) = struct.unpack_from("<Q", data, end + 1)
        seen = {struct.unpack_from("<q", data, end + 9 + 24 * i + 16)[0] for i in range(points)}
        result[data[offset:end].decode()] = seen - {-1}
        offset = end + 9 + points * 24
    return result
