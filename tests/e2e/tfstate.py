# SPDX-License-Identifier: Apache-2.0
"""States of the aws provider, version 4 of the format, as its documentation and Terraform's
internal/states/statefile/version4.go have them: what boto3 made, told as Terraform would."""
import json

PROVIDER = 'provider["registry.terraform.io/hashicorp/aws"]'


class State:
    def __init__(self, account="123456789012", region="us-west-2", provider=PROVIDER):
        self.account, self.region, self.provider = account, region, provider
        self.resources = []

    def arn(self, service, what, region=None):
        return f"arn:aws:{service}:{self.region if region is None else region}:{self.account}:{what}"

    def add(self, kind, name, attributes, index=None, module=None, mode="managed", sensitive=(), **instance):
        one = {"schema_version": 0, "attributes": attributes, "sensitive_attributes": list(sensitive), **instance}
        if index is not None:
            one["index_key"] = index
        for resource in self.resources:
            if (resource["type"], resource["name"], resource.get("module")) == (kind, name, module):
                resource["instances"].append(one)
                return
        resource = {"mode": mode, "type": kind, "name": name, "provider": self.provider, "instances": [one]}
        self.resources.append({**({"module": module} if module else {}), **resource})

    def value(self):
        return {"version": 4, "terraform_version": "1.12.6", "serial": 7, "lineage": "7f1f1b6f-5d30-5f0b-8f5b-2d6c3a5d9c11",
                "outputs": {}, "resources": self.resources, "check_results": None}

    def write(self, path):
        path.write_text(json.dumps(self.value(), indent=2))
        return path
