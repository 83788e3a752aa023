//! Bodies that are not UTF-8, or only look like it.

use crate::case::{Case, Want, answer};

use super::{BAD_REQUEST, UNREADABLE};

fn utf16(text: &str, mark: bool, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let mark = mark.then_some(0xfeff);
    mark.into_iter()
        .chain(text.encode_utf16())
        .flat_map(unit)
        .collect()
}

pub(super) fn cases() -> Vec<Case> {
    const TEXT: &str =
        "{\"access_token\":\"t-1\",\"token_type\":\"bearer\",\"message\":\"größer\"}";
    let utf32: Vec<u8> = TEXT
        .chars()
        .flat_map(|c| u32::from(c).to_le_bytes())
        .collect();
    let with = |bytes: &[u8]| {
        [
            b"{\"access_token\":\"t-1\",\"token_type\":\"bearer\",\"message\":\"".as_slice(),
            bytes,
            b"\"}",
        ]
        .concat()
    };
    let latin1 = with(b"gr\xf6\xdfer");
    let bodies: [(&str, &str, Vec<u8>); 11] = [
        (
            "UTF-16 with a mark, little end first",
            "UTF-16 under 400",
            utf16(TEXT, true, u16::to_le_bytes),
        ),
        (
            "UTF-16 with a mark, big end first",
            "UTF-16 the other way under 400",
            utf16(TEXT, true, u16::to_be_bytes),
        ),
        (
            "UTF-16 without a mark",
            "UTF-16 without a mark under 400",
            utf16(TEXT, false, u16::to_le_bytes),
        ),
        ("UTF-32", "UTF-32 under 400", utf32),
        (
            "a byte order mark",
            "a byte order mark under 400",
            [b"\xef\xbb\xbf".as_slice(), TEXT.as_bytes()].concat(),
        ),
        ("Latin-1", "Latin-1 under 400", latin1),
        (
            "a byte that UTF-8 never has",
            "a byte that UTF-8 never has under 400",
            with(b"\xff\xfe"),
        ),
        (
            "a slash in two bytes",
            "a slash in two bytes under 400",
            with(b"\xc0\xaf"),
        ),
        (
            "half a surrogate in UTF-8",
            "half a surrogate in UTF-8 under 400",
            with(b"\xed\xa0\x80"),
        ),
        (
            "a letter that is cut",
            "a letter that is cut under 400",
            with(b"\xe2\x82"),
        ),
        (
            "UTF-7",
            "UTF-7 under 400",
            b"+AHs-\"access+AF8-token\":1+AH0-".to_vec(),
        ),
    ];
    let mut cases = Vec::new();
    for (name, bad, body) in bodies {
        let headers = "content-type: application/json\r\n";
        cases.push(Case::play(
            name,
            [answer("200 OK", headers, body.clone())],
            UNREADABLE,
        ));
        cases.push(Case::play(
            bad,
            [answer("400 Bad Request", headers, body)],
            BAD_REQUEST,
        ));
    }
    let json = |name, body: &str, want: Want| Case::play(name, [answer("200 OK", "", body)], want);
    cases.push(json(
        "half a surrogate, escaped",
        "{\"message\":\"\\ud800\"}",
        UNREADABLE,
    ));
    cases.push(json(
        "a raw control character",
        "{\"message\":\"\u{1}\"}",
        UNREADABLE,
    ));
    cases.push(json("a NUL before the object", "\0<<token>>", UNREADABLE));
    cases
}
