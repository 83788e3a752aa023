//! One browser with an empty profile: goes where a person goes, and keeps a picture of each step.

use std::cell::Cell;
use std::fs;
use std::path::Path;

use tempfile::TempDir;
use thirtyfour::{By, ChromiumLikeCapabilities as _, DesiredCapabilities, WebDriver, WindowHandle};
use tokio::time::{Duration, Instant, sleep};
use url::Url;
use vendor_sandbox::credentials;

use crate::PATIENCE;
use crate::driver::{Driver, find};

/// What nobody looks at is off, so that the machine's two cores are left to the pages.
const FLAGS: [&str; 11] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-breakpad",
    "--window-size=900,800",
];

/// What only the sandbox's sign-in page says.
pub(crate) const ACCOUNT: &str = "This is a sandbox. Its one account is";

pub(crate) struct Chromium {
    web: WebDriver,
    journey: String,
    steps: Cell<u32>,
    // Dropped in this order: the processes first, then the directory that they write to.
    _driver: Driver,
    _profile: TempDir,
}

impl Chromium {
    /// A browser for `journey`; where none is installed, says so.
    pub(crate) async fn open(journey: &str) -> Option<Self> {
        let driver = Driver::start(journey).await?;
        let profile = TempDir::new().unwrap();
        let mut wishes = DesiredCapabilities::chrome();
        wishes
            .set_binary(find("chromium").unwrap().to_str().unwrap())
            .unwrap();
        for flag in FLAGS {
            wishes.add_arg(flag).unwrap();
        }
        let directory = format!("--user-data-dir={}", profile.path().display());
        wishes.add_arg(&directory).unwrap();
        let web = WebDriver::new(driver.url(), wishes).await.unwrap();
        web.set_page_load_timeout(PATIENCE).await.unwrap();
        Some(Self {
            web,
            journey: journey.to_owned(),
            steps: Cell::new(0),
            _driver: driver,
            _profile: profile,
        })
    }

    /// Ends the browser; a failed journey leaves that to the drop.
    pub(crate) async fn close(self) {
        self.web.clone().quit().await.unwrap();
    }

    pub(crate) async fn goto(&self, url: &str) {
        self.web.goto(url).await.unwrap();
    }

    pub(crate) async fn back(&self) {
        self.web.back().await.unwrap();
    }

    pub(crate) async fn reload(&self) {
        self.web.refresh().await.unwrap();
    }

    pub(crate) async fn url(&self) -> Url {
        self.web.current_url().await.unwrap()
    }

    /// What the page says, without its markup.
    pub(crate) async fn text(&self) -> String {
        let body = self.web.find(By::Tag("body")).await.unwrap();
        body.text().await.unwrap()
    }

    /// Waits until the page says `part`, takes a picture of it, and gives all that it says.
    pub(crate) async fn sees(&self, part: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            // While a page makes room for the next, it may have no body.
            let text = match self.web.find(By::Tag("body")).await {
                Ok(body) => body.text().await.unwrap_or_default(),
                Err(_) => String::new(),
            };
            if text.contains(part) {
                self.picture(part).await;
                return text;
            }
            if Instant::now() > end {
                self.picture("in vain").await;
                let url = self.url().await;
                panic!("waited in vain for `{part}` at {url}; the page says: {text}");
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Presses the button or follows the link of this name.
    pub(crate) async fn press(&self, name: &str) {
        let path =
            format!("//button[normalize-space()='{name}'] | //a[normalize-space()='{name}']");
        let found = self.web.find(By::XPath(path)).await;
        let Ok(found) = found else {
            panic!("nothing to press called `{name}`: {}", self.text().await);
        };
        found.click().await.unwrap();
    }

    pub(crate) async fn fill(&self, field: &str, text: &str) {
        let field = self.web.find(By::Name(field)).await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Signs in on the sandbox's page.
    pub(crate) async fn sign_in(&self, password: &str) {
        self.fill("email", credentials::COMM100_EMAIL).await;
        self.fill("password", password).await;
        self.press("Sign in").await;
    }

    /// From the sandbox's sign-in page to the answer of its question.
    pub(crate) async fn sign_in_and(&self, decision: &str) {
        self.sees(ACCOUNT).await;
        self.sign_in(credentials::COMM100_PASSWORD).await;
        self.sees("Allow access?").await;
        self.press(decision).await;
    }

    /// The tab that is looked at.
    pub(crate) async fn tab(&self) -> WindowHandle {
        self.web.window().await.unwrap()
    }

    pub(crate) async fn new_tab(&self) -> WindowHandle {
        let tab = self.web.new_tab().await.unwrap();
        self.switch_to(&tab).await;
        tab
    }

    pub(crate) async fn switch_to(&self, tab: &WindowHandle) {
        self.web.switch_to_window(tab.clone()).await.unwrap();
    }

    /// What the first frame of this page shows.
    pub(crate) async fn in_frame(&self) -> String {
        self.web.enter_frame(0).await.unwrap();
        self.text().await
    }

    /// What a script on this page finds out.
    pub(crate) async fn script(&self, expression: &str) -> String {
        let answer = self
            .web
            .execute(format!("return String({expression})"), [])
            .await;
        answer.unwrap().convert().unwrap()
    }

    async fn picture(&self, of: &str) {
        let step = self.steps.get() + 1;
        self.steps.set(step);
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let of: String = of.to_lowercase().chars().map(plain).take(40).collect();
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("browser");
        fs::create_dir_all(&directory).unwrap();
        let file = directory.join(format!(
            "{}-{step:02}-{}.png",
            self.journey,
            of.trim_matches('-')
        ));
        let picture = self.web.screenshot_as_png().await.unwrap();
        fs::write(file, picture).unwrap();
    }
}
