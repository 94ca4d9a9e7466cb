//! Where separators and line ends stand, 64 bytes at a time: eight in a word, by arithmetic on all of them at once.

/// Calls `f` with every place in `bytes` where either byte of a pair stands, ascending.
///
/// # Errors
///
/// The first of `f`.
pub(super) fn each<E>(bytes: &[u8], pair: [u8; 2], mut f: impl FnMut(usize) -> Result<(), E>) -> Result<(), E> {
    let (blocks, rest) = bytes.as_chunks::<64>();
    let spread = pair.map(|byte| u64::from_ne_bytes([byte; 8]));
    for (index, block) in blocks.iter().enumerate() {
        let mut found = found(block, spread);
        while found != 0 {
            f(64 * index + found.trailing_zeros() as usize)?;
            found &= found - 1;
        }
    }
    let before = 64 * blocks.len();
    let is_one = |(at, byte): (usize, &u8)| pair.contains(byte).then_some(before + at);
    rest.iter().enumerate().filter_map(is_one).try_for_each(f)
}

/// A bit for each of the bytes that is one of the pair.
fn found(block: &[u8; 64], pair: [u64; 2]) -> u64 {
    let words = block.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word));
    words.rev().fold(0, |found, word| found << 8 | top_bits(zeros(word ^ pair[0]) | zeros(word ^ pair[1])))
}

/// The top bit of each byte that is zero, and no other.
fn zeros(word: u64) -> u64 {
    const REST: u64 = u64::from_ne_bytes([0x7F; 8]);
    !((word & REST).wrapping_add(REST) | word | REST)
}

/// The top bits of eight bytes side by side.
fn top_bits(word: u64) -> u64 {
    (word >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn marks_are_where_the_bytes_are(bytes in prop::collection::vec(prop_oneof![any::<u8>(), 42u8..46], 0..300)) {
            let mut found = Vec::new();
            each::<()>(&bytes, *b",+", |at| {
                found.push(at);
                Ok(())
            }).unwrap();
            let expected: Vec<usize> = (0..bytes.len()).filter(|at| b",+".contains(&bytes[*at])).collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn the_first_error_ends_it() {
        let mut seen = 0;
        let ended = each(&[b','; 100], *b",\n", |at| {
            seen += 1;
            if at == 70 { Err(at) } else { Ok(()) }
        });
        assert_eq!((ended, seen), (Err(70), 71));
    }
}
