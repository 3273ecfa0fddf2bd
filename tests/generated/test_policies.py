# SPDX-License-Identifier: Apache-2.0
"""The IAM policies that the reference spec makes, taken out of its plan against the model cloud and looked at by
parliament: none has a finding, and a mistake planted in any kind of them has one."""
import copy
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest
from test_validators import ROOT, validate

BINARY = pathlib.Path(os.environ.get("LLMFORGE", ROOT / "build/llmforge")).resolve()
ALL = ("--var", "create_instance=true", "--var", "github_repository=acme/llm-tuning-lab", "--var", "alert_email=ops@example.org")
# parliament knows federation by SAML and Cognito; roles for GitHub's workflows trust an OIDC provider, whose claims are
# condition keys (IAM User Guide, "Create a role for OpenID Connect federation").
OIDC = re.compile(r"Unknown federation source - .* - arn:aws:iam::\d{12}:oidc-provider/token\.actions\.githubusercontent\.com - |"
                  r"Unknown condition token\.actions\.githubusercontent\.com:(aud|sub) for action sts:AssumeRoleWithWebIdentity - ")


def documents_in(value, path):
    """Policy documents anywhere in a property's value, with their places in it."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except ValueError:
            return
    if isinstance(value, dict) and "Statement" in value:
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from documents_in(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from documents_in(inner, f"{path}.{index}")


def planned(folder, *arguments):
    """All policies of the plan: `ADDRESS PLACE` to the document."""
    shutil.copytree(ROOT / "specs", folder, dirs_exist_ok=True)
    done = subprocess.run([BINARY, "plan", "aws-finetune.yaml", "--sandbox=box", "--json", *arguments], cwd=folder, text=True, timeout=300,
                          capture_output=True, env={"PATH": os.environ["PATH"], "HOME": str(folder)})
    assert done.returncode == 0, done.stderr
    found = {}
    for resource in json.loads(done.stdout)["resources"]:
        for change in resource["changes"]:
            policies = list(documents_in(change["after"], change["path"]))
            # What is not known before the apply would not have been looked at.
            assert not (policies and change.get("after_unknown")), change
            found.update({f"{resource['address']} {place}": policy for place, policy in policies})
    return found


def as_judged(place, policy):
    """A trust policy has no Resource, for it is the role itself; parliament wants one."""
    if not place.endswith(" trust"):
        return policy
    return {**policy, "Statement": [{"Resource": "arn:aws:iam::000000000000:role/r", **statement} for statement in policy["Statement"]]}


def findings(folder, policies):
    """What parliament says, by place."""
    folder.mkdir()
    files = {}
    for index, (place, policy) in enumerate(policies.items()):
        files[folder / f"{index}.json"] = place
        (folder / f"{index}.json").write_text(json.dumps(as_judged(place, policy)))
    _, said = validate("policy", *files)
    out = {}
    place = None
    for line in said.splitlines():
        for file, one in files.items():
            if line.startswith(f"{file}: "):
                place, line = one, line.removeprefix(f"{file}: ")
        oidc = place is not None and place.endswith(" trust") and OIDC.search(line)
        if line.strip() and not oidc:
            out.setdefault(place, []).append(line)
    return out


@pytest.fixture(scope="module")
def policies(tmp_path_factory):
    return planned(tmp_path_factory.mktemp("all"), *ALL)


def test_no_finding(policies, tmp_path):
    roles = {place.split(" ")[0] for place in policies if place.endswith(" trust")}
    assert len(roles) == 5 and all(any(p.startswith(f"{role} inline_policies") for p in policies) for role in roles), policies.keys()
    assert sum(place.endswith(".bucket policy") for place in policies) == 2 and "safety.alerts policy" in policies
    assert findings(tmp_path / "found", policies) == {}


def test_no_finding_in_the_other_environment(tmp_path):
    policies = planned(tmp_path / "eu", "--env", "eu", *ALL)
    assert len(policies) >= 13
    assert findings(tmp_path / "found", policies) == {}


def changed(policy, **members):
    out = copy.deepcopy(policy)
    out["Statement"][0].update(members)
    return out


def test_planted_mistakes(policies, tmp_path):
    """One in each kind of document, all found, and nothing else is."""
    trainer = 'access["trainer"].role'
    identity = next(p for p in policies if p.startswith(f"{trainer} inline_policies"))
    bucket = 'buckets["outputs"].bucket policy'
    workflow = next(p for p in policies if p.startswith('access["github-actions"]') and p.endswith(" trust"))
    wrong = {
        f"{identity} action": changed(policies[identity], Action=["s3:GetObjekt"], Resource="arn:aws:s3:::b/*"),
        f"{identity} resource": changed(policies[identity], Action=["s3:GetObject"], Resource=["arn:aws:s3:::llm-tuning-lab"]),
        f"{identity} condition": changed(policies[identity], Action=["s3:GetObject"], Resource=["arn:aws:s3:::b/*"],
                                         Condition={"StringEqual": {"aws:PrincipalArn": "x"}}),
        bucket: changed(policies[bucket], Action="s3:PutObjekt"),
        workflow: changed(policies[workflow], Action="sts:AssumeRoleWithWebIdentty"),
        "safety.alerts policy": changed(policies["safety.alerts policy"], Action="sns:Publsh"),
        # A federation that is none of ours is no exception.
        "another trust": changed(policies[workflow], Principal={"Federated": "arn:aws:iam::000000000000:oidc-provider/example.org"}),
    }
    found = findings(tmp_path / "found", {**policies, **wrong})
    assert set(found) == set(wrong), found
    words = {f"{identity} action": "GetObjekt", bucket: "PutObjekt", workflow: "Identty", "safety.alerts policy": "Publsh"}
    assert all(word in "\n".join(found[place]) for place, word in words.items()), found
