//! A job's id, before it is shown or names a file: what an answer calls one may be anything.

const LENGTHS: [usize; 2] = [15, 18];

pub(crate) fn is_job_id(id: &str) -> bool {
    LENGTHS.contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
