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

# Numbers that another file holds: absence would mean a stride of 1.
legacy("linked_stride.h5", data=np.triu(np.ones((8, 8)), 1) * 1.25)
with h5py.File("linked_stride.h5", "r+") as f:
    f["xpcs/stride_frames"] = h5py.ExternalLink("other.h5", "/stride")
    f["xpcs/avg_frames"] = 1

# Links of every kind, in groups of every kind.
for name, version in (("links_old.h5", "earliest"), ("links_new.h5", "latest")):
    with h5py.File(name, "w", libver=version) as f:
        f["real"] = 3.0
        for kind, count in (("few", 1), ("many", 20)):
            g = f.create_group(kind)
            for k in range(count):
                g[f"number {k}"] = k
            g["soft"] = h5py.SoftLink("/real")
            g["nowhere"] = h5py.SoftLink("/not_there")
            g["circle"] = h5py.SoftLink(f"/{kind}/circle")
        f["elsewhere/external"] = h5py.ExternalLink("other.h5", "/c2")
        f["elsewhere/by_detour"] = h5py.SoftLink("external")
        f["away"] = h5py.ExternalLink("other.h5", "/")

# Some values are missing: 5 of 100.
values = 1.0 + 0.1 * np.exp(-np.abs(np.subtract.outer(np.arange(40), np.arange(40))) / 5.0)
values += 0.003 * np.random.default_rng(1).standard_normal(values.shape)
values[np.random.default_rng(2).random(values.shape) < 0.05] = np.nan
legacy("missing_values.h5", data=np.triu(values, 1))

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

# Names that are not UTF-8, as older programs wrote them, beside what is read and where it matters.
values = np.triu(1.0 + 0.1 * np.exp(-np.abs(np.subtract.outer(np.arange(24), np.arange(24))) / 5.0), 1)
for form, version in (("earliest", "earliest"), ("latest", "latest"), ("many", "latest")):
    with h5py.File(f"names_{form}.h5", "w", libver=version) as f:
        for folder in ("exchange/C2T_all", "xpcs", "measurement/instrument/detector"):
            f.create_group(folder)
        f["exchange/C2T_all/g2_00001"] = values.astype("f4")
        f["xpcs/dqlist"], f["xpcs/dphilist"] = [[0.01]], [[3.0]]
        f["measurement/instrument/detector/exposure_period"] = [[0.1]]
        for folder in ("/", "/exchange", "/xpcs", "/measurement/instrument/detector"):
            h5py.h5d.create(f[folder].id, b"Gr\xf6\xdfe", h5py.h5t.NATIVE_DOUBLE, h5py.h5s.create(h5py.h5s.SCALAR))
            # A group of the newest form keeps its names elsewhere once they are more than eight.
            for k in range(12 if form == "many" else 0):
                f[folder][f"other {k}"] = h5py.SoftLink("/xpcs") if k % 2 else 1.0
