"""The role that a query names: its form, and what a deployment says about it."""

import pytest

from gremlink.grammar.traversal import Kind, Literal
from gremlink.proxy.inference.analysis.iam import authorise, role_arn
from gremlink.proxy.inference.analysis.options import IAM_ROLE, Settings
from gremlink.proxy.inference.errors import BadRequest, InvalidParameter, MissingParameter

ROLE = "arn:aws:iam::123456789012:role/ml"


@pytest.mark.parametrize(
    "role",
    [
        ROLE,
        "arn:aws:iam::0123456789:role/sagemaker-role",
        "arn:aws:iam::000000000000:role/local",
        "arn:aws-cn:iam::123456789012:role/path/to/a_b=c,d.e@f-g+h",
    ],
)
def test_an_arn_of_a_role(role):
    assert role_arn({IAM_ROLE: Literal.string(role)}, Settings()) == role


@pytest.mark.parametrize(
    "role",
    [
        "",
        "role",
        "arn:aws:iam::123456789012:user/ml",
        "arn:aws:iam::123456789012:role/",
        "arn:aws:iam:us-east-1:123456789012:role/ml",
        "arn:aws:iam::account:role/ml",
        "arn:aws:s3:::bucket",
        ROLE + "\n",
        ROLE + " x",
    ],
)
def test_anything_else_is_none(role):
    with pytest.raises(InvalidParameter, match="Invalid IAM role ARN"):
        role_arn({IAM_ROLE: Literal.string(role)}, Settings())


def test_a_number_is_none():
    with pytest.raises(InvalidParameter, match="Invalid IAM role ARN"):
        role_arn({IAM_ROLE: Literal(Kind.INT, 1)}, Settings())


def test_a_role_is_asked_for_only_where_roles_are_listed():
    assert role_arn({}, Settings()) is None
    assert role_arn({}, Settings(default_role=ROLE)) == ROLE
    assert role_arn({}, Settings(default_role=ROLE, roles={})) == ROLE
    with pytest.raises(MissingParameter, match="No IAM role ARN provided"):
        role_arn({}, Settings(roles={ROLE: ["*"]}))


def test_the_role_of_the_settings_has_to_be_one_too():
    with pytest.raises(InvalidParameter, match="Invalid IAM role ARN"):
        role_arn({}, Settings(default_role="ml"))


def test_a_role_may_ask_the_endpoints_of_its_patterns():
    settings = Settings(roles={ROLE: ["friends", "genre-*"]})
    authorise(ROLE, "friends", settings)
    authorise(ROLE, "genre-2", settings)
    with pytest.raises(BadRequest, match=r"not authorized .* on resource: genre"):
        authorise(ROLE, "genre", settings)
    with pytest.raises(BadRequest, match="Unable to load credentials for role: x"):
        authorise("x", "friends", settings)


def test_without_a_list_every_role_may_ask_everything():
    authorise(ROLE, "friends", Settings())
    authorise(None, "friends", Settings())
