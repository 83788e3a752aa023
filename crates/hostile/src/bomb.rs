//! Compressed bodies that unpack to 100 MiB of one byte, written bit by bit so that no packer is needed.

/// How much they unpack to.
const UNPACKED: usize = 100 << 20;
/// The longest copy that RFC 1951 knows.
const LONGEST: usize = 258;

/// Bits in the order of RFC 1951 section 3.1.1.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u32,
}

impl Bits {
    /// The lowest bit goes first, as numbers do.
    fn number(&mut self, value: u32, count: u32) {
        for n in 0..count {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if value >> n & 1 == 1
                && let Some(last) = self.bytes.last_mut()
            {
                *last |= 1 << (self.used % 8);
            }
            self.used += 1;
        }
    }

    /// The highest bit goes first, as codes do.
    fn code(&mut self, value: u32, count: u32) {
        for n in (0..count).rev() {
            self.number(value >> n & 1, 1);
        }
    }
}

/// A block with the fixed codes of RFC 1951 section 3.2.6: one space, then so many copies of it, then the end.
fn block(copies: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.number(1, 1); // the last block
    bits.number(1, 2); // with fixed codes
    bits.code(0x30 + u32::from(b' '), 8);
    for _ in 0..copies {
        bits.code(0b1100_0101, 8); // length 258
        bits.code(0, 5); // distance 1
    }
    bits.code(0, 7); // the end
    bits.bytes
}

/// A block that unpacks to it all. Eight copies are 13 whole bytes, which are repeated.
fn deflated() -> Vec<u8> {
    let (short, long) = (block(8), block(24));
    let times = UNPACKED / LONGEST / 8;
    [&short[..2], &long[2..15].repeat(times), &short[2..]].concat()
}

/// RFC 1952; the check sum at its end is not right, which nobody knows before all is unpacked.
pub(crate) fn gzip() -> Vec<u8> {
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    bytes.extend(deflated());
    bytes.extend([0; 8]);
    bytes
}

/// RFC 1950, which is what HTTP calls `deflate`.
pub(crate) fn deflate() -> Vec<u8> {
    let mut bytes = vec![0x78, 0x9c];
    bytes.extend(deflated());
    bytes.extend([0; 4]);
    bytes
}

/// RFC 8878: a frame of blocks that repeat one byte 128 KiB times.
pub(crate) fn zstd() -> Vec<u8> {
    let mut bytes = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58];
    let blocks = UNPACKED >> 17;
    for n in 1..=blocks {
        let header = (1_u32 << 17 << 3) | (1 << 1) | u32::from(n == blocks);
        bytes.extend(&header.to_le_bytes()[..3]);
        bytes.push(b' ');
    }
    bytes
}

/// RFC 7932, as Node's packer writes 100 MiB of spaces.
pub(crate) fn brotli() -> Vec<u8> {
    const HEX: &str = "cfffff7f002440e2b14072effff9ffff0f8004401c1680eefd3fffffff01900088c302d0bdffe7ffff3f001200\
        715800baf7fffcffff074002200e0b40f7fe9fffffff004800c46101e8deffe7ffff0f000980382c00ddfb1f";
    let digit = |n: usize| u8::from_str_radix(&HEX[n..n + 2], 16).expect("two digits");
    (0..HEX.len()).step_by(2).map(digit).collect()
}

#[test]
fn the_bombs_are_small() {
    for bomb in [gzip(), deflate(), zstd(), brotli()] {
        assert!(bomb.len() < 1 << 20, "{}", bomb.len());
    }
}
