//! Parts of a result whose written form is not that of their type. It knows no file.

use serde::{Deserialize, Deserializer};

/// JSON has no word for what is not a number but null.
pub fn or_not_a_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Option::deserialize(deserializer).map(|number: Option<f64>| number.unwrap_or(f64::NAN))
}

/// The verdict, also under the name that users of homodyne know.
pub mod judgement {
    use crate::outcome::verdict::Verdict;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Written {
        verdict: Verdict,
        convergence_status: Verdict,
    }

    pub fn serialize<S: Serializer>(verdict: &Verdict, serializer: S) -> Result<S::Ok, S::Error> {
        Written { verdict: *verdict, convergence_status: *verdict }.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Verdict, D::Error> {
        Written::deserialize(deserializer).map(|written| written.verdict)
    }
}

/// The kind of the errors, with what it means.
pub mod method_in_words {
    use crate::outcome::parameter::UncertaintyMethod;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    const MEANING: &str = "uncertainty: speckle is the noise of speckles and photons in closed form; frame_robust allows for what \
residuals of pairs that share frames or speckles have in common (dyadic-robust sandwich with a kernel in time); plain takes pairs as \
independent. uncertainty_plain is always the latter";

    #[derive(Serialize, Deserialize)]
    struct Written {
        uncertainty_method: UncertaintyMethod,
        uncertainty_meaning: String,
    }

    pub fn serialize<S: Serializer>(kind: &UncertaintyMethod, serializer: S) -> Result<S::Ok, S::Error> {
        Written { uncertainty_method: *kind, uncertainty_meaning: MEANING.into() }.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UncertaintyMethod, D::Error> {
        Written::deserialize(deserializer).map(|written| written.uncertainty_method)
    }
}

/// Parameters as a mapping from their names, in order.
pub mod by_name {
    use crate::outcome::parameter::ParameterResult;
    use serde::de::{MapAccess, Visitor};
    use serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer>(parameters: &[ParameterResult], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(parameters.iter().map(|parameter| (&parameter.name, parameter)))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ParameterResult>, D::Error> {
        deserializer.deserialize_map(InOrder)
    }

    struct InOrder;

    impl<'de> Visitor<'de> for InOrder {
        type Value = Vec<ParameterResult>;

        fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            out.write_str("parameters by name")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
            let mut parameters = Vec::new();
            while let Some((name, parameter)) = members.next_entry::<String, ParameterResult>()? {
                // Earlier programs wrote the end of a 68 % interval for one of 95 % that was not found.
                parameters.push(ParameterResult { name, ..parameter }.with_ends_apart());
            }
            Ok(parameters)
        }
    }
}
