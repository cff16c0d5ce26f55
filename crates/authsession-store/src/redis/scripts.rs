//! The steps that must be atomic, each a script on the one key of a session.
//!
//! Deadlines are decimal strings and stay so: a number of Lua is a double, which cannot tell `i64::MAX` from what is near it.
//! They are compared digit by digit, and only what is left to live is reckoned with.

use std::sync::LazyLock;

use redis::{Cmd, ErrorKind, FromRedisValue, RedisError, ToRedisArgs, Value};

/// A script, called by its hash; its text is sent to a server that does not know it (a new one, restarted, or flushed).
pub(super) struct Script {
    code: &'static str,
    hash: LazyLock<String>,
}

macro_rules! scripts {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)*) => {
        $(
            $(#[$doc])*
            pub(super) static $name: Script = Script {
                code: concat!(
                    r"
local function le(a, b)
    local below, beyond = string.sub(a, 1, 1) == '-', string.sub(b, 1, 1) == '-'
    if below ~= beyond then return below end
    if #a ~= #b then return (#a < #b) ~= below end
    if below then return a >= b end
    return a <= b
end
local function earlier(a, b)
    if le(a, b) then return a end
    return b
end
local function stay(deadline, now)
    local left = tonumber(deadline) - tonumber(now)
    if left < 0 then left = 0 end
    if left > 3153600000000 then left = 3153600000000 end
    return string.format('%.0f', left + 604800000)
end
local function place(value, first)
    return string.match(string.sub(value, first, first + 19), '%S+')
end
local function is_live(head, now)
    return string.sub(head, 1, 1) == 'L' and not le(place(head, 22), now) and not le(place(head, 42), now)
end
local key = KEYS[1]
",
                    $code
                ),
                hash: LazyLock::new(|| redis::Script::new($name.code).get_hash().to_owned()),
            };
        )*
    };
}

