//! A refresh token that was used before is presented again: what comes of it, by the provider's policy (RFC 9700 §4.14.2).

use crate::endpoints::token::invalid_grant;
use crate::ledger::Ledger;
use crate::ledger::RefreshTokens;
use crate::realm::Realm;
use crate::wire::Reply;
use std::time::Duration;
use std::time::SystemTime;

/// Two requests so close together count as sent at once.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Whether it is served all the same.
pub(crate) fn judge(
    realm: &Realm,
    ledger: &mut Ledger,
    grant: usize,
    used_at: SystemTime,
) -> Result<(), Reply> {
    let age = realm.clock.now().duration_since(used_at).unwrap_or_default();
    let served = match realm.settings.refresh_tokens {
        RefreshTokens::None | RefreshTokens::Static => true,
        RefreshTokens::Rotating => false,
        RefreshTokens::RotatingWithReuseDetection => {
            ledger.kill(grant);
            false
        }
        RefreshTokens::RotatingSparingAccessTokens => {
            ledger.end_refreshing(grant);
            false
        }
        RefreshTokens::RotatingWithGrace(grace) => age <= grace,
        RefreshTokens::RotatingLastWins => {
            let served = age < AT_ONCE;
            if served {
                ledger.spend_refresh_tokens(grant, realm.clock.now());
            }
            served
        }
        RefreshTokens::RotatingByTurns => {
            ledger.reuses += 1;
            match ledger.reuses % 4 {
                2 => age < AT_ONCE,
                3 => {
                    ledger.spend_refresh_tokens(grant, realm.clock.now());
                    false
                }
                _ => false,
            }
        }
    };
    if served { Ok(()) } else { Err(invalid_grant("the refresh token was used before")) }
}
