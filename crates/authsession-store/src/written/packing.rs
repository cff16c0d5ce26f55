//! Texts made small with a dictionary of what sessions are made of (RFC 8878).

use std::cell::RefCell;
use std::sync::LazyLock;

use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};
use zstd::zstd_safe;

use crate::written::dictionary;

/// Not packed.
pub(super) const PLAIN: u8 = 0;
/// Packed with the first dictionary.
pub(super) const DICTIONARY_1: u8 = 1;

/// What is larger is not packed, so nothing unpacks to more.
pub(super) const MOST: usize = 1024 * 1024;

const LEVEL: i32 = 1;

static PACKING: LazyLock<EncoderDictionary<'static>> =
    LazyLock::new(|| EncoderDictionary::copy(&dictionary::first(), LEVEL));
static UNPACKING: LazyLock<DecoderDictionary<'static>> =
    LazyLock::new(|| DecoderDictionary::copy(&dictionary::first()));

// To make one takes longer than to use it.
thread_local! {
    static PACKER: Option<RefCell<Compressor<'static>>> =
        packer().map(RefCell::new);
    static UNPACKER: Option<RefCell<Decompressor<'static>>> =
        Decompressor::with_prepared_dictionary(&UNPACKING).ok().map(RefCell::new);
}

fn packer() -> Option<Compressor<'static>> {
    let mut packer = Compressor::with_prepared_dictionary(&PACKING).ok()?;
    // The record names the dictionary already.
    packer.include_dictid(false).ok()?;
    Some(packer)
}

/// The texts packed, and by which dictionary; nothing when that would not be smaller.
pub(super) fn pack(texts: &[u8]) -> Option<(u8, Vec<u8>)> {
    if texts.len() > MOST {
        return None;
    }
    let mut packed = Vec::with_capacity(zstd_safe::compress_bound(texts.len()));
    let pack = |packer: &RefCell<Compressor<'_>>| {
        packer.try_borrow_mut().ok()?.compress_to_buffer(texts, &mut packed).ok()
    };
    PACKER.try_with(|packer| packer.as_ref().and_then(pack)).ok().flatten()?;
    (packed.len() < texts.len()).then_some((DICTIONARY_1, packed))
}

/// The texts as they were.
pub(super) fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    let length = zstd_safe::get_frame_content_size(packed).ok()??;
    let length = usize::try_from(length).ok().filter(|&length| length <= MOST)?;
    let mut texts = Vec::with_capacity(length);
    let unpack = |unpacker: &RefCell<Decompressor<'_>>| {
        unpacker.try_borrow_mut().ok()?.decompress_to_buffer(packed, &mut texts).ok()
    };
    UNPACKER.try_with(|unpacker| unpacker.as_ref().and_then(unpack)).ok().flatten()?;
    Some(texts)
}
