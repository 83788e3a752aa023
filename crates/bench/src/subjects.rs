//! Ours and the peers behind one trait: each gives the header that authorizes a request now.

mod aws;
mod azure;
mod google;
mod oauth2_lock;
mod ours;
mod yup;

use anyhow::Result;
use http::HeaderValue;

pub use aws::{Aws, AwsShort};
pub use azure::{Azure, AzurePolicy, get, pipeline};
pub use google::Google;
pub use oauth2_lock::OAuth2Lock;
pub use ours::{Limit, Ours, Ready, client};
pub use yup::{KEY, Yup, private_key};

/// Who gives a header.
pub trait Subject: Sized + Send + Sync + 'static {
    /// What it hands out.
    type Header: Header;
    /// Why it can't.
    type Error: Send + Sync + Into<anyhow::Error>;

    /// Makes it for the server at `url`; nothing is asked for yet.
    fn new(url: &str) -> impl Future<Output = Result<Self>> + Send;

    /// The header for a request now, in the form in which it is handed out; waits for a token where there is none.
    fn header(&self) -> impl Future<Output = Result<Self::Header, Self::Error>> + Send;
}

/// What holds a header's value.
pub trait Header: Send {
    /// The value, to be put into a request.
    fn into_value(self) -> HeaderValue;
}

impl Header for HeaderValue {
    fn into_value(self) -> HeaderValue {
        self
    }
}

impl Header for auth_core::Authorization {
    fn into_value(self) -> HeaderValue {
        self.value().clone()
    }
}

/// Calls a generic function for the subject of that name: `call!(name, function(arguments))`.
#[macro_export]
macro_rules! for_subject {
    ($name:expr, $function:ident($($argument:expr),* $(,)?)) => {
        match $name {
            "limit" => $function::<$crate::subjects::Limit>($($argument),*).await,
            "ready" => $function::<$crate::subjects::Ready>($($argument),*).await,
            "ours" => $function::<$crate::subjects::Ours>($($argument),*).await,
            "oauth2" => $function::<$crate::subjects::OAuth2Lock>($($argument),*).await,
            "yup" => $function::<$crate::subjects::Yup>($($argument),*).await,
            "google" => $function::<$crate::subjects::Google>($($argument),*).await,
            "azure" => $function::<$crate::subjects::Azure>($($argument),*).await,
            "azure-policy" => $function::<$crate::subjects::AzurePolicy<true>>($($argument),*).await,
            "azure-bare" => $function::<$crate::subjects::AzurePolicy<false>>($($argument),*).await,
            "aws" => $function::<$crate::subjects::Aws>($($argument),*).await,
            other => Err(anyhow::anyhow!("there is no subject called `{other}`")),
        }
    };
}
pub use crate::for_subject;

/// Each subject that keeps a token, and how the tables call it.
pub const TOKEN_KEEPERS: &[(&str, &str)] = &[
    ("ours", "ours: `Session::authorization`"),
    ("oauth2", "oauth2 behind a tokio mutex"),
    ("yup", "yup-oauth2"),
    ("google", "google-cloud-auth"),
    ("azure", "azure_identity"),
    ("aws", "aws-smithy-runtime's identity cache"),
];
