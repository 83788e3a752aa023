//! Decides whether a sign-in has exactly the parameters that a vendor's page gives, each in its place.

use http::Method;

use crate::answer::Problem;
use crate::form::{self, Pairs, shown};
use crate::inbound::Inbound;

/// One parameter of a table.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Field {
    /// Must be there.
    Must(&'static str),
    /// May be there.
    May(&'static str),
}

impl Field {
    const fn name(self) -> &'static str {
        match self {
            Self::Must(name) | Self::May(name) => name,
        }
    }
}

/// How a token request may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Form,
    Json,
    /// Where the vendor's prose and sample disagree.
    FormOrJson,
}

/// One grant of one token endpoint: everything it may carry beside `grant_type`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grant {
    pub(crate) name: &'static str,
    pub(crate) encoding: Encoding,
    pub(crate) body: &'static [Field],
    pub(crate) query: &'static [Field],
}

/// A token request whose form is right; its values are still to be judged.
#[derive(Debug)]
pub(crate) struct SignIn {
    pub(crate) grant: &'static str,
    pub(crate) body: Params,
    pub(crate) query: Params,
}

/// Parameters that a table let through.
#[derive(Debug)]
pub(crate) struct Params(Pairs);

impl Params {
    /// An optional parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// A parameter that the table demands; [`check`] has made sure of it.
    pub(crate) fn need(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }
}

/// What is let through in lenient mode, and the trace of it.
#[derive(Debug)]
pub(crate) struct Notes {
    pub(crate) lenient: bool,
    pub(crate) warnings: Vec<String>,
}

impl Notes {
    /// Lets something superfluous pass with a warning, or refuses it.
    pub(crate) fn superfluous(&mut self, reason: String) -> Result<(), Problem> {
        if !self.lenient {
            return Err(Problem::malformed(reason));
        }
        self.warnings.push(reason);
        Ok(())
    }
}

/// Reads a token request against the grants of its endpoint.
pub(crate) fn sign_in(
    inbound: &Inbound,
    grants: &'static [Grant],
    notes: &mut Notes,
) -> Result<SignIn, Problem> {
    if inbound.method != Method::POST {
        return Err(Problem::malformed("the token endpoint takes POST only"));
    }
    let (encoding, mut pairs) = body(inbound, grants)?;
    let grant_type = take_grant_type(&mut pairs)?;
    let Some(grant) = grants.iter().find(|grant| grant.name == grant_type) else {
        return Err(Problem {
            code: Some("unsupported_grant_type"),
            ..Problem::malformed("this endpoint does not know the grant_type")
        });
    };
    if grant.encoding != encoding && grant.encoding != Encoding::FormOrJson {
        return Err(wrong_type(grant.encoding));
    }
    let body = check(pairs, grant.body, ("body", grant.query, "query"), notes)?;
    let query = check(
        inbound.query()?,
        grant.query,
        ("query", grant.body, "body"),
        notes,
    )?;
    Ok(SignIn {
        grant: grant.name,
        body,
        query,
    })
}

fn body(inbound: &Inbound, grants: &[Grant]) -> Result<(Encoding, Pairs), Problem> {
    let flawed = |flaw| Problem::malformed(format!("the body {flaw}"));
    let takes = |encoding| grants.iter().any(|grant| grant.encoding == encoding);
    match inbound.content_type()? {
        Some("application/x-www-form-urlencoded") if !takes(Encoding::Json) => {
            let text = std::str::from_utf8(&inbound.body).map_err(|_| flawed("is not UTF-8"))?;
            Ok((Encoding::Form, form::parse(text).map_err(flawed)?))
        }
        Some("application/json") if takes(Encoding::Json) || takes(Encoding::FormOrJson) => Ok((
            Encoding::Json,
            form::members(&inbound.body).map_err(flawed)?,
        )),
        _ if takes(Encoding::Json) => Err(wrong_type(Encoding::Json)),
        _ => Err(wrong_type(Encoding::Form)),
    }
}

fn wrong_type(due: Encoding) -> Problem {
    let name = match due {
        Encoding::Json => "application/json",
        Encoding::Form | Encoding::FormOrJson => "application/x-www-form-urlencoded",
    };
    Problem::malformed(format!("the content type must be {name}"))
}

fn take_grant_type(pairs: &mut Pairs) -> Result<String, Problem> {
    let Some(at) = pairs.iter().position(|(name, _)| name == "grant_type") else {
        return Err(Problem::malformed("`grant_type` is missing in the body"));
    };
    let (_, value) = pairs.remove(at);
    if pairs.iter().any(|(name, _)| name == "grant_type") {
        return Err(Problem::malformed("`grant_type` is doubled in the body"));
    }
    Ok(value)
}

/// Holds `pairs` against a table; `place` names where they stood, and what belongs into which other place instead.
pub(crate) fn check(
    pairs: Pairs,
    fields: &[Field],
    (place, others, other_place): (&str, &[Field], &str),
    notes: &mut Notes,
) -> Result<Params, Problem> {
    let named = |fields: &[Field], name: &str| fields.iter().any(|field| field.name() == name);
    for (at, (name, value)) in pairs.iter().enumerate() {
        let earlier = pairs.get(..at).unwrap_or_default();
        let label = shown(name);
        if earlier.iter().any(|(known, _)| known == name) {
            return Err(Problem::malformed(format!(
                "`{label}` is doubled in the {place}"
            )));
        }
        if !named(fields, name) {
            if named(others, name) {
                return Err(Problem::malformed(format!(
                    "`{label}` belongs into the {other_place}, not into the {place}"
                )));
            }
            notes.superfluous(format!("unknown parameter `{label}` in the {place}"))?;
        } else if value.is_empty() {
            return Err(Problem::malformed(format!(
                "`{label}` is empty in the {place}"
            )));
        }
    }
    for field in fields {
        if let Field::Must(name) = field
            && !pairs.iter().any(|(known, _)| known == name)
        {
            return Err(Problem::malformed(format!(
                "`{name}` is missing in the {place}"
            )));
        }
    }
    Ok(Params(pairs))
}
