#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants one mistake of each kind in a copy of the package; the check must name it at its line.

    planted_test.py PACKAGE_FOLDER
"""
import pathlib
import re
import shutil
import sys
import tempfile

from conformance import Checker
from descriptors import Package
from fit import Report
from model import Models

EC2, S3, IAM = "resources/ec2/", "resources/s3/bucket.yaml", "resources/iam/"
# (file, what stands there, what is planted, what the report must say)
PLANTED = [
    (EC2 + "vpc.yaml", "action: CreateVpc,", "action: MakeVpc,", "no operation `MakeVpc`"),
    (EC2 + "vpc.yaml", "wire: CidrBlock,", "wire: CidrBloc,", "no member `CidrBloc`"),
    (EC2 + "vpc.yaml", "values: [default, dedicated, host]", "values: [default, host, shared]",
     r"missing \['dedicated'\], extra \['shared'\]"),
    (EC2 + "vpc.yaml", "dns_support: {type: bool,", "dns_support: {type: int,", "boolean AttributeBooleanValue|boolean Boolean"),
    (EC2 + "vpc.yaml", "items: vpcSet,", "items: vpcs,", "no member `vpcs`"),
    (EC2 + "vpc.yaml", "by_ids: VpcId", "by_ids: VpcIds", "by_ids: no member `VpcIds`"),
    (EC2 + "vpc.yaml", "read: dhcpOptionsId", "read: DhcpOptionsId", "no member `DhcpOptionsId`"),
    (EC2 + "vpc.yaml", "until: [available]", "until: [ready]", "no state `ready`"),
    (EC2 + "vpc.yaml", "not_found: [InvalidVpcID.NotFound]", "not_found: [InvalidVpc.NotFound]", "no documented error of ec2"),
    (EC2 + "vpc.yaml", "send: {VpcId: \"${id}\", Attribute: enableDnsSupport}", "send: {VpcId: \"${id}\", Attribute: dnsSupport}",
     "`dnsSupport` is none of"),
    (EC2 + "vpc.yaml", "send: {VpcId: \"${id}\", Attribute: enableDnsHostnames}", "send: {Attribute: enableDnsHostnames}",
     "DescribeVpcAttribute requires `VpcId`"),
    (EC2 + "vpc.yaml", "id: {path: vpcId,", "id: {path: vpcID,", "no member `vpcID`"),
    (EC2 + "vpc.yaml", "owner: description, doc: \"a network", "owner: desc, doc: \"a network", "owner: no member `desc`"),
    (EC2 + "instance.yaml", "failed: [shutting-down, terminated, stopping, stopped]", "failed: [terminated]",
     r"InstanceRunning fails on \['shutting-down', 'stopping'\]"),
    (EC2 + "instance.yaml", "owner: attachmentSet.*.instanceId", "owner: attachmentSet.*.instance", "owner: no member `instance`"),
    (EC2 + "security_group.yaml", "owner: groupId, ids_max", "owner: referencedGroupInfo, ids_max", "owner: it is a structure"),
    (EC2 + "instance.yaml", "token: ClientToken", "token: KeyName", "no idempotency token"),
    (EC2 + "instance.yaml", "reservationSet.*.instancesSet", "reservationSet.instancesSet", "it is a list"),
    (EC2 + "instance.yaml", "MinCount: 1\n", "MinCount: one\n", "`one` for integer"),
    (EC2 + "instance.yaml", "{ResourceType: volume,", "{ResourceType: disk,", "`disk` is none of"),
    (EC2 + "instance.yaml", "with: {instance_type:", "with: {machine_type:", "takes no `machine_type`"),
    (EC2 + "route_table.yaml", "size: {MaxResults: 100}", "size: {MaxResults: 500}", r"500 is not in 5\.\.100"),
    (EC2 + "security_group.yaml", "cidr_ipv6: {type: cidr, wire: Ipv6Ranges.0.CidrIpv6,", "cidr_ipv6: {type: cidr, wire: Ipv6Ranges.0.CidrIp,",
     "no member `CidrIp` in Ipv6Range"),
    (EC2 + "security_group.yaml", "'SecurityGroupRuleId': e.id, 'Description'", "'RuleId': e.id, 'Description'", "no member `RuleId`"),
    (EC2 + "subnet.yaml", "Name: subnet-id,", "Name: subnet,", "no filter `subnet`"),
    ("traits.yaml", "pairs: [Key, Value], absent: unset, facet: tags,\n           where", "pairs: [Name, Value], absent: unset, facet: tags,\n           where",
     "pairs: no member `Name`"),
    ("traits.yaml", "add: {action: CreateTags, send: {ResourceId: [\"${id}\"]}", "add: {action: CreateTags, send: {ResourceIds: [\"${id}\"]}",
     "no member `ResourceIds`"),
    (S3, "\"PUT /{bucket}?versioning\", root: VersioningConfiguration,\n            xmlns: \"http://s3.amazonaws.com/doc/2006-03-01/\", idempotent",
     "\"POST /{bucket}?versioning\", root: VersioningConfiguration,\n            xmlns: \"http://s3.amazonaws.com/doc/2006-03-01/\", idempotent",
     "PutBucketVersioning is PUT"),
    (S3, "\"GET /{bucket}?policy\"", "\"GET /{bucket}?policies\"", r"GetBucketPolicy is /\{Bucket\}\?policy"),
    (S3, "root: Tagging,", "root: Tags,", "the root is `Tagging`"),
    (S3, "root: OwnershipControls,\n            xmlns: \"http://s3.amazonaws.com/doc/2006-03-01/\"",
     "root: OwnershipControls,\n            xmlns: \"http://s3.amazonaws.com/doc/\"", "the name space is"),
    (S3, "query: {max-keys: 1000}", "query: {maxkeys: 1000}", "has no query `maxkeys`"),
    (S3, "x-amz-object-ownership: \"$", "x-amz-ownership: \"$", "has no headers `x-amz-ownership`"),
    (S3, "wire: TagSet.Tag,", "wire: TagSet,", "one step deeper: `Tag`"),
    (S3, "status: {type: enum, values: [Enabled, Disabled], wire: Status, absent: {default: Enabled}", "status: {type: string, wire: ID",
     "LifecycleRule requires `Status`"),
    (S3, "raw: true, ", "", "is no text, or the call is not `raw`"),
    ("services.yaml", "content_md5: true", "content_md5: false", "needs a checksum of its body"),
    ("services.yaml", "target_prefix: AmazonSQS", "target_prefix: AmazonSQS_20121105", "target_prefix is `AmazonSQS`"),
    ("services.yaml", "  signing_name: ecr\n", "", "ecr is signed as `ecr`"),
    ("services.yaml", "json_version: \"1.0\"", "json_version: \"1.1\"", "json_version is `1.0`"),
    ("services.yaml", "  query_compatible: true\n", "", "`query_compatible` is wrong"),
    ("services.yaml", "page: {send: Marker, receive: Marker, size: {MaxItems: 1000}, more", "page: {send: NextToken, receive: NextToken, more",
     "takes no `NextToken`"),
    ("services.yaml", "api_version: \"2016-11-15\"", "api_version: \"2015-11-15\"", "api_version is `2016-11-15`"),
    (IAM + "role.yaml", "each: PolicyArn", "each: Arn", "each: no member `Arn`"),
    (IAM + "role.yaml", "ids: PolicyNames", "ids: Policies", "no member `Policies`"),
    (IAM + "role.yaml", "bind: {inline: \"PolicyNames[]\"}", "bind: {inline: \"Names[]\"}", "bind `inline`.*no member `Names`"),
    (IAM + "policy.yaml", "list: ListPolicyVersions\n", "list: ListVersions\n", "no operation `ListVersions`"),
    (IAM + "policy.yaml", "items: Versions\n", "items: PolicyVersions\n", "no member `PolicyVersions`"),
    (IAM + "policy.yaml", "    key: VersionId\n", "    key: Version\n", "no member `Version`"),
    (IAM + "policy.yaml", "shown: {VersionId:", "shown: {Id:", "shown: no member `Id`"),
    (IAM + "policy.yaml", "{on: DeletePolicyVersion,", "{on: DropPolicyVersion,", "no operation `DropPolicyVersion`"),
    (IAM + "policy.yaml", "item: {CreateDate:", "item: {MadeOn:", "no answer shows `MadeOn`"),
    (IAM + "policy.yaml", ">= 5}\", code: LimitExceeded", ">= 5}\", code: TooMany", "`TooMany` is no documented error"),
    (IAM + "role.yaml", "answers: {GetRolePolicy: {RoleName:", "answers: {GetRolePolicy: {Role:", "no member `Role`"),
    ("services.yaml", "more: IsTruncated", "more: Truncated", "no member `Truncated`"),
    (IAM + "policy.yaml", "item: PolicyVersion}", "item: Version}", "no member `Version`"),
    ("resources/sqs/queue.yaml", "wire: Attributes.DelaySeconds,", "wire: Attributes.Delay,", "no key `Delay`"),
    ("resources/sqs/queue.yaml", "wire: Attributes.DelaySeconds, format: string,", "wire: Attributes.DelaySeconds,",
     "the model has string String, not integer/long"),
    ("resources/sqs/queue.yaml", "item: QueueUrl,", "item: Url,", "no member `Url`"),
    ("resources/cloudwatch/alarm.yaml", "by_name: {send: {AlarmNames:", "by_name: {send: {AlarmName:", "no member `AlarmName`"),
    ("resources/kms/key.yaml", "states: [PendingDeletion,", "states: [Deleted,", "no state `Deleted`"),
    ("data/zones.yaml", "page: none", "page: {send: NextToken, receive: nextToken}", "say `page: none`"),
    ("data/image.yaml", "read: rootDeviceName", "read: rootDevice", "no member `rootDevice`"),
]


def main(folder):
    source = pathlib.Path(folder)
    models, failed = Models(), 0
    with tempfile.TemporaryDirectory() as scratch:
        copy = pathlib.Path(scratch) / "providers" / "aws"
        shutil.copytree(source, copy)
        for name, there, planted, wanted in PLANTED:
            path = copy / name
            text = path.read_text()
            if text.count(there) < 1:
                print(f"{name}: `{there}` is not there any more: mend this table")
                failed += 1
                continue
            path.write_text(text.replace(there, planted, 1))
            report = Report()
            Checker(Package(copy), models, report).run(name if "/" in name else "")
            path.write_text(text)
            begin = text[:text.index(there)].count("\n") + 1
            end = begin + max(there.count("\n"), planted.count("\n")) + 2
            found = [line for line in report.mismatches if re.search(wanted, line)]
            if not found:
                failed += 1
                print(f"{name}: `{planted}` was not noticed: {report.mismatches[:3]}")
            elif planted and not any(near(line, name, begin, end) or other_file(line, name) for line in found):
                failed += 1
                print(f"{name}:{begin}: the place is wrong: {found[:3]}")
        report = Report()
        Checker(Package(copy), models, report).run()
        if report.mismatches:
            failed += 1
            print("the unchanged package has mismatches")
    print(f"mistakes planted: {len(PLANTED)}, unnoticed: {failed}")
    return 1 if failed else 0


def near(line, name, begin, end):
    match = re.match(r"(\S+?):(\d+): ", line)
    return match and match.group(1).endswith(name) and begin - 3 <= int(match.group(2)) <= end


def other_file(line, name):
    """A wrong service shows where it is used."""
    return name == "services.yaml" and re.match(r"\S+/(resources|data)/", line)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
