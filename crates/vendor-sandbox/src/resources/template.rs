//! Takes path templates apart and matches requests against them.

use percent_encoding::percent_decode_str;

/// A path with parameters, split at its slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template(pub(super) Vec<Segment>);

/// What stands between two slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    Literal(&'static str),
    /// A parameter, and the action behind it with its colon: `{id}:unlock`.
    Parameter(&'static str, &'static str),
}

impl Segment {
    fn of(text: &'static str) -> Self {
        let inner = text.strip_prefix('{').and_then(|text| text.split_once('}'));
        match inner {
            Some((name, action)) => Self::Parameter(name, action),
            None => Self::Literal(text),
        }
    }

    pub(super) const fn parameter(&self) -> Option<&'static str> {
        match self {
            Self::Parameter(name, _) => Some(*name),
            Self::Literal(_) => None,
        }
    }
}

/// Whether two literals are the same to the vendor: Comm100 does not tell capitals from small letters.
fn same(one: &str, other: &str, any_case: bool) -> bool {
    match any_case {
        true => one.eq_ignore_ascii_case(other),
        false => one == other,
    }
}

impl Template {
    pub(super) fn of(path: &'static str) -> Self {
        Self(
            path.trim_start_matches('/')
                .split('/')
                .map(Segment::of)
                .collect(),
        )
    }

    /// The values of the parameters, decoded, where `segments` fits.
    pub(super) fn matches(&self, segments: &[&str], any_case: bool) -> Option<Vec<Bound>> {
        if segments.len() != self.0.len() {
            return None;
        }
        let mut bound = Vec::new();
        for (segment, given) in self.0.iter().zip(segments) {
            match segment {
                Segment::Literal(text) if same(text, given, any_case) => {}
                Segment::Literal(_) => return None,
                Segment::Parameter(name, action) => {
                    let at = given.len().checked_sub(action.len())?;
                    let (value, rest) = given.split_at_checked(at)?;
                    if value.is_empty() || !same(rest, action, any_case) {
                        return None;
                    }
                    let value = percent_decode_str(value).decode_utf8().ok()?;
                    bound.push((*name, value.into_owned()));
                }
            }
        }
        Some(bound)
    }

    /// How much of it is fixed, from the left: of two that match, the greater one is meant.
    pub(super) fn rank(&self) -> Vec<usize> {
        let rank = |segment: &Segment| match segment {
            Segment::Literal(_) => usize::MAX,
            Segment::Parameter(_, action) => action.len(),
        };
        self.0.iter().map(rank).collect()
    }

    /// Whether it begins as the other one does, whatever the names of its parameters.
    pub(super) fn starts_with(&self, other: &[Segment], any_case: bool) -> bool {
        let fits = |(one, two): (&Segment, &Segment)| match (one, two) {
            (Segment::Literal(one), Segment::Literal(two)) => {
                // `chats:search` is an action on `chats`.
                let (one, two) = (bare(one), bare(two));
                same(one, two, any_case)
            }
            (Segment::Parameter(..), Segment::Parameter(..)) => true,
            _ => false,
        };
        self.0.len() >= other.len() && self.0.iter().zip(other).all(fits)
    }

    /// The path with values in place of the parameters; what has none stays empty.
    pub(super) fn filled(segments: &[Segment], values: &[Bound]) -> String {
        let mut path = String::new();
        for segment in segments {
            path.push('/');
            match segment {
                Segment::Literal(text) => path.push_str(bare(text)),
                Segment::Parameter(name, _) => {
                    let value = values.iter().find(|(known, _)| known == name);
                    path.push_str(value.map_or("", |(_, value)| value.as_str()));
                }
            }
        }
        path
    }
}

/// A literal without the action behind it.
pub(super) fn bare(literal: &str) -> &str {
    literal.split(':').next().unwrap_or_default()
}

/// A parameter of the path and its value.
pub(super) type Bound = (&'static str, String);

#[cfg(test)]
mod tests {
    use super::Template;

    fn matches(template: &'static str, path: &str, any_case: bool) -> Option<Vec<String>> {
        let segments: Vec<_> = path.trim_start_matches('/').split('/').collect();
        let bound = Template::of(template).matches(&segments, any_case)?;
        Some(bound.into_iter().map(|(_, value)| value).collect())
    }

    #[test]
    fn values_are_taken_from_their_places_and_decoded() {
        assert_eq!(
            matches("/a/{x}/b", "/a/1%202/b", false),
            Some(vec!["1 2".to_owned()])
        );
        assert_eq!(
            matches("/a/{x}:go", "/a/7:go", false),
            Some(vec!["7".to_owned()])
        );
        for path in ["/a/:go", "/a/7:GO", "/a/7", "/a/7:go/b", "/a/%ff:go"] {
            assert_eq!(matches("/a/{x}:go", path, false), None, "{path}");
        }
    }

    #[test]
    fn letters_may_be_of_any_case_where_the_vendor_says_so() {
        assert!(matches("/v4/chats:Search", "/V4/chats:search", true).is_some());
        assert!(matches("/v4/chats:Search", "/v4/chats:search", false).is_none());
    }

    #[test]
    fn a_fixed_segment_goes_before_an_action_and_that_before_a_parameter() {
        let rank = |path| Template::of(path).rank();
        assert!(rank("/a/count") > rank("/a/{x}:go"));
        assert!(rank("/a/{x}:go") > rank("/a/{x}"));
    }
}
