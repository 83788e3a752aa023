//! Prints this provider's section of `docs/dialects.md`; `cargo xtask codegen` runs it.
#![expect(clippy::print_stdout, reason = "the program's output is its purpose")]

const OPTIONS: &str = "Options, off by default: `TokenBody::Json` writes the v4 code exchange as JSON; `token_site_id` \
    sends `siteId` in the query of v4 token requests; `scope` asks the authorization page for one; \
    `OAuthClient::secret_with_code` sends the secret with the v4 code. `state` is always ours. An API \
    key travels as HTTP Basic, `email:key`, and on dash platforms with `siteId` in the query, once. \
    A star marks what no seed document says.";

fn main() {
    println!("## Comm100\n");
    for dialect in [
        comm100::DASH_V4,
        comm100::HOSTED_V2,
        comm100::PARTNER_V2,
        comm100::PARTNER_V4,
    ] {
        println!("{}", dialect.to_markdown());
    }
    println!("{OPTIONS}\n");
}
