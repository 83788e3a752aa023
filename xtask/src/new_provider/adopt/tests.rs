//! What is adopted of an ordinary document, and what is left to decide.

use super::{Adopted, adopt, endpoints, read};
use crate::new_provider::node::Node;

const DOCUMENT: &str = include_str!("../../../tests/fixtures/library.yaml");

fn adopted(document: &str) -> Adopted {
    adopt(&read(document).unwrap()).unwrap()
}

/// What is said of the document with one change.
fn refused(from: &str, to: &str) -> String {
    assert!(DOCUMENT.contains(from), "{from}");
    let document = DOCUMENT.replacen(from, to, 1);
    let adopted = read(&document).and_then(|it| adopt(&it));
    format!("{:#}", adopted.unwrap_err())
}

#[test]
fn an_ordinary_document_becomes_ours() {
    let Adopted {
        document,
        area,
        resources,
        probe,
        fields,
        texts,
        server,
        ..
    } = adopted(DOCUMENT);
    assert_eq!(area, "v2");
    let calls = ["list", "create", "get", "update", "delete", "lend"].map(str::to_owned);
    assert_eq!(resources, [("books".to_owned(), calls.to_vec())]);
    assert_eq!((probe.path.as_str(), probe.is_list), ("/v2/books", true));
    assert_eq!(server, "https://api.library.example");
    assert_eq!(fields, [("type".to_owned(), "kind".to_owned())].into());
    assert_eq!(texts, ["Book.size".to_owned()].into());
    let yaml = document.to_yaml();
    for line in [
        "operationId: v2.books.list",
        "summary: List all books",
        "summary: Add a book",
        "style: limit_offset",
        "items: books",
        "x-id: Book",
        "$ref: \"#/components/schemas/Genre\"",
    ] {
        assert!(yaml.contains(line), "{line} in\n{yaml}");
    }
    for gone in [
        "Error",
        "int32",
        "example:",
        "uniqueItems",
        "allOf",
        "X-Trace",
        "default:\n",
    ] {
        assert!(!yaml.contains(gone), "{gone} in\n{yaml}");
    }
}

#[test]
fn what_is_adopted_follows_the_rules_and_is_adopted_once_more_as_it_is() {
    let first = adopted(DOCUMENT);
    let mut yaml = first.document.to_yaml();
    yaml.push_str("externalDocs:\n  url: https://api.library.example/v2\n");
    let second = adopted(&yaml);
    assert_eq!(second.document, first.document);
    assert_eq!(second.notes, [""; 0]);
}

#[test]
fn the_security_schemes_say_where_tokens_come_from() {
    let found = endpoints(&read(DOCUMENT).unwrap(), "clientCredentials");
    assert_eq!(found.token.as_deref(), Some("/v2/oauth/token"));
    assert_eq!(found.authorize.as_deref(), Some("/v2/oauth/authorize"));
}

#[test]
fn what_nothing_mechanical_decides_is_told_with_its_place() {
    for (from, to, told) in [
        (
            "openapi: 3.0.3",
            "swagger: '2.0'",
            "`openapi` is to be 3.0 or 3.1",
        ),
        (
            "  title: Library API",
            "  title: ''",
            "`info.title` is empty",
        ),
        (
            "https://api.library.example/v2\n",
            "/v2\n",
            "no page is named",
        ),
        (
            "        - name: X-Trace\n          in: header",
            "        - name: X-Trace\n          in: header\n          required: true",
            "GET /v2/books, parameter X-Trace: no call has a header of its own",
        ),
        (
            "application/json; charset=utf-8",
            "text/csv",
            "text/csv is none of",
        ),
        (
            "        201:",
            "        301:",
            "POST /v2/books: no answer is a success",
        ),
        (
            "{type: string, minLength: 1}",
            "{not: {type: string}}",
            "NewBook.title: `not` has no meaning",
        ),
        (
            "https://api.library.example/v2\n",
            "https://api.library.example/v2(x)\n",
            "servers: the path of the first server has variables or odd characters",
        ),
        (
            "{type: string, minLength: 1}",
            "{properties: {a: {type: string}}, oneOf: [{type: object}]}",
            "NewBook.title: it has `properties` and a choice",
        ),
        (
            "        - name: X-Trace\n          in: header",
            "        - name: trace\n          in: query\n          schema: {type: object}\n        - name: X-Trace\n          in: header",
            "parameter trace: an object has no form of its own",
        ),
        (
            "#/components/schemas/NewBook'",
            "#/components/schemas/Nobody'",
            "leads nowhere",
        ),
        (
            "  /books/{bookId}/lend:",
            "  /books/{bookId}/self:",
            "would be `books.self`",
        ),
    ] {
        let error = refused(from, to);
        assert!(error.contains(told), "{to}: {error}");
    }
}

