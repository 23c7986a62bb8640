"""Writes the small HDF5 files that this project's own writer cannot make. Run with h5py: python make_odd_files.py"""
import h5py
import numpy as np


def legacy(path, n_angles=1, **dataset):
    with h5py.File(path, "w") as f:
        g = f.create_group("exchange/C2T_all")
        f["xpcs/dqlist"] = [[0.01] * n_angles]
        f["xpcs/dphilist"] = [[3.0 + k for k in range(n_angles)]]
        f["measurement/instrument/detector/exposure_period"] = [[0.1]]
        for label in range(1, n_angles + 1):
            if "link" in dataset:
                g[f"g2_{label:05}"] = dataset["link"]
            else:
                g.create_dataset(f"g2_{label:05}", **dataset)


legacy("dangling_link.h5", link=h5py.ExternalLink("not_there.h5", "/c2"))
legacy("absurd_shape.h5", shape=(10**9, 10**9), dtype="f4", chunks=(64, 64))
# With a thread per angle, reading needs 24 TB.
legacy("larger_than_memory.h5", n_angles=100, shape=(99_000, 99_000), dtype="f8", chunks=(64, 64))
legacy("complex.h5", data=np.ones((8, 8), dtype="c16"))
legacy("half.h5", data=(np.triu(np.ones((8, 8)), 1) * 1.25).astype("f2"))
legacy("text.h5", data=np.full((8, 8), b"x", dtype="S4"))

# A filter that nobody here can decode: LZF's number replaced by that of zstd.
legacy("zstd_filter.h5", data=np.triu(np.ones((64, 64))), chunks=(64, 64), compression="lzf")
content = open("zstd_filter.h5", "rb").read()
lzf, zstd = (32000).to_bytes(2, "little"), (32015).to_bytes(2, "little")
at = content.index(lzf + (4).to_bytes(2, "little")) if lzf + (4).to_bytes(2, "little") in content else content.index(lzf)
open("zstd_filter.h5", "wb").write(content[:at] + zstd + content[at + 2:])

# A dataset that has lost its number type: the message that describes it (number 3) is marked as empty.
content = open("half.h5", "rb").read()
message, empty = b"\x03\0", b"\0\0"
at = content.index(b"\x11\x20\x0f\0\x02\0\0\0") - 8
assert content[at : at + 2] == message
open("unreadable_dataset.h5", "wb").write(content[:at] + empty + content[at + 2 :])
