//! The macro that gives an operation's optional query parameters a setter each.

/// Makes the type of an operation that takes optional query parameters: a [`Request`](crate::Request) or a
/// [`List`](crate::List) with one setter for each.
///
/// A parameter is one line: the setter, the type, `=`, the name on the wire. A setter takes whatever
/// [becomes](Into) the type, and what was set before is replaced. The type is any
/// [`QueryValue`](crate::model::QueryValue): a [`Vec`] repeats the parameter, a [`Joined`](crate::model::Joined) puts commas
/// between, and takes a list of `&str` as well.
///
/// What else can be said is forwarded: `send`, `query`, `with_timeout`, `with_deadline` and `into_call`; for a request also
/// `with_idempotent` and `with_idempotency_key`; for a list also `stream`, `page_size` and `with_prefetch`. A parameter that
/// is called like one of these needs a setter of another name.
///
/// # Examples
/// ```
/// use auth_core::model::Joined;
/// use auth_core::{ApiClient, Error, Items, Method, Paging};
///
/// auth_core::ids! { /** Names a department. */ DepartmentId }
/// auth_core::parameters! {
///     /// The campaigns, and which of them.
///     pub struct ListCampaigns -> List<String> {
///         /// Only those of this department.
///         department_id: DepartmentId = "departmentId",
///         /// What to tell of each.
///         fields: Joined<String> = "fields",
///         /// What to send along.
///         include: Vec<String> = "include",
///     }
/// }
///
/// const CAMPAIGNS: Paging = Paging::index("pageIndex");
///
/// fn list(client: &ApiClient) -> ListCampaigns<'_> {
///     ListCampaigns(client.operation(Method::GET, "/v4/livechat/campaigns", &[]).list(&CAMPAIGNS))
/// }
///
/// fn example(client: &ApiClient) -> Items<String> {
///     list(client).department_id(7).fields(["id", "name"]).page_size(50).stream()
/// }
/// ```
#[macro_export]
macro_rules! parameters {
    ($(#[$meta:meta])* pub struct $name:ident -> List<$item:ty> {
        $($(#[$about:meta])* $parameter:ident: $type:ty = $key:literal),* $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Debug)]
        #[must_use = "a list does nothing until it is sent"]
        pub struct $name<'c>(pub(crate) $crate::List<'c, $item>);

        impl<'c> $name<'c> {
            $($(#[$about])*
            #[doc = $crate::__in_json!($key)]
            pub fn $parameter(self, value: impl ::core::convert::Into<$type>) -> Self {
                Self(self.0.value($key, &value.into()))
            })*

            /// How many items a page should have; see `List::page_size`.
            pub fn page_size(self, items: u32) -> Self {
                Self(self.0.page_size(items))
            }

            /// Says whether a stream fetches one page ahead; see `List::with_prefetch`.
            pub fn with_prefetch(self, prefetch: bool) -> Self {
                Self(self.0.with_prefetch(prefetch))
            }

            $crate::__call_options!();

            /// Asks for the first page; see `List::send`.
            ///
            /// # Errors
            /// As for `List::send`.
            pub fn send(
                self,
            ) -> impl ::core::future::Future<Output = ::core::result::Result<$crate::Page<$item>, $crate::Error>>
            + Send + use<> {
                self.0.send()
            }

            /// All items; see `List::stream`.
            pub fn stream(self) -> $crate::Items<$item> {
                self.0.stream()
            }
        }
    };
    ($(#[$meta:meta])* pub struct $name:ident -> Request<$answer:ty> {
        $($(#[$about:meta])* $parameter:ident: $type:ty = $key:literal),* $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Debug)]
        #[must_use = "a request does nothing until it is sent"]
        pub struct $name<'c>(pub(crate) $crate::Request<'c, $answer>);

        impl<'c> $name<'c> {
            $($(#[$about])*
            #[doc = $crate::__in_json!($key)]
            pub fn $parameter(self, value: impl ::core::convert::Into<$type>) -> Self {
                Self(self.0.value($key, &value.into()))
            })*

            /// Says whether the call may be made twice; see `Call::with_idempotent`.
            pub fn with_idempotent(self, idempotent: bool) -> Self {
                Self(self.0.with_idempotent(idempotent))
            }

            /// Sends the caller's own key; see `Request::with_idempotency_key`.
            pub fn with_idempotency_key(self, key: &str) -> Self {
                Self(self.0.with_idempotency_key(key))
            }

            $crate::__call_options!();

            /// Sends the call and decodes its answer; see `Request::send`.
            ///
            /// # Errors
            /// As for `Request::send`.
            pub fn send(
                self,
            ) -> impl ::core::future::Future<Output = ::core::result::Result<$answer, $crate::Error>> + Send + use<> {
                self.0.send()
            }
        }
    };
}

/// What can be said about every call, for [`parameters!`](crate::parameters!).
#[doc(hidden)]
#[macro_export]
macro_rules! __call_options {
    () => {
        /// Adds a query parameter that the operation does not have.
        pub fn query(
            self,
            name: impl ::core::convert::Into<::std::string::String>,
            value: impl ::std::string::ToString,
        ) -> Self {
            Self(self.0.query(name, value))
        }

        /// How long one try may take; see `Call::with_timeout`.
        pub fn with_timeout(self, timeout: ::core::time::Duration) -> Self {
            Self(self.0.with_timeout(timeout))
        }

        /// How long all tries may take together; see `Call::with_deadline`.
        pub fn with_deadline(self, deadline: ::core::time::Duration) -> Self {
            Self(self.0.with_deadline(deadline))
        }

        /// The call behind it, for headers, or for the answer as it came.
        pub fn into_call(self) -> $crate::Call<'c> {
            self.0.into_call()
        }
    };
}
