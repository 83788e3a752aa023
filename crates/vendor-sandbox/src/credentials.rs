//! The accounts that the sandbox knows: invented values, chosen to be awkward to encode.
//!
//! They are public on purpose and open nothing but a sandbox.

/// Email of the Comm100 agent, who also signs in on the authorization pages.
pub const COMM100_EMAIL: &str = "agent@example.com";
/// Password of the Comm100 agent; only a form body that is encoded exactly once delivers it.
pub const COMM100_PASSWORD: &str = "not+a/real:pass%word&at=all é";
/// API key of the Comm100 agent, the password of HTTP Basic.
pub const COMM100_API_KEY: &str = "fake+api/key:100%&more=ñ";
/// The Comm100 site, `siteId` on the wire.
pub const COMM100_SITE_ID: u64 = 10_000;
/// Comm100 OAuth client of both the v4 and the v2 panel.
pub const COMM100_CLIENT_ID: &str = "0a1b2c3d-sandbox-client";
/// Secret of [`COMM100_CLIENT_ID`].
pub const COMM100_CLIENT_SECRET: &str = "fake+client/secret:50%&x=ü";
/// Redirect URI registered for [`COMM100_CLIENT_ID`]; it may carry a query.
pub const COMM100_REDIRECT_URI: &str = "https://app.example.com/comm100/callback";
/// Loopback redirect URIs registered for [`COMM100_CLIENT_ID`]; a request may add any port (RFC 8252, section 7.3).
pub const COMM100_LOOPBACK_REDIRECT_URIS: [&str; 2] =
    ["http://127.0.0.1/callback", "http://[::1]/callback"];
/// Email of the Comm100 partner.
pub const COMM100_PARTNER_EMAIL: &str = "partner@example.com";
/// Password of the Comm100 partner.
pub const COMM100_PARTNER_PASSWORD: &str = "partner+pass/word:%41&b=ö";
/// Comm100 OAuth client of the partner panel.
pub const COMM100_PARTNER_CLIENT_ID: &str = "4d5e6f70-sandbox-partner";
/// The Comm100 partner, `partnerId` on the wire.
pub const COMM100_PARTNER_ID: u64 = 20_000;
/// ID of the Communic8 token, the OAuth client id.
pub const COMMUNIC8_TOKEN_ID: &str = "65f0c8a1b2c3d4e5f6a7b8c9";
/// Value of the Communic8 token: the static token and the OAuth client secret. ASCII, since it travels in a header.
pub const COMMUNIC8_TOKEN: &str = "fake+c8/token:75%&y==";
/// WebCommander store user.
pub const WEBCOMMANDER_USERNAME: &str = "store@example.com";
/// Password of the WebCommander store user.
pub const WEBCOMMANDER_PASSWORD: &str = "store+pass/word:%26&c=å";
/// WebCommander application.
pub const WEBCOMMANDER_CLIENT_ID: &str = "00000000sandbox0000000000client0";
/// Secret of the WebCommander application.
pub const WEBCOMMANDER_CLIENT_SECRET: &str = "fake+wc/secret:%3D&z=ø";
/// Redirect URI registered for the WebCommander application.
pub const WEBCOMMANDER_REDIRECT_URI: &str = "https://app.example.com/webcommander/callback";
/// The old password that WebCommander's change-password call accepts for every customer.
pub const WEBCOMMANDER_CUSTOMER_PASSWORD: &str = "customer-old-password";
/// Those of these values that open something: none of them may be shown by a client.
pub const SECRETS: &[&str] = &[
    COMM100_PASSWORD,
    COMM100_API_KEY,
    COMM100_CLIENT_SECRET,
    COMM100_PARTNER_PASSWORD,
    COMMUNIC8_TOKEN,
    WEBCOMMANDER_PASSWORD,
    WEBCOMMANDER_CLIENT_SECRET,
    WEBCOMMANDER_CUSTOMER_PASSWORD,
];
