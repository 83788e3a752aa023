//! The pages that a person sees: plain HTML without a script, every value escaped.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use url::{Host, Url};

use crate::answer::Answer;
use crate::consent::Ask;
use crate::person::Panel;

const STYLE: &str = "
*{box-sizing:border-box}
body{margin:0;min-height:100vh;padding:2rem 1rem;background:#eef1f5;color:#1d2733;
font:16px/1.5 system-ui,-apple-system,'Segoe UI','Liberation Sans',sans-serif}
main{max-width:26rem;margin:4vh auto 0;padding:2rem;background:#fff;border:1px solid #d8dee6;border-radius:10px}
header{margin:0 0 1.25rem;color:#5a6777;font-size:.85rem;font-weight:600}
h1{margin:0 0 .75rem;font-size:1.5rem;line-height:1.25}
p{margin:0 0 1rem}
dl{margin:0 0 1.25rem;padding:.75rem 1rem;background:#f6f8fa;border-radius:6px}
dt{color:#5a6777;font-size:.8rem}
dd{margin:0 0 .5rem;overflow-wrap:anywhere}
dd:last-child{margin:0}
label{display:block;margin:0 0 1rem;font-size:.9rem;font-weight:600}
input{display:block;width:100%;margin-top:.25rem;padding:.55rem .7rem;border:1px solid #9aa7b5;border-radius:6px;font:inherit;font-weight:400}
.buttons{display:flex;gap:.75rem}
button{flex:1;padding:.65rem 1rem;border:1px solid #1558b0;border-radius:6px;background:#1558b0;color:#fff;font:inherit;font-weight:600;cursor:pointer}
button.other{background:#fff;color:#1558b0}
input:focus,button:focus-visible{outline:3px solid #9cc3f5;outline-offset:1px}
.wrong{padding:.6rem .8rem;background:#fdecea;border-left:4px solid #b3261e;border-radius:4px}
footer{margin-top:1.5rem;padding-top:1rem;border-top:1px solid #e4e8ed;color:#5a6777;font-size:.8rem}
code{font:.85em ui-monospace,'Liberation Mono',monospace;overflow-wrap:anywhere}
";

/// Asks for email and password.
pub(crate) fn sign_in(panel: &Panel, ticket: &str, ask: &Ask, is_mistyped: bool) -> Answer {
    let wrong = match is_mistyped {
        true => {
            "<p class=\"wrong\" role=\"alert\">Wrong email or password. Please try again.</p>\n"
        }
        false => "",
    };
    let content = format!(
        r#"<h1>Sign in</h1>
<p>to go on to <strong>{client}</strong></p>
{wrong}<form method="post" action="{path}/sign-in">
<input type="hidden" name="ticket" value="{ticket}">
<label>Email <input type="email" name="email" autocomplete="username" required></label>
<label>Password <input type="password" name="password" autocomplete="current-password" required></label>
<div class="buttons"><button type="submit">Sign in</button></div>
</form>
<footer>This is a sandbox. Its one account is <code>{email}</code> with the password <code>{password}</code>, which opens
nothing else.</footer>
"#,
        path = html(panel.path),
        client = html(&ask.client_id),
        ticket = html(ticket),
        email = html(panel.email),
        password = html(panel.password),
    );
    page(panel, 200, "Sign in", &content, "'self'")
}

/// Asks whether the client may have what it wants.
pub(crate) fn consent(panel: &Panel, ticket: &str, ask: &Ask) -> Answer {
    let account = (panel.account)().map(|(what, name)| {
        let (what, name) = (html(what), html(&name));
        format!("<dt>{what}</dt><dd>{name}</dd>\n")
    });
    let account = account.unwrap_or_default();
    let content = format!(
        r#"<h1>Allow access?</h1>
<p><strong>{client}</strong> asks to read and change the data of your site.</p>
<dl>
<dt>You are signed in as</dt><dd>{email}</dd>
{account}<dt>The answer goes to</dt><dd><code>{redirect}</code></dd>
</dl>
<form method="post" action="{path}/decision">
<input type="hidden" name="ticket" value="{ticket}">
<div class="buttons">
<button type="submit" name="decision" value="approve">Approve</button>
<button type="submit" name="decision" value="deny" class="other">Deny</button>
</div>
</form>
"#,
        path = html(panel.path),
        client = html(&ask.client_id),
        email = html(panel.email),
        redirect = html(&ask.redirect_uri),
        ticket = html(ticket),
    );
    let targets = format!("'self' {}", source(&ask.redirect_uri));
    page(panel, 200, "Allow access?", &content, &targets)
}

/// Says that a question has had its answer.
pub(crate) fn answered(panel: &Panel, approved: bool) -> Answer {
    let said = if approved { "approved" } else { "denied" };
    let content = format!(
        "<h1>Already answered</h1>\n<p>You have {said} this request, and it counts once.</p>\n\
         <p>Go back to the application. To sign in again, or to decide otherwise, start there anew.</p>\n"
    );
    page(panel, 410, "Already answered", &content, "'none'")
}

/// Says that there is no such question.
pub(crate) fn unknown(panel: &Panel) -> Answer {
    let content = "<h1>Nothing to answer</h1>\n<p>This address belongs to no request that is known here.</p>\n\
                   <p>Go back to the application and start the sign-in there anew.</p>\n";
    page(panel, 404, "Nothing to answer", content, "'none'")
}

/// A page that loads nothing, runs nothing, stands in no frame, is kept nowhere, and sends its forms to `targets` only.
fn page(panel: &Panel, status: u16, title: &str, content: &str, targets: &str) -> Answer {
    let vendor = html(panel.vendor);
    let body = format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} - {vendor} sandbox</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<header>{vendor} sandbox</header>
{content}</main>
</body>
</html>
"#
    );
    let style = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action {targets}; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    Answer::html(status, body)
        .with("cache-control", "no-store".to_owned())
        .with("content-security-policy", policy)
        // Not `no-referrer`, under which browsers don't say where a form came from.
        .with("referrer-policy", "same-origin".to_owned())
        .with("x-content-type-options", "nosniff".to_owned())
}

/// The redirect URI's origin as a policy names it: browsers hold redirects after a form against `form-action` too.
fn source(redirect_uri: &str) -> String {
    match Url::parse(redirect_uri) {
        // A policy's grammar has no IPv6 addresses, so that it can't be narrower.
        Ok(url) if matches!(url.host(), Some(Host::Ipv6(_))) => format!("{}:", url.scheme()),
        Ok(url) => url.origin().ascii_serialization(),
        Err(_) => "'none'".to_owned(),
    }
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
