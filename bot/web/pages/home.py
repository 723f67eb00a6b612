"""The first page, and what a browser keeps: language and colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.errors import sentence
from bot.texts import N_, Language
from bot.web.api.problems import Problem
from bot.web.entry import Visit
from bot.web.frame import LANGUAGE_COOKIE, THEME_COOKIE, THEMES

if TYPE_CHECKING:
    from bot.web.desk import Desk


def routes(desk: Desk) -> Sequence[Route]:
    """``GET /`` and ``POST /preferences``."""

    def home(_visit: Visit) -> Response:
        return RedirectResponse(desk.frame.url("triage"), 303)

    def preferences(visit: Visit) -> Response:
        theme, language = str(visit.form.get("theme", "")), str(visit.form.get("language", ""))
        response = desk.frame.back(visit, str(visit.form.get("next", "")))
        if theme:
            if theme not in THEMES:
                raise Problem(
                    422,
                    N_("there are no such colours"),
                    sentence(N_("There are: {names}."), names=", ".join(THEMES)),
                    field="theme",
                )
            desk.frame.keep(visit, response, THEME_COOKIE, theme)
        if language:
            if language not in (known.value for known in Language):
                raise Problem(422, N_("there is no such language"), N_("There are: en, zh-CN."), field="language")
            desk.frame.keep(visit, response, LANGUAGE_COOKIE, language)
        return response

    return (
        Route("/", desk.entry.page(home, permission=None), name="home"),
        Route("/preferences", desk.entry.action(preferences, permission=None), methods=["POST"], name="preferences"),
    )
