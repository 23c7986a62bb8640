//! Explanations of what is wrong with the table of bins: which matrix belongs to which q and phi.

use crate::error::explanation::Explanation;

pub(in crate::error) const E08: Explanation = Explanation {
    meaning: "The group that should hold the correlation matrices is there and holds none.",
    cause: "The correlation was broken off, was run without any bin for two-time analysis, or has written links to \
            matrices in other files: such links are not followed.",
    remedies: &[
        "Run the correlation again, with the wanted bins in its two-time selection.",
        "If `h5ls -r FILE` shows external links, copy what they point to into this file.",
    ],
};

pub(in crate::error) const E09: Explanation = Explanation {
    meaning: "In an APS-U file the k-th matrix belongs to the k-th entry of /xpcs/twotime/processed_bins. The numbers \
              of matrices and entries differ, or numbers are missing among the names, so that a matrix could get the q \
              and phi of another one.",
    cause: "The correlation was broken off, or matrices were taken out of the file by hand.",
    remedies: &[
        "Run the correlation again.",
        "If you know that the missing matrices were taken out and the others kept their names, use those with \
         `experimental_data.allow_missing: true`.",
    ],
};

pub(in crate::error) const E10: Explanation = Explanation {
    meaning: "A matrix carries a bin label that the map of bins does not have. Labels start at 1.",
    cause: "Result and map of bins belong to different partitions of the detector, or a script has written labels that \
            start at 0.",
    remedies: &["Correlate again with the partition (qmap) that belongs to the data."],
};

pub(in crate::error) const E11: Explanation = Explanation {
    meaning: "APS-U files number only the bins that contain pixels; dynamic_index_mapping leads from such a label to q \
              and phi. Without it, and with empty bins, q and phi of the matrices cannot be known: an error. Where every \
              bin has a label there is only one way to number them: that one is used, with a warning.",
    cause: "The file was written by an early version of the correlation, or copied in part.",
    remedies: &[
        "Copy /xpcs/qmap of the partition that was used into the file, or correlate again.",
        "After the warning, compare q and phi in `homodyne inspect FILE` with those of the partition.",
    ],
};

pub(in crate::error) const E12: Explanation = Explanation {
    meaning: "dynamic_index_mapping names a bin that the map does not have, or one bin twice.",
    cause: "The map was edited, damaged or put together from two partitions.",
    remedies: &["Make the partition anew and correlate again."],
};

pub(in crate::error) const E13: Explanation = Explanation {
    meaning: "dynamic_num_pts says how many values of q and phi the map has. The lists of their centres have other \
              lengths, so that labels would be read wrongly.",
    cause: "The map was put together from two partitions, or edited.",
    remedies: &["Make the partition anew and correlate again."],
};

pub(in crate::error) const E14: Explanation = Explanation {
    meaning: "The model needs q and phi of every bin. This detector was partitioned along other axes, such as x and y, \
              or qx and qy.",
    cause: "The partition was made for another purpose, often for grazing incidence.",
    remedies: &["Partition the detector in q and phi and correlate again. The order of the two axes does not matter."],
};

pub(in crate::error) const E33: Explanation = Explanation {
    meaning: "A matrix belongs to a bin whose q or phi is not a number. For bins without a matrix this does no harm.",
    cause: "The bin contains no pixels: it lies behind the beamstop, in a gap or beyond the edge of the detector.",
    remedies: &["Leave such bins out of the two-time selection, or mend the partition, and correlate again."],
};

pub(in crate::error) const E34: Explanation = Explanation {
    meaning: "Two of the selected matrices have the same q and phi, so that one measurement would count twice, or one \
              of the two has the wrong bin. Angles that differ by 360 degrees are the same.",
    cause: "The list of angles goes round the circle once too often, or a script has copied a matrix.",
    remedies: &[
        "Look at both matrices, which the message names, and take one of them out of the file.",
        "Mend the angles of the partition and correlate again.",
    ],
};

pub(in crate::error) const E51: Explanation = Explanation {
    meaning: "Beside the matrices a file must say which q and phi they have, and how its frames follow each other. One \
              of these lists is not there, or there are several numbers where one is expected.",
    cause: "The matrices were copied without the rest of the file, or a script has written them under the names of a \
            layout but without everything that belongs to it.",
    remedies: &[
        "Take the original result file.",
        "Add what is missing at the place that the message names: q in 1/angstrom, phi in degrees.",
    ],
};
