# SPDX-License-Identifier: Apache-2.0
"""No secret in anything that llmforge writes: state, journal, history, plans, logs, traces, reports, what it prints; also
where a service repeats a secret in its error text. Every byte is searched, for each secret as it is and in other forms."""
import base64
import json
import urllib.parse

import pytest

from cloud import KEYS

HEAD = "stack: hidden\nprovider: aws\nregion: us-west-2\n"
SECRETS = {
    "token": "tok/+=&%en ü\"1\\x7",      # every form of it differs from the others
    "login": "a-login-that-nobody-reads",
    "LF_TEST_PASSWORD": "pass word?of&the environment",
    "AWS_SESSION_TOKEN": "FwoGZXIvYXdzEXAMPLE//session+token==",
}
SPEC = """
variables:
  token: {type: string, secret: true}
  login: {type: secret<string>}
locals:
  both: "${json({'user': 'trainer', 'password': secret.env.LF_TEST_PASSWORD, 'token': vars.token})}"
resources:
  hidden: {type: aws.ssm.parameter, name: /hidden/token, kind: SecureString, secret_value: "${vars.token}"}
  longer: {type: aws.ssm.parameter, name: /hidden/longer, kind: SecureString, secret_value: "Bearer ${vars.token}!"}
  login: {type: aws.secretsmanager.secret, name: hidden-login, secret_string: "${vars.login}", deletion_window: 0d}
  both: {type: aws.secretsmanager.secret, name: hidden-both, secret_string: "${locals.both}", deletion_window: 0d}
outputs:
  token: {value: "${vars.token}", secret: true}
"""


def forms(secret):
    """A secret as it may stand in a file."""
    raw = secret.encode()
    quoted = urllib.parse.quote(secret, safe="")
    return {raw, base64.b64encode(raw), base64.urlsafe_b64encode(raw), base64.b64encode(raw).rstrip(b"="), raw.hex().encode(),
            quoted.encode(), quoted.lower().encode(), urllib.parse.quote_plus(secret).encode(), json.dumps(secret)[1:-1].encode(),
            json.dumps(secret, ensure_ascii=False)[1:-1].encode(),
            secret.replace("&", "&amp;").replace('"', "&quot;").encode()}


class Written:
    """Runs commands and keeps what they printed."""

    def __init__(self, forge):
        self.forge, self.printed = forge, {}

    def run(self, *arguments, expect=0):
        run = self.forge.run(*arguments, expect=expect)
        name = " ".join(str(a) for a in arguments if "=" not in str(a))
        self.printed[f"{len(self.printed)} {name}"] = run.text.encode()
        return run

    def check(self, given=()):
        """`given`: files that the user wrote."""
        found = dict(self.printed)
        found |= {str(p): p.read_bytes() for p in self.forge.folder.rglob("*") if p.is_file() and p not in given}
        assert any(name.endswith(".llmforge.json") for name in found)
        secrets = {**SECRETS, "AWS_SECRET_ACCESS_KEY": KEYS["own"][1]}
        leaks = [f"{name} is in {place}: …{content[max(0, at - 60):at + 60]}…" for place, content in found.items()
                 for name, secret in secrets.items() for form in forms(secret) if (at := content.find(form)) >= 0]
        assert not leaks, "\n".join(leaks)
        return found


@pytest.fixture
def written(cloud, stack):
    forge = stack(SPEC)
    forge.environment = {k: v for k, v in SECRETS.items() if k.isupper()} | {
        "LLMFORGE_VAR_login": SECRETS["login"], "LLMFORGE_LOG": "trace", "LLMFORGE_LOG_PATH": str(forge.folder / "developer.log")}
    return Written(forge)


TOKEN = ("--var", f"token={SECRETS['token']}")


def test_nothing_that_is_written_has_a_secret(cloud, written):
    folder = written.forge.folder
    for form in ("text", "markdown", "json", "html"):
        written.run("plan", "-v", "--format", form, *TOKEN, "--trace", folder / f"{form}.trace")
    written.run("plan", "--out", folder / "it.plan", *TOKEN)
    written.run("apply", "-v", "--trace", folder / "apply.trace", "--json", *TOKEN)
    assert cloud.client("ssm").get_parameter(Name="/hidden/longer", WithDecryption=True)["Parameter"]["Value"] == \
        f"Bearer {SECRETS['token']}!"
    written.run("plan", "-v", "--detailed-exitcode", *TOKEN)
    for command in (("expand",), ("graph",), ("status",), ("drift",), ("cost",)):
        written.run(*command, *TOKEN, expect=(0, 2))
    written.run("state", "list", *TOKEN)
    written.run("state", "show", 'resources["hidden"]', *TOKEN)
    written.run("output", "--json", *TOKEN)
    # Another value: the difference is seen, and neither is shown. The state's old copies stay.
    other = {"token": "the-second-token/+=", "login": SECRETS["login"]}
    written.run("plan", "-v", "--detailed-exitcode", "--var", f"token={other['token']}", expect=2)
    written.run("apply", "-v", "--var", f"token={other['token']}")
    found = written.check()
    assert not any(form in content for content in found.values() for form in forms(other["token"]))
    assert any(".llmforge/history/" in name for name in found) and any(name.endswith("developer.log") for name in found)
    written.run("destroy", "-v", "--trace", folder / "destroy.trace", *TOKEN)
    written.check()


@pytest.mark.parametrize("form", ["raw", "base64", "url", "json"])
def test_a_service_that_repeats_a_secret(cloud, written, form):
    """Its text is shown without it."""
    def told(secret):
        return {"raw": secret, "base64": base64.b64encode(secret.encode()).decode(), "url": urllib.parse.quote(secret, safe=""),
                "json": json.dumps(secret)}[form]
    cloud.faults({"action": "ssm:PutParameter", "kind": "error", "status": 400, "code": "ValidationException", "times": None,
                  "message": f"1 validation error: value {told(SECRETS['token'])} at 'value' is not good enough"},
                 {"action": "secretsmanager:CreateSecret", "kind": "error", "status": 400, "code": "InvalidRequestException",
                  "times": None, "message": f"login {told(SECRETS['login'])} with {told(SECRETS['LF_TEST_PASSWORD'])} is refused"})
    run = written.run("apply", "-v", "--trace", written.forge.folder / "a.trace", *TOKEN, expect=(1, 5))
    assert "is not good enough" in run.err and "is refused" in run.err
    written.run("apply", "--json", *TOKEN, expect=(1, 5))
    written.check()