#[test]
fn what_holds_itself_is_told_instead_of_followed_for_ever() {
    for (title, part) in [
        (
            "{$ref: '#/components/x-parts/a'}",
            "a: {type: array, items: {$ref: '#/components/x-parts/a'}}",
        ),
        (
            "{$ref: '#/components/x-parts/a'}",
            "a: {$ref: '#/components/x-parts/b'}\n    b: {$ref: '#/components/x-parts/a'}",
        ),
    ] {
        let text = DOCUMENT.replace("{type: string, minLength: 1}", title);
        let text = text.replace(
            "\ncomponents:\n",
            &format!("\ncomponents:\n  x-parts:\n    {part}\n"),
        );
        let error = adopt(&read(&text).unwrap()).unwrap_err().to_string();
        let is_told = error.contains("in a circle") || error.contains("leads nowhere");
        assert!(is_told && error.contains("title"), "{error}");
    }
}

#[test]
fn what_no_flag_takes_of_the_sign_in_is_noted() {
    let text = DOCUMENT.replace(
        "tokenUrl: https://api.library.example/",
        "tokenUrl: https://auth.library.example/",
    );
    let notes = adopt(&read(&text).unwrap()).unwrap().notes.join("\n");
    for word in [
        "auth.library.example, the API on api.library.example",
        "scopes are not sent",
    ] {
        assert!(notes.contains(word), "{word}: {notes}");
    }
    let text = DOCUMENT.replace("version: '2.1'", "version: \"1\\nconst _: () = panic!();\"");
    let version = adopt(&read(&text).unwrap()).unwrap().document;
    let version = version.get("info").and_then(|it| it.text_at("version"));
    assert_eq!(version, Some("1 const _: () = panic!();"));
}

#[test]
fn a_reference_with_something_beside_it_stays_one() {
    let text = DOCUMENT.replace(
        "{type: string, minLength: 1}",
        "{allOf: [{$ref: '#/components/schemas/genre'}], nullable: true}",
    );
    let yaml = adopted(&text).document.to_yaml();
    let title = yaml
        .split("NewBook:")
        .nth(1)
        .and_then(|it| it.split("title:").nth(1));
    let title = title.unwrap_or_default().trim_start();
    assert!(
        title.starts_with(r##"$ref: "#/components/schemas/Genre""##),
        "{title}"
    );
}

#[test]
fn the_flow_that_is_asked_for_goes_first() {
    let document = "components:\n  securitySchemes:\n    a:\n      flows:\n        password: {tokenUrl: /password}\n        \
                    clientCredentials: {tokenUrl: /machine}\n";
    let document = read(&format!("openapi: 3.1.0\n{document}")).unwrap();
    let token = |flow| endpoints(&document, flow).token.unwrap();
    assert_eq!(token("clientCredentials"), "/machine");
    assert_eq!(token("password"), "/password");
}

#[test]
fn a_document_without_a_call_that_needs_nothing_is_refused() {
    let error = refused(
        "        - $ref: '#/components/parameters/Limit'\n",
        "        - {name: shelf, in: query, required: true, schema: {type: string}}\n",
    );
    assert!(error.contains("no GET that needs no argument"), "{error}");
}

#[test]
fn lists_that_page_in_an_unknown_way_are_noted() {
    let document = DOCUMENT.replacen("        - name: offset", "        - name: page", 1);
    let notes = adopted(&document).notes;
    assert!(
        notes
            .iter()
            .any(|it| it.contains("how it pages is not known")),
        "{notes:?}"
    );
}

#[test]
fn ids_of_two_types_have_no_type_of_their_own() {
    let document = DOCUMENT.replacen(
        "id: {type: string, format: uuid, readOnly: true}",
        "id: {type: integer}",
        1,
    );
    let Adopted {
        document, notes, ..
    } = adopted(&document);
    assert!(!document.to_yaml().contains("x-id"));
    assert!(
        notes.iter().any(|it| it.contains("the id of Book")),
        "{notes:?}"
    );
    assert!(matches!(document, Node::Map(_)));
}
