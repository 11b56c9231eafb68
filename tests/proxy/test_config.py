"""Where settings come from, which one wins, and what is said about a wrong one."""

import json
from pathlib import Path

import platformdirs
import pytest

from gremlink.proxy import config
from gremlink.proxy.config import Configuration, ConfigurationError

DOCUMENT = Path(__file__).parents[2] / "docs" / "configuration.md"


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the current nor the user's directory holds a file that a test did not write."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(platformdirs, "user_config_path", lambda _: tmp_path / "user")


def write(text: str, file: Path = Path("gremlink.toml")) -> Path:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return file.absolute()


def test_nothing_given_is_the_defaults() -> None:
    settings = config.load(environment={})
    assert settings == Configuration()
    assert settings.listen.host == "127.0.0.1"
    assert settings.listen.port == 8182
    assert settings.limits.max_message_bytes >= 10 * 1024 * 1024 + 1 + 32


def test_flags_over_environment_over_file_over_defaults() -> None:
    write('[listen]\nhost = "::1"\nport = 1\npath = "/g"\n')
    settings = config.load(
        {"listen.port": 3, "listen.host": None},
        environment={"GREMLINK_LISTEN_PORT": "2", "GREMLINK_LISTEN_PATH": "/from-environment"},
    )
    assert settings.listen.port == 3
    assert settings.listen.path == "/from-environment"
    assert settings.listen.host == "::1"
    assert settings.log.level == "info"


def test_file_of_the_user_is_read_when_there_is_none_here(tmp_path: Path) -> None:
    write('[log]\nlevel = "error"\n', tmp_path / "user" / "gremlink.toml")
    assert config.load(environment={}).log.level == "error"
    write('[log]\nlevel = "debug"\n')
    assert config.load(environment={}).log.level == "debug"


def test_named_file_wins_over_the_variable_and_both_over_the_one_found(tmp_path: Path) -> None:
    write("[listen]\nport = 1\n")
    variable = write("[listen]\nport = 2\n", tmp_path / "variable.toml")
    named = write("[listen]\nport = 3\n", tmp_path / "named.toml")
    environment = {"GREMLINK_CONFIG": str(variable)}
    assert config.load(environment=environment).listen.port == 2
    assert config.load(environment=environment, file=named).listen.port == 3


def test_empty_variable_is_not_given() -> None:
    assert config.load(environment={"GREMLINK_LISTEN_PORT": ""}).listen.port == 8182


def test_variables_that_an_orchestrator_sets_are_not_ours() -> None:
    environment = {
        "GREMLINK_SERVICE_HOST": "10.0.0.1",
        "GREMLINK_SERVICE_PORT": "8182",
        "GREMLINK_PORT": "tcp://10.0.0.1:8182",
        "GREMLINK_PORT_8182_TCP_ADDR": "10.0.0.1",
    }
    assert config.load(environment=environment) == Configuration()


@pytest.mark.parametrize(
    ("text", "key", "said", "nearest"),
    [
        ("[listen]\nprot = 1", "listen.prot", "no such key", "listen.port"),
        ("[lisen]\nport = 1", "lisen", "no such section", "listen"),
        ("[zzz]\n", "zzz", "there are listen, upstream, sparql", None),
        ("listen = 8182", "listen", "is a section: write [listen]", None),
        ("[listen]\nport = 70000", "listen.port", "70000 is not allowed", None),
        ("[listen]\nport = 'x'", "listen.port", "valid integer", None),
        ("[listen]\npath = 'gremlin'", "listen.path", "must begin with /", None),
        ("[upstream]\nurl = 'http://h:1/'", "upstream.url", "ws://host:port/gremlin", None),
        ("[upstream]\nurl = 'ws://h:x/'", "upstream.url", "port must be a number", None),
        ("[log]\nlevel = 'loud'", "log.level", "'debug', 'info', 'warning' or 'error'", None),
        ("[limits]\nconnect_timeout = 0", "limits.connect_timeout", "greater than 0", None),
        ("[limits]\nconnect_timeout = inf", "limits.connect_timeout", "finite", None),
        ("[embedded]\nmemory = '1 GB'", "embedded.memory", "as in 512m or 2g", None),
        ("[listen", "", "is not TOML", None),
    ],
)
def test_wrong_file_says_which_key_and_what_is_allowed(
    text: str, key: str, said: str, nearest: str | None
) -> None:
    file = write(text)
    with pytest.raises(ConfigurationError) as caught:
        config.load(environment={}, file=file)
    error = caught.value
    assert (error.source, error.key, error.nearest) == (str(file), key, nearest)
    assert said in str(error)
    assert "pydantic" not in str(error)


