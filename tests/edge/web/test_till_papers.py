"""Words of tills in every language, and receipts as pictures."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from trio.testing import MockClock

from edge.core.pricing import Item
from edge.core.texts import LANGUAGES
from edge.web import till_papers
from tests.edge.core.bar import WATER
from tests.edge.web.test_till_works import Bar


@pytest.mark.trio
@pytest.mark.parametrize("language", LANGUAGES)
async def test_words_are_told_in_each_language(language: str, autojump_clock: MockClock) -> None:
    async with Bar().run() as bar:
        assert isinstance(bar, Bar)
        status, told = await bar.get(f"/words?lang={language}")
        assert (status, told["language"]) == (200, language)
        wanted = {"de": "Der Korb ist leer.", "en": "the basket is empty"}
        assert told["words"]["basket_empty"]["detail"] == wanted.get(
            language, "Le panier est vide."
        )
        assert told["words"]["balance"]["detail"]
        status, wrong = await bar.get("/words?lang=tlh")
        assert (status, wrong["problem"], wrong["hint"]) == (400, "bad_field", "one of de, en, fr")


@pytest.mark.trio
async def test_a_receipt_is_a_picture_of_a_copy() -> None:
    async with Bar().run() as bar:
        assert isinstance(bar, Bar)
        await bar.sell(None, Item(WATER, 2), method="cash")
        answer = await bar.client.get("/v1/tills/1/receipts/1/picture?lang=de")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
        picture = Image.open(io.BytesIO(answer.content))
        assert picture.width > 300 and picture.height > 200
        assert (await bar.get("/1/receipts/7/picture"))[0] == 404
        assert (await bar.get("/1/receipts/x/picture"))[0] == 404
        assert (await bar.get("/1/receipts/1/picture?lang=xx"))[0] == 400


@pytest.mark.trio
async def test_a_receipt_that_contradicts_itself_is_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def wrong(*_: object) -> bytes:
        raise ValueError("payments come to 1, lines to 2")

    async with Bar().run() as bar:
        assert isinstance(bar, Bar)
        await bar.sell(None, Item(WATER, 2), method="cash")
        monkeypatch.setattr(till_papers, "render", wrong)
        status, told = await bar.get("/1/receipts/1/picture")
        assert (status, told["problem"]) == (409, "bad_receipt")
        assert "lines to 2" in told["detail"] and told["hint"]


@pytest.mark.trio
async def test_who_may_not_look_gets_neither(autojump_clock: MockClock) -> None:
    async with Bar("scanner").run() as bar:
        assert isinstance(bar, Bar)
        assert (await bar.get("/words"))[0] == 401
        await bar.sign_in("scanner")
        assert (await bar.get("/words"))[0] == 403
        assert (await bar.get("/1/receipts/1/picture"))[0] == 403
