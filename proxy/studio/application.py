"""The pages on the proxy's port: routes, the check of every request, and files beside them."""

from __future__ import annotations

import contextlib
import hmac
import logging
import mimetypes
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from urllib.parse import quote

from aiohttp import web

from gremlink.proxy.config import Configuration
from gremlink.proxy.management.access.credentials import Access
from gremlink.proxy.management.errors import AccessDenied
from gremlink.proxy.management.federation import Federate
from gremlink.proxy.management.http import read
from gremlink.proxy.management.routes import managing
from gremlink.proxy.management.sagemaker.operations import Invoke
from gremlink.proxy.relay.queries import Queries
from gremlink.proxy.relay.workers.door import DOOR
from gremlink.proxy.store.records import Store
from gremlink.proxy.studio.errors import ApiRefused, DatabaseGone, StudioError, WrongInput
from gremlink.proxy.studio.pages import PAGES
from gremlink.proxy.studio.templating import STATIC, environment
from gremlink.proxy.studio.visit import Route, Site, Visit

log = logging.getLogger(__name__)

BELOW = "/studio"
"""The path below which everything is but the home page, which is at the root, too."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""The Content-Security-Policy of a page: no text in it runs, and nothing comes from elsewhere."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

_A_YEAR = "max-age=31536000, immutable"

TOKEN_FIELD, TOKEN_HEADER = "token", "X-Gremlink-Token"


@contextlib.asynccontextmanager
async def managing_with_pages(
    configuration: Configuration,
    application: web.Application,
    queries: Queries,
    metrics: Callable[[], Awaitable[bytes]],
    invoke: Invoke,
    federate: Federate,
) -> AsyncIterator[None]:
    """Add the pages, unless they are switched off, and the management API.

    See `gremlink.proxy.management.routes.managing`.
    """
    if configuration.studio.enabled:
        add_pages(configuration, application)
    async with managing(configuration, application, queries, metrics, invoke, federate):
        yield


def add_pages(configuration: Configuration, application: web.Application) -> None:
    """Add the routes of all pages to an application that has not started."""
    navigation = [(page.address, page.title) for page in PAGES]
    site = Site(
        configuration,
        Store(configuration.store.directory),
        environment(f"{BELOW}/static", navigation),
        secrets.token_urlsafe(32),
        application[DOOR],
    )
    answering = _Answering(site, Access(configuration))
    routes = [route for page in PAGES for route in page.routes]
    for route in routes:
        application.router.add_route(route.method, route.path, answering(route))
        if route.path == "/":
            for path in (BELOW, f"{BELOW}/"):
                application.router.add_route("GET", path, answering(route))
    application.router.add_route("GET", f"{BELOW}/static/{{name:.+}}", _static)
    application.router.add_route("GET", "/favicon.ico", _icon)
    nothing = Route("*", f"{BELOW}/{{rest:.*}}", _nothing)
    application.router.add_route("*", nothing.path, answering(nothing))


class _Answering:
    """Makes aiohttp's handlers of routes: access, form token, errors as pages, headers."""

    def __init__(self, site: Site, access: Access) -> None:
        self._site = site
        self._access = access

    def __call__(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            visit = Visit(self._site, request)
            try:
                response = await self._answer(route, visit)
            finally:
                await visit.end()
            if not response.prepared:
                for name, value in HEADERS.items():
                    response.headers.setdefault(name, value)
            return response

        return answer

    async def _answer(self, route: Route, visit: Visit) -> web.StreamResponse:
        request = visit.request
        try:
            self._access.check(request, await read(request), visit.authorization)
            if request.method not in ("GET", "HEAD"):
                await self._check_token(visit)
            return await route.handler(visit)
        except AccessDenied as error:
            response = _failure(visit, "You need to sign in", str(error), 401)
            response.headers["WWW-Authenticate"] = 'Basic realm="gremlink", charset="UTF-8"'
            return response
        except WrongInput as error:
            return _failure(visit, "That cannot be done", str(error), 400)
        except DatabaseGone as error:
            return _failure(visit, "The database does not answer", str(error), 503)
        except ApiRefused as error:
            return _failure(visit, "The request was refused", str(error), error.status)
        except StudioError as error:
            return _failure(visit, "The query was refused", str(error), 400)
        except web.HTTPNotFound as error:
            return _failure(visit, "There is nothing here", error.text or "", 404)
        except web.HTTPException:
            raise
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            return _failure(
                visit, "This page failed", "The proxy's log says why. Try again, or reload.", 500
            )

    async def _check_token(self, visit: Visit) -> None:
        """Check that one of our own pages sent the form. Raises `WrongInput`."""
        given = visit.request.headers.get(TOKEN_HEADER, "")
        if not given:
            given = str((await visit.form()).get(TOKEN_FIELD, ""))
        if not hmac.compare_digest(given.encode(), self._site.token.encode()):
            raise WrongInput(
                "The page that sent this is older than the running proxy, or not one of its own:"
                " reload it and try again."
            )


def _failure(visit: Visit, title: str, why: str, status: int) -> web.Response:
    """Return an error as a page, or for a script as a fragment, which only shows what is 200."""
    if visit.is_fragment:
        return visit.fragment("failure.html", title=title, why=why)
    return visit.page("failed.html", status=status, title=title, why=why)


async def _nothing(visit: Visit) -> web.Response:
    raise web.HTTPNotFound(text=f"No page is at {visit.request.path[:100]}.")


async def _static(request: web.Request) -> web.Response:
    """Answer with a file of the package; its address changes when it does."""
    name = request.match_info["name"]
    known = {path for path, _ in static_files()}
    if name not in known:
        raise web.HTTPNotFound(text="There is no such file.\n")
    content = STATIC.joinpath(name).read_bytes()
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    charset = "utf-8" if kind.startswith("text/") else None
    headers = {**HEADERS, "Cache-Control": _A_YEAR if request.query_string else "no-cache"}
    return web.Response(body=content, content_type=kind, charset=charset, headers=headers)


async def _icon(request: web.Request) -> web.Response:
    raise web.HTTPFound(f"{BELOW}/static/{quote('icon.svg')}")


def static_files() -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file that pages load."""
    for entry in STATIC.iterdir():
        if entry.is_dir():
            for inner in entry.iterdir():
                if inner.is_file():
                    yield f"{entry.name}/{inner.name}", inner.read_bytes()
        elif entry.is_file():
            yield entry.name, entry.read_bytes()