// The places are those of `value`. A session that is overdue stays for a week (`stay`), so that a sweep finds it; no key is given
// more than a hundred years.
scripts! {
    /// Value, now ▶ 1, or 0 if the name is taken. A repetition whose first answer was lost finds its own content, which nobody
    /// else has.
    CREATE = r"
local ms = stay(earlier(place(ARGV[1], 22), place(ARGV[1], 42)), ARGV[2])
if redis.call('SET', key, ARGV[1], 'NX', 'PX', ms) then return 1 end
local had = redis.call('GET', key)
if string.sub(had, 1, 21) == string.sub(ARGV[1], 1, 21) and string.sub(had, 164) == string.sub(ARGV[1], 164) then return 1 end
return 0
";
    /// Version read, value, now, channel, name, whether the look-ups know of it ▶ saved, changed, over, absent, or `unknown`:
    /// the look-ups must hear of it first. A repetition finds its own content. The idle deadline and the lease stay.
    UPDATE = r"
local head = redis.call('GETRANGE', key, 0, 162)
if head == '' then return 'absent' end
if not is_live(head, ARGV[3]) then return 'over' end
if place(head, 2) ~= ARGV[1] then
    if string.sub(head, 2, 21) == string.sub(ARGV[2], 2, 21)
        and redis.call('GETRANGE', key, 163, -1) == string.sub(ARGV[2], 164) then return 'saved' end
    return 'changed'
end
local known = le(place(ARGV[2], 42), place(head, 42)) and string.sub(head, 98) == string.sub(ARGV[2], 98, 163)
if not known and ARGV[6] == '0' then return 'unknown' end
local value = string.sub(ARGV[2], 1, 21) .. string.sub(head, 22, 41) .. string.sub(ARGV[2], 42, 61)
    .. string.sub(head, 62, 97) .. string.sub(ARGV[2], 98)
redis.call('SET', key, value, 'PX', stay(earlier(place(value, 22), place(value, 42)), ARGV[3]))
redis.call('PUBLISH', ARGV[4], ARGV[5])
return 'saved'
";
    /// Idle deadline, padded, and now ▶ whether it is live.
    TOUCH = r"
local head = redis.call('GETRANGE', key, 0, 60)
if not is_live(head, ARGV[2]) then return 0 end
local deadline = place(ARGV[1], 1)
if not le(deadline, place(head, 22)) then
    redis.call('SETRANGE', key, 21, ARGV[1])
    redis.call('PEXPIRE', key, stay(earlier(deadline, place(head, 42)), ARGV[2]))
end
return 1
";
    /// Reason, now, milliseconds to remember it, channel, name, whether only if overdue, where that is known what version to
    /// end and by whom, and how long a sweep has a claim remembered and one that was given up ▶ `now`, the reason and the value; `ours` and the reason; `before`; `absent`; `changed`; or `due` and when it
    /// is. A repetition finds its own end.
    END = r"
local had = redis.call('GET', key)
if not had then return {'absent'} end
if string.sub(had, 1, 1) ~= 'L' then
    local reason, by = string.match(had, '^E([a-z_]*)\n(.*)$')
    if by and ARGV[8] ~= '' and by == ARGV[8] then return {'ours', reason} end
    return {'before'}
end
if ARGV[7] ~= '' and place(had, 2) ~= ARGV[7] then return {'changed'} end
local reason, idle, age = ARGV[1], place(had, 22), place(had, 42)
if le(age, ARGV[2]) then reason = 'too_old'
elseif le(idle, ARGV[2]) then reason = 'idle'
elseif ARGV[6] == '1' then return {'due', earlier(idle, age)}
end
local remembered = ARGV[3]
local kind, state = string.byte(had, 164, 165)
if ARGV[8] == '' and kind == 3 then
    remembered = ARGV[9]
    if state == 1 then remembered = ARGV[10] end
end
redis.call('SET', key, 'E' .. reason .. '\n' .. ARGV[8], 'PX', remembered)
redis.call('PUBLISH', ARGV[4], ARGV[5])
if ARGV[8] ~= '' then return {'ours', reason} end
return {'now', reason, had}
";
    /// Owner, now, for how many milliseconds, and what time it is for leases; the server's, if that is empty ▶ whether it holds
    /// the lease.
    LEASE = r"
local head = redis.call('GETRANGE', key, 0, 96)
if not is_live(head, ARGV[2]) then return 0 end
local clock = ARGV[4]
if clock == '' then
    local time = redis.call('TIME')
    clock = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
end
local held = place(head, 62)
local function after(ttls) return string.format('%.0f', tonumber(clock) + ttls * tonumber(ARGV[3])) end
if held and string.sub(head, 82, 97) ~= ARGV[1] and not le(held, clock) and le(held, after(5)) then return 0 end
local till = after(1)
redis.call('SETRANGE', key, 61, string.format('%-20s', till) .. ARGV[1])
return 1
";
    /// Owner.
    RELEASE = r"
local head = redis.call('GETRANGE', key, 0, 96)
if string.sub(head, 1, 1) == 'L' and string.sub(head, 82, 97) == ARGV[1] then
    redis.call('SETRANGE', key, 61, string.rep(' ', 36))
end
return 1
";
    /// On a look-up's key: until when it matters, name, now. The look-up stays as long as its longest session.
    NOTE = r"
redis.call('ZADD', key, ARGV[1], ARGV[2])
local ms = stay(ARGV[1], ARGV[3])
if redis.call('PTTL', key) < tonumber(ms) then redis.call('PEXPIRE', key, ms) end
return 1
";
}

impl Script {
    /// The call, by hash.
    pub(super) fn by_hash(&self, key: &str, arguments: &[&dyn Argument]) -> Cmd {
        call("EVALSHA", &self.hash, key, arguments)
    }

    /// The same with the text, which the server then knows.
    pub(super) fn by_text(&self, key: &str, arguments: &[&dyn Argument]) -> Cmd {
        call("EVAL", self.code, key, arguments)
    }
}

/// What a script can be given.
pub(super) trait Argument: Sync {
    fn add_to(&self, command: &mut Cmd);
}

impl<T: ToRedisArgs + Sync> Argument for T {
    fn add_to(&self, command: &mut Cmd) {
        command.arg(self);
    }
}

fn call(verb: &str, script: &str, key: &str, arguments: &[&dyn Argument]) -> Cmd {
    let mut command = redis::cmd(verb);
    command.arg(script).arg(1).arg(key);
    arguments.iter().for_each(|argument| argument.add_to(&mut command));
    command
}

/// What was answered, as what it should be.
pub(super) fn read<T: FromRedisValue>(answer: Value) -> Result<T, RedisError> {
    redis::from_redis_value(answer).map_err(RedisError::from)
}

/// Something else than this release writes.
pub(super) fn not_understood() -> RedisError {
    (ErrorKind::UnexpectedReturnType, "what is kept under a key of ours is no session").into()
}
