"""Writes the small HDF5 files that this project's own writer cannot make. Run with h5py: python make_odd_files.py"""
import h5py
import numpy as np


def legacy(path, **dataset):
    with h5py.File(path, "w") as f:
        g = f.create_group("exchange/C2T_all")
        f["xpcs/dqlist"] = [[0.01]]
        f["xpcs/dphilist"] = [[3.0]]
        f["measurement/instrument/detector/exposure_period"] = [[0.1]]
        if "link" in dataset:
            g["g2_00001"] = dataset["link"]
        else:
            g.create_dataset("g2_00001", **dataset)


legacy("dangling_link.h5", link=h5py.ExternalLink("not_there.h5", "/c2"))
legacy("absurd_shape.h5", shape=(10**9, 10**9), dtype="f4", chunks=(64, 64))
legacy("larger_than_memory.h5", shape=(99_000, 99_000), dtype="f8", chunks=(64, 64))
legacy("complex.h5", data=np.ones((8, 8), dtype="c16"))
legacy("half.h5", data=(np.triu(np.ones((8, 8)), 1) * 1.25).astype("f2"))
legacy("text.h5", data=np.full((8, 8), b"x", dtype="S4"))

# A filter that nobody here can decode: LZF's number replaced by that of zstd.
legacy("zstd_filter.h5", data=np.triu(np.ones((64, 64))), chunks=(64, 64), compression="lzf")
content = open("zstd_filter.h5", "rb").read()
lzf, zstd = (32000).to_bytes(2, "little"), (32015).to_bytes(2, "little")
at = content.index(lzf + (4).to_bytes(2, "little")) if lzf + (4).to_bytes(2, "little") in content else content.index(lzf)
open("zstd_filter.h5", "wb").write(content[:at] + zstd + content[at + 2:])
