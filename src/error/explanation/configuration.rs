//! Explanations of what is wrong with a configuration, the command line, or what they ask of model and machine.

use crate::error::explanation::Explanation;

pub(in crate::error) const E60: Explanation = Explanation {
    meaning: "The configuration could not be parsed as YAML, or it is not a mapping of keys to values.",
    cause: "A bracket or quote that is not closed, a tab, keys that are not indented alike, or another kind of file.",
    remedies: &[
        "Go to the line and column of the message; the slip may stand in the line above.",
        "Begin anew from `homodyne config init laminar_flow` and fill in your values.",
    ],
};

pub(in crate::error) const E61: Explanation = Explanation {
    meaning: "The configuration has a key that neither this program nor the Python programs homodyne and xpcsjax know. It \
              would have no effect, and you would not notice, so nothing is run.",
    cause: "A slip in the name, or a key at the wrong level: names count with all the sections above them. In a file, \
            sections stand within each other; dotted keys are for --set.",
    remedies: &[
        "Compare with the nearest known key, which the message names.",
        "`homodyne config show CONFIG` lists every key that has an effect.",
    ],
};

pub(in crate::error) const E62: Explanation = Explanation {
    meaning: "A value that is needed is not given, or a value is of another kind than expected, or lies outside what is \
              possible. That goes for the configuration and for the command line; the message says where it stands and \
              what is expected.",
    cause: "A slip, a unit that was written along with the number, or a needed value that was left out: the mode, the \
            data file, q if the file has several, and the gap for laminar flow have no default.",
    remedies: &[
        "Correct the value at the place that the message names.",
        "`homodyne config init laminar_flow` prints a configuration with all needed keys, their units and their \
         choices; `homodyne config validate CONFIG` checks one without running it.",
    ],
};

pub(in crate::error) const E63: Explanation = Explanation {
    meaning: "The bounds of a parameter are not two finite numbers in ascending order, or the value that it is fixed at or \
              started from lies outside its bounds.",
    cause: "min and max were swapped, or a parameter was fixed or started without widening its bounds.",
    remedies: &[
        "Correct the entry of that name in `parameter_space.bounds`; what is not given there has default bounds, which \
         `homodyne config show CONFIG` prints.",
        "Or change the value in `initial_parameters.fixed_parameters`, `initial_parameters.values` or \
         `initial_parameters.starts`.",
    ],
};

pub(in crate::error) const E64: Explanation = Explanation {
    meaning: "At the start values D(t) or the shear rate is too large for a number of the computer in some frame, so \
              that there is nothing to begin from.",
    cause: "Start values or bounds that are wrong by many orders of magnitude, often after a slip of units: D in \
            angstrom^2/s, shear rates in 1/s; or an exponent far from the range of -2 to 2.",
    remedies: &[
        "Start from the data: `initial_parameters.values: null`.",
        "Bring `parameter_space.bounds` to what the sample can do.",
    ],
};

pub(in crate::error) const E65: Explanation = Explanation {
    meaning: "Contrast and offset depend on the angle, and what is asked for does not match the angles of the data: \
              given values must be one for each angle, and a Fourier series of order n needs at least 2 n + 1 angles.",
    cause: "Angles were filtered or merged after the values were written down, or the measurement has few angles.",
    remedies: &[
        "Let the program choose: `optimization.nlsq.anti_degeneracy.per_angle_mode: auto`.",
        "Lower `optimization.nlsq.anti_degeneracy.fourier_order`, or give one value per angle in \
         `initial_parameters.per_angle_scaling.contrast` and `initial_parameters.per_angle_scaling.offset`.",
    ],
};

pub(in crate::error) const E66: Explanation = Explanation {
    meaning: "The estimate of the fit's memory exceeds all the memory of the machine, so it was not begun. A limit that \
              a container or batch job sets counts as the machine's memory.",
    cause: "The strategy stratified was asked for, which holds a row per pair of frames; or very many threads under a \
            small limit.",
    remedies: &[
        "Let the program choose: `optimization.nlsq.strategy: auto`. The strategy hybrid_streaming needs little, \
         whatever the size of the data.",
        "Use fewer --threads or smaller --block-points.",
        "`homodyne plan CONFIG` shows the estimates without running anything.",
    ],
};
