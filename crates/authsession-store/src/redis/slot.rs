//! In which of a cluster's 16,384 slots a key is: a CRC of it, or of what stands between its first braces.

/// CRC-16/XMODEM, byte by byte.
const TABLE: [u16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

pub(super) fn slot_of(key: &[u8]) -> u16 {
    let crc = tagged(key)
        .unwrap_or(key)
        .iter()
        .fold(0_u16, |crc, byte| (crc << 8) ^ TABLE[usize::from(crc.to_be_bytes()[0] ^ byte)]);
    crc % 16_384
}

fn tagged(key: &[u8]) -> Option<&[u8]> {
    let after = &key[key.iter().position(|byte| *byte == b'{')? + 1..];
    let tag = &after[..after.iter().position(|byte| *byte == b'}')?];
    (!tag.is_empty()).then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::slot_of;

    /// As `CLUSTER KEYSLOT` says.
    #[test]
    fn a_key_is_in_the_slot_redis_says() {
        for (key, slot) in
            [("123456789", 12_739), ("foo", 12_182), ("{foo}bar", 12_182), ("a{foo}{bar}", 12_182), ("", 0)]
        {
            assert_eq!(slot_of(key.as_bytes()), slot, "{key}");
        }
    }
}
