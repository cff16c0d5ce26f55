//! Cookies that somebody cut, swapped, copied, forged or piled up: never an error of ours, never somebody else's session.

use authsession_testkit::browser::Browser;
use authsession_testkit::user::User;

use crate::cookie_store::fleet::{A_MINUTE, Cookies, Fleet, is_chunk, noise};
use crate::stage::{SESSION_COOKIE, TOKEN_LIFETIME};

type Attack = fn(Vec<&mut (String, String)>);
/// The version and the idle deadline something says it is of, made another.
type Head = fn(u64, i64) -> (u64, i64);

/// A fleet whose user's session takes several chunks, and what its browser sends.
async fn large() -> (Fleet, Cookies) {
    let user = User::new("alice", "Alice").claim("groups", noise(6_000));
    let fleet = Fleet::signed_in_with(|provider| provider.user(user), |app| app).await;
    let cookies = fleet.cookies();
    (fleet, cookies)
}

fn chunks(cookies: &mut Cookies) -> Vec<&mut (String, String)> {
    cookies.iter_mut().filter(|(name, _)| is_chunk(name)).collect()
}

fn edited(cookies: &Cookies, edit: impl FnOnce(Vec<&mut (String, String)>)) -> Cookies {
    let mut cookies = cookies.clone();
    edit(chunks(&mut cookies));
    cookies
}

/// That a process that knows nothing lets nobody in by them, and sets no cookie; and that one with a working copy serves the
/// session of the id, and puts the cookies right.
async fn expect_nothing_of(fleet: &Fleet, what: &str, cookies: &Cookies) {
    let (knows_nothing, token) =
        (fleet.process().await, fleet.first.asked("/token", &fleet.cookies()).await.text);
    let reply = knows_nothing.asked("/token", cookies).await;
    assert_eq!((reply.status, reply.reason()), (401, "unknown_session".into()), "{what}");
    assert!(reply.set_cookies.is_empty(), "{what}");
    assert_eq!(knows_nothing.store.copies(), 0, "{what}");

    let reply = fleet.first.asked("/token", cookies).await;
    assert_eq!((reply.status, reply.text), (200, token), "{what}");
}

#[tokio::test]
async fn cut_swapped_and_reordered_chunks_open_nothing() {
    let (fleet, cookies) = large().await;
    let attacks: [(&str, Attack); 7] = [
        ("without the first", |mut chunks| chunks[0].0.push('0')),
        ("without the last", |mut chunks| chunks.pop().unwrap().0.push('0')),
        ("cut", |mut chunks| chunks.last_mut().unwrap().1.truncate(9)),
        ("emptied", |chunks| chunks.into_iter().for_each(|chunk| chunk.1.clear())),
        ("in another order", |mut chunks| {
            let (first, rest) = chunks.split_at_mut(1);
            std::mem::swap(&mut first[0].1, &mut rest[0].1);
        }),
        ("changed in the middle", |mut chunks| {
            let end = if chunks[1].1.ends_with('A') { "B" } else { "A" };
            let at = chunks[1].1.len() - 1;
            chunks[1].1.replace_range(at.., end);
        }),
        ("not our alphabet", |mut chunks| chunks[1].1.replace_range(0..1, "é")),
    ];
    for (what, attack) in attacks {
        expect_nothing_of(&fleet, what, &edited(&cookies, attack)).await;
    }
}

#[tokio::test]
async fn a_chunk_that_comes_twice_with_different_values_opens_nothing() {
    let (fleet, cookies) = large().await;
    let name = cookies.iter().find(|(name, _)| is_chunk(name)).unwrap().0.clone();
    let planted = vec![(name, "1.2.3.planted".to_owned())];
    for twice in [[planted.clone(), cookies.clone()], [cookies.clone(), planted]] {
        expect_nothing_of(&fleet, "twice", &twice.concat()).await;
    }
    let same_twice = [cookies.clone(), cookies].concat();
    assert_eq!(fleet.process().await.asked("/token", &same_twice).await.status, 200, "the same twice is one");
}

#[tokio::test]
async fn what_it_says_it_is_cannot_be_changed() {
    let (fleet, cookies) = large().await;
    let heads: [Head; 3] = [
        |version, until| (version + 1, until),
        |version, until| (version, until + 86_400_000),
        |_, _| (u64::MAX, i64::MAX),
    ];
    for head in heads {
        let forged = edited(&cookies, |mut chunks| {
            let mut parts = chunks[0].1.splitn(3, '.');
            let (version, until) =
                (parts.next().unwrap().parse().unwrap(), parts.next().unwrap().parse().unwrap());
            let (version, until) = head(version, until);
            chunks[0].1 = format!("{version}.{until}.{}", parts.next().unwrap());
        });
        expect_nothing_of(&fleet, "a forged head", &forged).await;
    }
}

