//! Explanations of what is wrong with a file as a whole. They do not speak of what is in its matrices.

use crate::error::explanation::Explanation;

pub(in crate::error) const E01: Explanation = Explanation {
    meaning: "The path leads to nothing that can be read as what is asked for: no file or folder of that name, a folder in place of a file, a pipe or a device, \
              or a path that the system cannot follow.",
    cause: "A slip in the name, a disk that is not mounted, or a path that is relative to another place than thought: \
            data paths in a configuration are relative to the configuration file, paths on the command line to where \
            you stand.",
    remedies: &[
        "Compare with the names nearby, which the message lists.",
        "Give the whole path in `experimental_data.file_path`, or folder and name in \
         `experimental_data.data_folder_path` and `experimental_data.data_file_name`.",
    ],
};

pub(in crate::error) const E02: Explanation = Explanation {
    meaning: "The file is there and has no content.",
    cause: "The program that writes it has just begun or has failed, a copy was broken off, or the disk was full.",
    remedies: &[
        "Look at the file's size at its origin, and copy it again.",
        "If it is empty there too, look at the log of the correlation and run that again.",
    ],
};

pub(in crate::error) const E03: Explanation = Explanation {
    meaning: "The first bytes are not those of an HDF5 file. The kind of a file is told by its content, never by its \
              name; the message says what it looks like instead. `homodyne adopt` expects Parquet or Arrow IPC files, and \
              looks at every file of a folder whose name does not begin with a dot or an underscore.",
    cause: "The wrong file is named, or the data were saved by an analysis script in a form of its own.",
    remedies: &[
        "Name the HDF5 result file that the beamline's correlation has written.",
        "A git-lfs pointer stands for data that were not fetched: run `git lfs pull`.",
        "Arrays of NumPy, MATLAB v5 files, pickles and PyTorch archives are not read. Load them where they were made, \
         and save the matrices with h5py in one of the layouts that E06 names. Pickles are never read, because opening \
         one can run any code.",
    ],
};

pub(in crate::error) const E04: Explanation = Explanation {
    meaning: "The file ends before its content does, or a part of it cannot be decoded. Nothing of it is used, as what \
              is missing could be anywhere.",
    cause: "A copy or transfer was broken off, the file is still being written (the beamline's program uses names that \
            end in .temp until it has finished), or a disk has failed.",
    remedies: &[
        "Wait until the file has its final name and a size that no longer grows.",
        "Compare size or checksum with the original, and copy it again.",
        "If `h5dump -H FILE` fails on the original too, the correlation has to be run again.",
    ],
};

pub(in crate::error) const E05: Explanation = Explanation {
    meaning: "The file is there, and the operating system does not let you read it.",
    cause: "It belongs to another user or group, often the account of the beamline, or a network disk refuses it.",
    remedies: &[
        "Look at owner and permissions with `ls -l FILE`, and ask the owner for the right to read.",
        "On a network disk, copy the file to a local one.",
    ],
};

pub(in crate::error) const E06: Explanation = Explanation {
    meaning: "A fit needs matrices of the two-time correlation c2(t1, t2), and the file holds none where the wanted \
              layout, or any known one, keeps them. The message lists what the file does hold.",
    cause: "The file holds detector frames, or results of another program; or a layout is asked for that is not the \
            file's.",
    remedies: &[
        "Check that this is the result file of a two-time correlation: `homodyne inspect FILE` shows what is found.",
        "Leave `experimental_data.layout` and --layout out: the layout is found by the content.",
        "The layouts that are read are aps_u (matrices in /xpcs/twotime/correlation_map) and aps_legacy (matrices in a \
         group C2T_all, below /exchange as a rule).",
    ],
};

pub(in crate::error) const E07: Explanation = Explanation {
    meaning: "The file is a result of a multi-tau correlation: g2 as a function of the lag alone. How the sample ages \
              and flows is averaged away in it, so this program cannot fit it.",
    cause: "The correlation was run without two-time analysis, or only its multi-tau result was copied.",
    remedies: &["Run boost_corr again with -t Twotime or -t Both, and name that result."],
};

pub(in crate::error) const E36: Explanation = Explanation {
    meaning: "HDF5 and Parquet compress data with exchangeable filters. This dataset or table uses one that the program cannot \
              undo.",
    cause: "The file was written or repacked with a filter other than gzip, LZF and shuffle, for instance blosc, \
            bitshuffle or zstd.",
    remedies: &[
        "Rewrite the file: `h5repack -f GZIP=4 IN OUT`. The filter's plugin must be installed where you do that; with \
         Python, `pip install hdf5plugin` brings most of them.",
        "Write Parquet tables with zstd, snappy, gzip or lz4.",
    ],
};

pub(in crate::error) const E37: Explanation = Explanation {
    meaning: "The file lists an object that cannot be opened.",
    cause: "The object's description is damaged or incomplete, or it uses a feature of HDF5 that is not read. Links to \
            other files, and links that lead nowhere, are not followed: where something is looked for, they are refused rather \
            than taken for absence.",
    remedies: &[
        "Look at the dataset with `h5dump -H -d PATH FILE`; if that fails too, copy the file again.",
        "Put data that a link points to into the file itself.",
    ],
};

pub(in crate::error) const E38: Explanation = Explanation {
    meaning: "Every worker thread holds one whole matrix and what it is decoded from, or the pairs of an adopted angle. All together that is more than \
              the memory that is free now, so nothing was read.",
    cause: "Matrices of very many frames, many threads, other programs on the same machine, or the memory limit of a \
            container or batch job.",
    remedies: &[
        "Use fewer threads: --threads 1 needs the least.",
        "If the message names `ulimit -v`, raise that limit of the address space: some 200 MB are needed for any work.",
        "Ask the batch system for more memory, or use a larger machine for `homodyne ingest` alone: what comes after it \
         needs little.",
    ],
};

pub(in crate::error) const E39: Explanation = Explanation {
    meaning: "A dataset says that it has more values than any correlation has: a matrix of more than 100 000 frames, or \
              a list of more than 2^27 numbers. It is refused before memory is asked for.",
    cause: "The file is damaged, or another kind of dataset stands under the name of a matrix or list.",
    remedies: &[
        "Look at the shape with `h5ls -r FILE`.",
        "If there are that many frames, average or stride them in the correlation.",
    ],
};

pub(in crate::error) const E47: Explanation = Explanation {
    meaning: "The file holds two-time data in two layouts. With as many frames in both, the first known layout is read \
              and this is a warning; with different ones it is an error, as nobody can know which data are meant.",
    cause: "An older correlation of the same measurement was left in the file, or a converter has added its own copy.",
    remedies: &[
        "Say which one to read: `experimental_data.layout` or --layout, with aps_u or aps_legacy.",
        "Look at both with `homodyne inspect FILE`.",
    ],
};

pub(in crate::error) const E40: Explanation = Explanation {
    meaning: "The length of the file, or the time at which it was last written, changed between the beginning and the end of \
              reading. What was read first and what was read last need not belong to one measurement, so nothing is kept.",
    cause: "The correlation is still running, a copy or a synchronisation is under way, or the file was replaced.",
    remedies: &[
        "Wait until the file is complete, and run the same command again.",
        "Copy the file, and read the copy.",
    ],
};
