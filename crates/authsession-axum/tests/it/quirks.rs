//! What real providers do differently: the login, the refresh and the logout work with all of it, and no check rests on
//! something optional being there.

mod assertions;
mod claims;
mod issuers;
#[cfg(feature = "salesforce")]
mod late_holder;
mod life;
mod metadata;
mod providers;
mod refusals;
mod responses;
mod rotation;
mod userinfo;