#[tokio::test]
async fn the_chunks_of_one_user_do_not_open_with_the_id_of_another() {
    let fleet = Fleet::signed_in().await;
    let (alice, bob) = (fleet.cookies(), Browser::with_clock(fleet.clock.clone()).unwrap());
    fleet.provider.sign_in_as("bob");
    fleet.sign_in(&bob).await;
    let bob = fleet.cookies_of(&bob);
    let id = |cookies: &Cookies| cookies.iter().find(|(name, _)| name == SESSION_COOKIE).unwrap().clone();
    let chunk = |cookies: &Cookies| cookies.iter().find(|(name, _)| is_chunk(name)).unwrap().clone();

    let as_they_are = vec![id(&alice), chunk(&bob)];
    let renamed = vec![id(&alice), (chunk(&alice).0, chunk(&bob).1)];

    for mixed in [as_they_are, renamed] {
        let restarted = fleet.process().await;
        assert_eq!(restarted.asked("/version", &mixed).await.reason(), "unknown_session");
        let reply = fleet.first.asked("/version", &mixed).await;
        assert!(reply.text.contains("alice"), "{}", reply.text);
    }
    assert_eq!(fleet.first.asked("/version", &[chunk(&bob)]).await.reason(), "no_session");
}

#[tokio::test]
async fn what_is_left_over_behind_a_session_is_cut_off() {
    let (fleet, mut cookies) = large().await;
    let last = chunks(&mut cookies).len();
    let name = chunks(&mut cookies)[0].0.replace("-0", &format!("-{last}"));
    cookies.push((name, noise(3_000)));
    assert_eq!(fleet.process().await.asked("/token", &cookies).await.status, 200);
}

#[tokio::test]
async fn an_older_state_is_never_taken_where_a_newer_one_is_known() {
    let fleet = Fleet::signed_in().await;
    let old = fleet.cookies();
    fleet.clock.advance(TOKEN_LIFETIME);
    let token = fleet.token(&fleet.first).await;

    let replayed = fleet.first.asked("/token", &old).await;

    assert_eq!(replayed.text, token);
    let reply = fleet.process().await.asked("/version", &old).await;
    assert_eq!(reply.reason(), "refresh_refused", "the limit: this one knows none, but the provider does");
}

#[tokio::test]
async fn what_would_be_no_session_costs_next_to_nothing() {
    let fleet = Fleet::signed_in().await;
    let id = fleet.cookies().into_iter().find(|(name, _)| name == SESSION_COOKIE).unwrap();
    let tag = fleet.cookies().into_iter().find(|(name, _)| is_chunk(name)).unwrap().0;
    let name = tag.trim_end_matches("-0");
    let ten_megabytes: Cookies =
        (0..10_000).map(|number| (format!("{name}-{}", number % 12), noise(1_000))).collect();
    let garbage: [(&str, Cookies); 4] = [
        ("one of ten megabytes", vec![(tag.clone(), noise(10_000_000))]),
        ("ten megabytes of many", ten_megabytes),
        ("a length beyond all", vec![(tag.clone(), "1.1.99999999999999999999.AAAA".to_owned())]),
        ("nothing", vec![]),
    ];
    for (what, garbage) in garbage {
        let (knows_nothing, cookies) = (fleet.process().await, [vec![id.clone()], garbage].concat());
        let began = tokio::time::Instant::now();
        let reply = knows_nothing.asked("/token", &cookies).await;
        assert_eq!((reply.status, reply.reason()), (401, "unknown_session".into()), "{what}");
        assert!(began.elapsed() < A_MINUTE / 30, "{what}: {:?}", began.elapsed());
        assert_eq!(fleet.first.asked("/token", &cookies).await.status, 200, "{what}");
    }
}

#[tokio::test]
async fn an_id_alone_is_served_by_a_working_copy_which_puts_the_cookies_right() {
    let fleet = Fleet::signed_in().await;
    let id: Cookies = fleet.cookies().into_iter().filter(|(name, _)| name == SESSION_COOKIE).collect();

    let reply = fleet.first.asked("/token", &id).await;

    assert_eq!((reply.status, reply.set_cookies.len()), (200, 1));
    let (name, value) = reply.set_cookies[0].split(';').next().unwrap().split_once('=').unwrap();
    let healed = [id, vec![(name.to_owned(), value.to_owned())]].concat();
    assert_eq!(fleet.process().await.asked("/token", &healed).await.status, 200);
}
