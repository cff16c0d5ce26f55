//! Several processes of one application on one store, at one provider whose refresh tokens rotate and that takes a second use for
//! theft: one refresh, whoever asks, and nobody is signed out when one of them dies.

mod death;
pub(crate) mod fleet;
mod storm;

/// The same promises on each store there is here.
macro_rules! on_each_store {
    ($($store:ident = $url:expr,)*) => { $(
        mod $store {
            use crate::replicas::{death, storm};

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn four_processes_make_one_refresh_of_200_requests_50_times() {
                storm::fifty_times(&$url).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn with_copies_near_by_it_is_one_refresh_too_and_a_logout_is_seen_within_a_second() {
                storm::with_near_copies(&$url).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn the_death_of_the_refreshing_process_costs_nobody_the_session_at_any_step_that_can_be_saved() {
                death::before_anything_is_sent(&$url).await;
                death::after_the_tokens_are_saved(&$url).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn a_process_that_stood_still_before_it_sent_sends_nothing_that_was_spent_meanwhile() {
                death::stands_still_before_it_sends(&$url).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn an_answer_that_dies_with_its_process_ends_the_session_as_refresh_lost() {
                death::with_the_answer(&$url).await;
            }
        }
    )* };
}

on_each_store! {
    sqlite = crate::stores::sqlite_file(),
}

/// The first promise again, at npm oidc-provider.
#[cfg(feature = "real")]
mod at_oidc_provider {
    macro_rules! on_each_store {
        ($($name:ident: $url:expr, $client:literal,)*) => { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                crate::replicas::storm::fifty_times_at_oidc_provider(&$url, $client).await;
            }
        )* };
    }

    on_each_store! {
        sqlite: crate::stores::sqlite_file(), "rp-replicas-sqlite",
        postgres: crate::stores::server("AUTHSESSION_TEST_POSTGRES"), "rp-replicas-postgres",
        mysql: crate::stores::server("AUTHSESSION_TEST_MYSQL"), "rp-replicas-mysql",
        redis: crate::stores::server("AUTHSESSION_TEST_REDIS"), "rp-replicas-redis",
        redis_cluster: crate::stores::server("AUTHSESSION_TEST_REDIS_CLUSTER"), "rp-replicas-redis-cluster",
    }
}

#[cfg(feature = "real")]
on_each_store! {
    postgres = crate::stores::server("AUTHSESSION_TEST_POSTGRES"),
    mysql = crate::stores::server("AUTHSESSION_TEST_MYSQL"),
    redis = crate::stores::server("AUTHSESSION_TEST_REDIS"),
    redis_cluster = crate::stores::server("AUTHSESSION_TEST_REDIS_CLUSTER"),
}
