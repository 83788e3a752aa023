//! Signs a person in through the browser of the machine that the program runs on.

use auth_core::{Error, LoopbackSignIn};

use crate::{Client, ClientBuilder};

impl ClientBuilder {
    /// Signs a person in through the browser of this machine, and makes the client: for desktop and command-line
    /// programs. Needs the feature `loopback`.
    ///
    /// It needs [`oauth_client`](Self::oauth_client) and [`site_id`](Self::site_id); on v4 no secret, which a program on
    /// somebody else's machine could not keep (RFC 8252 section 8.5). The client's redirect URI is on loopback, or not
    /// set: then it is `http://127.0.0.1/callback`. Register that with Comm100; whether Comm100 accepts any port
    /// beside it, as RFC 8252 section 7.3 wants, is not documented. Where it does not, register one with a port, such as
    /// `http://127.0.0.1:8765/callback`, and set the same here.
    ///
    /// # Errors
    /// As for [`LoopbackSignIn::run`], and for [`Client::sign_in`].
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use vendor_sandbox::{Host, Sandbox, credentials};
    /// # let sandbox: &Sandbox = Box::leak(Box::new(Sandbox::start().await?));
    /// use comm100::{Client, LoopbackSignIn, OAuthClient, Platform};
    /// let builder = Client::builder(Platform::Dash11)
    /// #   .token_base(sandbox.url(Host::Comm100DashPanel)).api_base(sandbox.url(Host::Comm100DashApi));
    /// # let client_id = credentials::COMM100_CLIENT_ID;
    /// # let builder = builder
    ///     .site_id(10000)
    ///     .oauth_client(OAuthClient::new(client_id));
    /// let sign_in = LoopbackSignIn::new(|url| println!("Sign in at: {url}"));
    /// # let (shown, mut urls) = tokio::sync::mpsc::unbounded_channel();
    /// # let sign_in = LoopbackSignIn::new(move |url| { let _ = shown.send(url.clone()); }).no_browser();
    /// # tokio::spawn(async move {
    /// #     let callback = sandbox.approve(urls.recv().await.unwrap().as_str()).await.unwrap();
    /// #     let (_, rest) = callback.split_once("//").unwrap();
    /// #     let (host, target) = rest.split_once('/').unwrap();
    /// #     let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    /// #     let request = format!("GET /{target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    /// #     tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.unwrap();
    /// #     let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut [0; 64]).await;
    /// # });
    /// let client = builder.sign_in_with_browser(&sign_in).await?;
    /// assert!(client.token_set().is_some());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn sign_in_with_browser(self, sign_in: &LoopbackSignIn) -> Result<Client, Error> {
        let registered = self.oauth_client.as_ref();
        let registered = registered.and_then(|client| client.redirect_uri.as_deref());
        let request = |uri: &str| self.clone().redirected_to(uri).authorization_request();
        // Boxed, so that a caller's own future stays small.
        let code = Box::pin(sign_in.run(&self.settings, registered, request)).await?;
        let client = self.authorization_code(code).build()?;
        client.sign_in().await?;
        Ok(client)
    }

    fn redirected_to(mut self, uri: &str) -> Self {
        self.oauth_client = self.oauth_client.map(|client| client.redirect_uri(uri));
        self
    }
}
