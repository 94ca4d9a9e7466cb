//! Short texts as numbers: a cell that was met before is known again by a few instructions and one look at memory.

/// A text of up to sixteen bytes. Two are equal where their texts are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Short {
    /// Its first bytes and its last, which may overlap.
    ends: [u64; 2],
    length: usize,
}

impl Short {
    /// The text, unless it is longer.
    pub(super) fn of(text: &str) -> Option<Short> {
        let bytes = text.as_bytes();
        let length = bytes.len();
        let ends = match length {
            0 => [0; 2],
            1..=3 => [bytes[0], bytes[length / 2]].map(|byte| u64::from(byte) << 8 | u64::from(bytes[length - 1])),
            4..=7 => [*bytes.first_chunk()?, *bytes.last_chunk()?].map(|end| u32::from_le_bytes(end).into()),
            8..=16 => [*bytes.first_chunk()?, *bytes.last_chunk()?].map(u64::from_le_bytes),
            _ => return None,
        };
        Some(Short { ends, length })
    }

    fn place(&self) -> usize {
        let mixed = (self.ends[0] ^ self.ends[1].rotate_left(29)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed >> (64 - PLACES.trailing_zeros())) as usize
    }
}

/// Texts that are remembered at most.
const PLACES: usize = 1 << 11;

/// What the latest texts mean. Each text has one place, or the one beside it, which a later text may take.
#[derive(Debug)]
pub(super) struct Recent<T> {
    places: Vec<Option<(Short, T)>>,
}

impl<T: Copy> Recent<T> {
    /// Nothing remembered yet.
    pub(super) fn new() -> Recent<T> {
        Recent { places: vec![None; PLACES] }
    }

    /// What a text means, if that is remembered.
    pub(super) fn get(&self, text: Short) -> Option<T> {
        let place = text.place();
        let at = |place: usize| match &self.places[place] {
            Some((other, meaning)) if *other == text => Some(*meaning),
            _ => None,
        };
        at(place).or_else(|| at(place ^ 1))
    }

    /// Remembers what a text means that is not remembered.
    pub(super) fn set(&mut self, text: Short, meaning: T) {
        let place = text.place();
        let place = if self.places[place].is_none() { place } else { place ^ 1 };
        self.places[place] = Some((text, meaning));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn short_texts_are_equal_where_their_texts_are(a in "[ab]{0,18}", b in "[ab]{0,18}") {
            let (short, other) = (Short::of(&a), Short::of(&b));
            prop_assert_eq!(short.is_some(), a.len() <= 16);
            if let (Some(short), Some(other)) = (short, other) {
                prop_assert_eq!(short == other, a == b);
            }
        }
    }

    #[test]
    fn a_text_is_remembered_until_another_takes_its_place() {
        let short = |number: usize| Short::of(&number.to_string()).unwrap();
        let mut recent = Recent::new();
        for number in 0..3 * PLACES {
            recent.set(short(number), number);
            assert_eq!(recent.get(short(number)), Some(number));
        }
        let kept = (0..3 * PLACES).filter_map(|number| Some((number, recent.get(short(number))?)));
        let kept: Vec<(usize, usize)> = kept.collect();
        assert!(kept.iter().all(|(number, meaning)| number == meaning));
        assert!((PLACES / 2..=PLACES).contains(&kept.len()), "{}", kept.len());
    }
}
