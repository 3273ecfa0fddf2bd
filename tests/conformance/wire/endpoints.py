#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""providers/aws/endpoints.yaml through our resolver against botocore's endpoint rule sets.

    endpoints.py WIRE_PROBE BOTOCORE_SOURCE

For each service that the file lists and each region that botocore lists: host name, partition,
signing region and signing name. Also: the file lists exactly botocore's regions, and each `id` is
the SDKs' own.
"""
import pathlib
import sys

import botocore.session
import yaml
from botocore.endpoint_provider import EndpointProvider

from probe import Probe

ROOT = pathlib.Path(__file__).resolve().parents[3]
# Our key -> botocore's name of the service, where they differ.
BOTOCORE = {"api.ecr": "ecr", "monitoring": "cloudwatch", "portal.sso": "sso", "s3-control": "s3control",
            "elasticloadbalancing": "elbv2", "elasticfilesystem": "efs",
            "tagging": "resourcegroupstaggingapi", "servicequotas": "service-quotas",
            "api.pricing": "pricing", "api.sagemaker": "sagemaker"}


def expected(provider, rules, metadata, region):
    known = rules["parameters"]
    parameters = {"Region": region, "UseDualStack": False, "UseFIPS": False}
    if "UseGlobalEndpoint" in known:
        parameters["UseGlobalEndpoint"] = False  # STS and S3: the regional ones
    if "RequiresAccountId" in known:
        parameters["RequiresAccountId"] = False
    endpoint = provider.resolve_endpoint(**parameters)
    schemes = [s for s in endpoint.properties.get("authSchemes", []) if s["name"] == "sigv4"]
    scheme = schemes[0] if schemes else {}
    return {"url": endpoint.url,
            "signing_region": scheme.get("signingRegion", region),
            "signing_name": scheme.get("signingName")
            or metadata.get("signingName") or metadata["endpointPrefix"]}


def main():
    loader = botocore.session.get_session().get_component("data_loader")
    partitions = loader.load_data("partitions")
    older = loader.load_data("endpoints")
    file = yaml.safe_load((ROOT / "providers/aws/endpoints.yaml").read_text())
    probe = Probe(sys.argv[1])
    answer = probe.ask(op="rules", file=file)
    if "error" in answer:
        sys.exit(f"the file does not load: {answer['error']}")
    regions = {r: p["id"] for p in partitions["partitions"] for r in p["regions"]}
    regions.update({r: p["partition"] for p in older["partitions"] for r in p["regions"]})
    regions = {r: p for r, p in regions.items() if not r.endswith("-global")}
    checked, wrong = 0, []
    for partition, ours in file["partitions"].items():
        theirs = sorted(r for r, p in regions.items() if p == partition)
        checked += len(theirs)
        if sorted(ours["regions"]) != theirs:
            wrong.append(f"{partition}: regions differ: {sorted(set(ours['regions']) ^ set(theirs))}")
    for key, service in file["services"].items():
        name = BOTOCORE.get(key, key)
        metadata = loader.load_service_model(name, "service-2")["metadata"]
        rules = loader.load_service_model(name, "endpoint-rule-set-1")
        provider = EndpointProvider(rules, partitions)
        if metadata["serviceId"] != service["id"]:
            wrong.append(f"{key}: id {service['id']} instead of {metadata['serviceId']}")
        for region, partition in regions.items():
            ours = probe.ask(op="endpoint", service=key, region=region)
            theirs = {**expected(provider, rules, metadata, region), "partition": partition}
            checked += len(theirs)
            wrong += [f"{key} {region}: {k} {ours.get(k)!r} instead of {v!r}"
                      for k, v in theirs.items() if ours.get(k) != v]
    probe.close()
    print(f"{len(file['services'])} services, {len(regions)} regions: {checked} facts checked, "
          f"{len(wrong)} mismatches")
    for text in wrong:
        print("MISMATCH", text)
    sys.exit(1 if wrong or checked < 5000 else 0)


if __name__ == "__main__":
    main()
