//! Lists the providers that the demo knows, each with its sign-ins.

mod comm100;
mod communic8;
mod webcommander;

use crate::journey::SignIn;

/// One provider crate.
pub(crate) struct Provider {
    /// The crate's name, which the argument is compared with.
    pub(crate) name: &'static str,
    /// Every sign-in that the crate offers.
    pub(crate) sign_ins: fn() -> Vec<SignIn>,
}

/// All of them, in the order of the table.
pub(crate) const PROVIDERS: [Provider; 3] = [
    Provider {
        name: "comm100",
        sign_ins: comm100::sign_ins,
    },
    Provider {
        name: "communic8",
        sign_ins: communic8::sign_ins,
    },
    Provider {
        name: "webcommander",
        sign_ins: webcommander::sign_ins,
    },
];
