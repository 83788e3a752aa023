//! The table of vendors: what each one's hosts, documents and sign-ins are called. A row names the module that plays it.
//!
//! What a vendor does stands in its module, behind [`Vendor`]; what opens it stands in [`credentials`](crate::credentials).
//! `cargo xtask new-provider` adds a row below the last one, so that the hosts before it keep their places and ports.

use crate::answer::{Answer, Problem};
use crate::host::Endpoint;
use crate::inbound::Inbound;
use crate::person::Panel;
use crate::sandbox::Sandbox;
use crate::state::State;
use crate::strict::Notes;

/// How a vendor is played.
pub(crate) struct Vendor {
    /// What kind of endpoint a path is, on one of its hosts.
    pub(crate) endpoint: fn(Host, &str) -> Endpoint,
    /// Processes a request; what changes, changes here.
    pub(crate) answer: fn(&State, &Inbound, &mut Notes) -> Result<Answer, Problem>,
    /// Writes a problem the way it writes its errors.
    pub(crate) error: fn(&Problem) -> Answer,
    /// What sets a client up for one of its sign-ins.
    pub(crate) environment: fn(&Sandbox, Setup) -> Variables,
    /// Where people sign in, if they do.
    pub(crate) panel: Option<&'static Panel>,
}

/// Environment variables and their values.
pub(crate) type Variables = Vec<(&'static str, String)>;

/// A document as it lies in the crate.
pub(crate) struct Source {
    pub(crate) provider: Provider,
    pub(crate) name: &'static str,
    pub(crate) host: Host,
    pub(crate) text: &'static str,
}

macro_rules! vendors {
    ($(
        $(#[$about:meta])*
        $vendor:ident = $module:ident {
            hosts { $( $(#[$plays:meta])* $host:ident = $name:literal, )+ }
            setups { $( $(#[$sets:meta])* $setup:ident = $title:literal, )+ }
            documents { $( $document:literal on $server:ident, )+ }
        }
    )+) => {
        /// One origin of one vendor; each has a listener of its own.
        ///
        /// ```
        /// use vendor_sandbox::{Host, Sandbox};
        ///
        /// # #[tokio::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        /// let sandbox = Sandbox::start().await?;
        /// for host in Host::ALL {
        ///     println!("{:<22} {}", host.name(), sandbox.url(host));
        /// }
        /// # Ok(())
        /// # }
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Host {
            $( $( $(#[$plays])* $host, )+ )+
        }

        impl Host {
            /// Every host, in the order of their ports when the ports are fixed.
            pub const ALL: [Self; [$( $( Host::$host, )+ )+].len()] = [$( $( Self::$host, )+ )+];

            /// A short name for logs, for example `comm100-dash-panel`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $( $( Self::$host => $name, )+ )+
                }
            }
        }

        /// The sign-ins that a client can be set up for by environment variables alone.
        ///
        /// Where a person has to sign in, a vendor may have none, or one that sets the application up.
        ///
        /// ```
        /// use vendor_sandbox::Setup;
        ///
        /// let communic8 = Setup::ALL.iter().filter(|setup| setup.title().starts_with("Communic8"));
        /// assert_eq!(communic8.count(), 2);
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Setup {
            $( $( $(#[$sets])* $setup, )+ )+
        }

        impl Setup {
            /// Every setup, vendor by vendor, each vendor's usual one first.
            pub const ALL: [Self; [$( $( Setup::$setup, )+ )+].len()] = [$( $( Self::$setup, )+ )+];

            /// A heading for people, for example `Comm100 v4, API key`; letters, digits, commas, hyphens and spaces only.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self {
                    $( $( Self::$setup => $title, )+ )+
                }
            }

            /// The vendor that it is for.
            pub(crate) const fn provider(self) -> Provider {
                match self {
                    $( $( Self::$setup => Provider::$vendor, )+ )+
                }
            }
        }

        /// A vendor whose operations are described.
        ///
        /// ```
        /// use vendor_sandbox::openapi::Provider;
        ///
        /// let names = Provider::ALL.map(Provider::name);
        /// assert!(["comm100", "communic8", "webcommander"].iter().all(|name| names.contains(name)));
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Provider {
            $( $(#[$about])* $vendor, )+
        }

        impl Provider {
            /// All of them, in the order of their hosts.
            pub const ALL: [Self; [$( Provider::$vendor, )+].len()] = [$( Self::$vendor, )+];

            /// The name of its crate.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $( Self::$vendor => stringify!($module), )+
                }
            }

            /// The provider whose host this is.
            pub(crate) const fn of(host: Host) -> Self {
                match host {
                    $( $( Host::$host )|+ => Self::$vendor, )+
                }
            }

            /// How it is played.
            pub(crate) const fn vendor(self) -> &'static Vendor {
                match self {
                    $( Self::$vendor => &crate::$module::VENDOR, )+
                }
            }
        }

        /// Every document, those of a provider in the order of their names.
        pub(crate) const SOURCES: &[Source] = &[
            $( $( Source {
                provider: Provider::$vendor,
                name: $document,
                host: Host::$server,
                text: include_str!(concat!(
                    "../openapi/", stringify!($module), "/", $document, ".json"
                )),
            }, )+ )+
        ];
    };
}

vendors! {
    /// Comm100: v4, its partner API, and v2.
    Comm100 = comm100 {
        hosts {
            /// Comm100 v4, where people sign in and tokens are issued (`dashNN.comm100.io`).
            Comm100DashPanel = "comm100-dash-panel",
            /// Comm100 v4, where the API answers (`apiNN.comm100.io`).
            Comm100DashApi = "comm100-dash-api",
            /// Comm100 v2: control panel, API and the old partner API on one host (`hosted.comm100.com`).
            Comm100Hosted = "comm100-hosted",
            /// Comm100 partners, v4: tokens and userinfo (`partner.comm100.io`).
            Comm100PartnerPanel = "comm100-partner-panel",
            /// Comm100 partners, v4: the API (`partnerapi.comm100.io`).
            Comm100PartnerApi = "comm100-partner-api",
        }
        setups {
            /// Comm100 v4 with an agent's API key.
            Comm100DashApiKey = "Comm100 v4, API key",
            /// Comm100 v4 with an agent's password; the crate `comm100` needs its feature `password-grant`.
            Comm100DashPassword = "Comm100 v4, password, with the feature password-grant",
            /// Comm100 v2 with client credentials.
            Comm100HostedClientCredentials = "Comm100 v2, client credentials",
            /// The Comm100 v4 partner platform; the crate `comm100` needs its feature `partner`.
            Comm100Partner = "Comm100 v4 for partners, with the feature partner",
        }
        documents {
            "aiagent" on Comm100DashApi,
            "bot" on Comm100DashApi,
            "contact" on Comm100DashApi,
            "global" on Comm100DashApi,
            "kb" on Comm100DashApi,
            "livechat" on Comm100DashApi,
            "partner" on Comm100PartnerApi,
            "report" on Comm100DashApi,
            "secureform" on Comm100DashApi,
            "ticketing" on Comm100DashApi,
            "v2" on Comm100Hosted,
        }
    }

    /// Communic8.
    Communic8 = communic8 {
        hosts {
            /// A Communic8 instance.
            Communic8 = "communic8",
        }
        setups {
            /// Communic8 with the static token.
            Communic8StaticToken = "Communic8, static token",
            /// Communic8 with client credentials.
            Communic8ClientCredentials = "Communic8, client credentials",
        }
        documents {
            "communic8" on Communic8,
        }
    }

    /// WebCommander.
    WebCommander = webcommander {
        hosts {
            /// A WebCommander store.
            WebCommander = "webcommander",
        }
        setups {
            /// WebCommander with client credentials, its only sign-in.
            WebCommander = "WebCommander",
        }
        documents {
            "blogs" on WebCommander,
            "carts" on WebCommander,
            "catalog" on WebCommander,
            "customers" on WebCommander,
            "discounts" on WebCommander,
            "display" on WebCommander,
            "older" on WebCommander,
            "orders" on WebCommander,
            "pages" on WebCommander,
            "search" on WebCommander,
            "settings" on WebCommander,
            "shipping" on WebCommander,
            "taxes" on WebCommander,
        }
    }
}
