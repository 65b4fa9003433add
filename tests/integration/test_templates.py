"""Message templates: written in the contact's language, checked with places."""

from __future__ import annotations

from pathlib import Path

import pytest

from boucle.activities.templates import VARIABLES, TemplateFailedError, Templates, check_templates
from boucle.activities.text_files import TEMPLATES

VALUES = {
    "contact": {"name": "Zoé"},
    "score": 3,
    "company": "Firm",
    "offer": None,
    "loop": {"id": "abc"},
}


def templates(folder: Path, **texts: str) -> Templates:
    for name, text in texts.items():
        (folder / f"{name.replace('__', '.')}.txt").write_text(text, encoding="utf-8")
    return Templates(folder, "en")


def test_the_contact_s_language_else_the_workspace_s(tmp_path: Path) -> None:
    known = templates(
        tmp_path,
        hello__fr="Subject: Bonjour {{ contact.name }}\n\nNote : {{ score }}\n",
        hello__en="Subject: Hello\n\nHi\n",
    )
    assert known.write("hello", "fr", VALUES).subject == "Bonjour Zoé"
    assert known.write("hello", "fr", VALUES).body == "Note : 3\n"
    assert known.write("hello", "de", VALUES).subject == "Hello"


def test_an_unknown_name_prints_as_nothing(tmp_path: Path) -> None:
    known = templates(tmp_path, hello__en="Subject: Hello\n\nHi{{ contact.name }}!\n")
    assert known.write("hello", "en", {**VALUES, "contact": {"name": None}}).body == "Hi!\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hello\n", "the first line must be 'Subject: …'"),
        ("Subject: a\n\n{{ offer.code }}\n", "has no attribute 'code'"),
        ("Subject: a\n\n{{ name }}\n", "'name' is undefined"),
        ("Subject: a\n\n{{ ''.__class__.__mro__ }}\n", "access to attribute"),
    ],
)
def test_a_message_that_cannot_be_written_says_why(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(TemplateFailedError) as failure:
        templates(tmp_path, hello__en=text).write("hello", "en", VALUES)
    assert said in str(failure.value)


def test_a_missing_template_is_named(tmp_path: Path) -> None:
    with pytest.raises(TemplateFailedError, match="template 'bye' in 'en': there is no such file"):
        templates(tmp_path).write("bye", "fr", VALUES)


def test_every_mistake_of_every_template_has_its_place(tmp_path: Path) -> None:
    folder = tmp_path / "templates"
    folder.mkdir()
    templates(
        folder,
        good__en="Subject: {{ company }}\n\n{% if offer %}{{ offer.value }}{% endif %} {{ loop.id }}\n",
        lonely__fr="Subject: seul\n\nSeul.\n",
        broken__en="Subject: a\n\n{{ score }\n",
        strange__en="Sujet: a\n\n{{ contact.name }}\n{{ contact.phone }} {{ nps }}\n",
        Odd="Subject: a\n\nb\n",
    )
    (folder / "latin.en.txt").write_bytes("Subject: é\n".encode("latin-1"))
    parts = [f"{name}.{part}" for name, parts in VARIABLES.items() for part in sorted(parts)]
    known = ", ".join([*parts, *(name for name, parts in VARIABLES.items() if not parts)])
    assert [f"{mistake.place} {mistake.message}" for mistake in check_templates(folder, "en")] == [
        "templates/Odd.txt:1:1 a template is called <id>.<language>.txt, such as apology.en.txt",
        "templates/broken.en.txt:3:1 unexpected '}'",
        "templates/latin.en.txt:1:1 the file is not UTF-8 (invalid continuation byte)",
        "templates/lonely.fr.txt:1:1 'lonely' has no text in 'en', the workspace's language",
        "templates/strange.en.txt:1:1 the first line must be 'Subject: …'",
        f"templates/strange.en.txt:4:1 unknown variable 'contact.phone'; there are {known}",
        f"templates/strange.en.txt:4:1 unknown variable 'nps'; there are {known}",
    ]


def test_templates_are_found_with_their_languages(tmp_path: Path) -> None:
    templates(tmp_path, hello__fr="", hello__en="", bye__fr="")
    assert TEMPLATES.find_texts(tmp_path) == {"hello": {"fr", "en"}, "bye": {"fr"}}