def test_missing_named_file_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match=r"absent\.toml: cannot be read: No such file"):
        config.load(environment={}, file=Path("absent.toml"))


def test_wrong_variable_is_named_as_the_source() -> None:
    with pytest.raises(ConfigurationError) as caught:
        config.load(environment={"GREMLINK_LISTEN_PORT": "many"})
    assert caught.value.source == "GREMLINK_LISTEN_PORT"
    assert caught.value.key == "listen.port"


def test_unknown_variable_of_ours_is_refused() -> None:
    with pytest.raises(ConfigurationError) as caught:
        config.load(environment={"GREMLINK_LISTEN_PROT": "1"})
    assert caught.value.nearest == "GREMLINK_LISTEN_PORT"


def test_unknown_flag_key_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"listen\.porto: no such key"):
        config.load({"listen.porto": 1}, environment={})


def test_every_variable_sets_its_key() -> None:
    known = config.keys()
    assert len({config.variable(key) for key in known}) == len(known)


def test_settings_cannot_be_changed_after_loading() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Configuration().listen.port = 1


def test_document_holds_the_table_of_the_model() -> None:
    assert config.reference() in DOCUMENT.read_text(), (
        "put the output of `python -m gremlink.proxy.config` into docs/configuration.md"
    )


def test_example_in_the_document_loads() -> None:
    text = DOCUMENT.read_text()
    example = text.split("```toml\n", 1)[1].split("```", 1)[0]
    settings = config.load(environment={}, file=write(example))
    assert settings.upstream.url is not None


def test_a_table_comes_from_the_file_or_as_json_from_the_environment() -> None:
    roles = {"arn:aws:iam::123456789012:role/ml": ["*"], "arn:aws:iam::1:role/x": ["a", "b-*"]}
    lines = [f'"{role}" = {json.dumps(patterns)}' for role, patterns in roles.items()]
    write("\n".join(["[inference.iam_roles]", *lines]))
    assert config.load(environment={}).inference.iam_roles == roles
    environment = {"GREMLINK_INFERENCE_IAM_ROLES": json.dumps({"x": ["y"]})}
    assert config.load(environment=environment).inference.iam_roles == {"x": ["y"]}


@pytest.mark.parametrize("value", ["arn:aws:iam::1:role/x", "[1]", '{"x": "y"}'])
def test_what_is_no_table_is_refused(value: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        config.load(environment={"GREMLINK_INFERENCE_IAM_ROLES": value})
    assert caught.value.key == "inference.iam_roles"


def test_names_come_from_the_file_or_as_words_from_the_environment() -> None:
    write('[inference]\nunoptimized_steps = ["sample", "coin"]')
    assert config.load(environment={}).inference.unoptimized_steps == ("sample", "coin")
    environment = {"GREMLINK_INFERENCE_UNOPTIMIZED_STEPS": "coin, match"}
    assert config.load(environment=environment).inference.unoptimized_steps == ("coin", "match")


def said_of(key: str, value: object) -> str:
    """What is said of a setting that cannot be used; empty if it can."""
    try:
        config.load({key: value}, environment={})
    except ConfigurationError as error:
        return str(error)
    return ""


KEYS = config.keys()


@pytest.mark.parametrize("key", KEYS)
def test_no_error_about_any_setting_tells_a_password(key: str) -> None:
    for value in (
        "ws://ann:hunter2@host/x?y",
        ["http://ann:hunter2@host"],
        "http://ann:hun/ter2@h",
        {"x": "http://ann:hunter2@host"},
    ):
        assert "ter2" not in said_of(key, value)


ADDRESSES = [
    "upstream.url",
    "upstream.open_cypher",
    "upstream.sparql",
    "sparql.url",
    "sparql.query",
    "sparql.update",
    "sparql.store",
    "storage.s3_endpoint",
    "access.hosts",
    "access.origins",
]


@pytest.mark.parametrize("key", ADDRESSES)
@pytest.mark.parametrize("value", ["http://ann:hunter2", "ann:hunter2", "ws:ann:hunter2"])
def test_nor_one_without_a_host_where_an_address_is_meant(key: str, value: str) -> None:
    said = said_of(key, value)
    assert said
    assert "hunter2" not in said
