//! Amounts of money: decimals that lose nothing on the way.

use std::fmt;
use std::hash::{Hash, Hasher};

use rust_decimal::Decimal;
use serde_json::{Number, Value};

use super::json::{Extent, FromJson, ToJson};
use super::place::{Misfit, Place};
use super::scalar::Scalar;
use super::tree::Json;

/// An amount of money, kept as it came: a number stays a number, a text stays a text.
///
/// Text is exact and keeps its scale (`"12.50"` has two decimal places). A JSON number is read through the shortest
/// decimal form of its 64-bit float, which is exact for up to 15 significant digits. Two amounts are equal if their
/// values are, whatever their forms; texts that hold no amount are kept too, and equal by their letters.
///
/// # Examples
/// ```
/// use auth_core::model::{Decimal, FromJson, Money, Place, ToJson};
///
/// let price = Money::from_json("12.50".into(), &Place::root())?;
/// assert_eq!(price.amount(), Some(Decimal::new(1250, 2)));
/// assert_eq!(price.to_json(), "12.50");
/// assert_eq!(price, Money::from(Decimal::new(125, 1)));
///
/// // What a provider wants as a number, and what as a text.
/// assert_eq!(Money::from(Decimal::new(1250, 2)).to_json(), 12.5);
/// assert_eq!(Money::sent_as_text(Decimal::new(500, 2)).to_json(), "5.00");
/// # Ok::<(), auth_core::model::Misfit>(())
/// ```
#[derive(Clone, Debug)]
pub struct Money(Scalar);

impl Money {
    /// An amount that is sent as text, for providers that want it so.
    pub fn sent_as_text(amount: Decimal) -> Self {
        Self(Scalar::Text(amount.to_string()))
    }

    /// The amount; `None` if the text holds none, as in `""`, or if it is beyond 28 digits.
    pub fn amount(&self) -> Option<Decimal> {
        let text = self.0.text();
        let text = text.trim();
        let plain = match text.contains(['e', 'E']) {
            true => Decimal::from_scientific(text),
            false => Decimal::from_str_exact(text),
        };
        plain.ok()
    }

    /// The text or number as it came.
    pub fn scalar(&self) -> &Scalar {
        &self.0
    }
}

/// An amount that is sent as a number; as text where a JSON number can't hold all its digits.
impl From<Decimal> for Money {
    fn from(amount: Decimal) -> Self {
        let text = amount.normalize().to_string();
        match number(&text).map(Scalar::Number).map(Self) {
            Some(money) if money.amount() == Some(amount) => money,
            _ => Self::sent_as_text(amount),
        }
    }
}

/// The JSON number that is nearest to a decimal.
fn number(decimal: &str) -> Option<Number> {
    match decimal.parse::<i64>() {
        Ok(integer) => Some(integer.into()),
        Err(_) => Number::from_f64(decimal.parse().ok()?),
    }
}

impl PartialEq for Money {
    fn eq(&self, other: &Self) -> bool {
        match (self.amount(), other.amount()) {
            (Some(one), Some(other)) => one == other,
            (None, None) => self.0.text() == other.0.text(),
            _ => false,
        }
    }
}

impl Eq for Money {}

impl Hash for Money {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.amount() {
            Some(amount) => amount.hash(state),
            None => self.0.text().hash(state),
        }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.text())
    }
}

impl FromJson for Money {
    fn read(value: Json<'_>, place: &Place<'_>) -> Result<Self, Misfit> {
        match Scalar::read(value, place) {
            Ok(amount @ (Scalar::Number(_) | Scalar::Text(_))) => Ok(Self(amount)),
            _ => Err(place.misfit("expected an amount: a number or a text")),
        }
    }
}

impl ToJson for Money {
    fn encode(&self, extent: Extent) -> Value {
        self.0.encode(extent)
    }
}
