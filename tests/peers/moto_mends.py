# SPDX-License-Identifier: Apache-2.0
"""Where moto 5.2.5 differs from AWS in what llmforge meets: mended here, and nowhere else.

`before` functions run ahead of moto and may answer in its place (return a `Reply`, raise `Refusal`)
or change the call; `after` functions see moto's answer. Each says which page of AWS it follows.
"""
import copy
import fnmatch
import hashlib
import json
import re
from urllib.parse import urlencode
from xml.etree import ElementTree

import botocore.serialize
from moto.backends import get_backend
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model

import moto_images

S3_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body


class Refusal(Exception):
    """An error as the service words it; `reply` puts it into the protocol's form."""

    def __init__(self, code, message, status=400):
        super().__init__(message)
        self.code, self.message, self.status = code, message, status

    def reply(self, received):
        request_id = "00000000-0000-4000-8000-000000000000"
        code, message = escape(self.code), escape(self.message)
        if received.protocol == "json":
            body = json.dumps({"__type": self.code, "message": self.message})
            return Reply(self.status, [("Content-Type", "application/x-amz-json-1.1"),
                                       ("x-amzn-RequestId", request_id)], body.encode())
        if received.service == "s3":
            body = f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{request_id}</RequestId></Error>"
        elif received.service == "ec2":
            body = (f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
                    f"<RequestID>{request_id}</RequestID></Response>")
        else:
            body = (f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
                    f"<RequestId>{request_id}</RequestId></ErrorResponse>")
        return Reply(self.status, [("Content-Type", "text/xml"), ("x-amz-request-id", request_id)],
                     b'<?xml version="1.0" encoding="UTF-8"?>\n' + body.encode())


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


BEFORE, AFTER = [], []  # (action glob, function)


def before(*globs):
    return lambda f: [BEFORE.append((g, f)) for g in globs] and f


def after(*globs):
    return lambda f: [AFTER.append((g, f)) for g in globs] and f


class Memory:
    """What the mends remember between calls; emptied with moto's reset."""

    def __init__(self):
        self.tokens = {}      # (account, region, operation, token) -> (digest, Reply, ids)
        self.lifecycles = {}  # bucket -> body
        self.tierings = {}    # bucket -> {id: body}
        self.placement_groups = {}  # (account, region) -> {name: group}
        self.budget_tags = {}  # (account, budget) -> tags


class Call:
    def __init__(self, received, environ, body, account, memory):
        self.received, self.environ, self.body = received, environ, body
        self.account, self.memory = account, memory

    @property
    def params(self):
        return self.received.params

    def backend(self):
        """moto's model of the call's account and region."""
        backends = get_backend(self.received.service)
        account = backends[self.account]
        return account[self.received.region] if self.received.region in account else account["aws"]

    def other(self, service):
        account = get_backend(service)[self.account]
        return account[self.received.region] if self.received.region in account else account["aws"]

    def bucket(self):
        """moto's bucket, or None (moto then answers by itself)."""
        return self.other("s3").buckets.get(self.params.get("Bucket"))

    def reply(self, result, status=200):
        """An answer of the operation, serialised by moto's own serializer."""
        operation = get_service_model(self.received.service).operation_model(self.received.operation)
        serializer = get_serializer_class(self.received.service, self.received.protocol)
        out = serializer(operation_model=operation).serialize(result)
        return Reply(status, list(out["headers"].items()), out["body"] if isinstance(out["body"], bytes)
                     else out["body"].encode())

    def rewrite(self, params):
        """Sends other parameters to moto than were received."""
        serializer = botocore.serialize.create_serializer(self.received.protocol, include_validation=False)
        self.body = urlencode(serializer.serialize_to_request(params, self.received.model)["body"]).encode()


def run_before(call):
    for glob, function in BEFORE:
        if fnmatch.fnmatchcase(call.received.action, glob):
            reply = function(call)
            if reply is not None:
                return reply
    return None


def run_after(call, reply):
    for glob, function in AFTER:
        if fnmatch.fnmatchcase(call.received.action, glob) and reply.status < 400:
            reply = function(call, reply) or reply
    return reply


# ---- tokens -------------------------------------------------------------------------------------
# "Ensuring idempotency in Amazon EC2 API requests": the same token with the same parameters gives the
# original answer and does nothing more; with other parameters it is IdempotentParameterMismatch.

def _token_key(call):
    return (call.account, call.received.region, call.received.operation, call.params["ClientToken"])


@before("ec2:*")
def token_seen(call):
    if "ClientToken" not in call.params or call.params.get("DryRun"):
        return None
    known = call.memory.tokens.get(_token_key(call))
    if known is None:
        return None
    if known[0] != _digest(call.params):
        raise Refusal("IdempotentParameterMismatch",
                      "Client token already used before. Please try again with a new client token.")
    return known[1]


@after("ec2:*")
def token_kept(call, reply):
    if "ClientToken" in call.params and not call.params.get("DryRun"):
        ids = re.findall(rb"<instanceId>([^<]+)</instanceId>", reply.body)
        call.memory.tokens[_token_key(call)] = (_digest(call.params), reply, [i.decode() for i in ids])


def _digest(params):
    return hashlib.sha256(json.dumps(params, sort_keys=True, default=str).encode()).hexdigest()


@before("ec2:DescribeInstances")
def filter_by_token(call):
    """DescribeInstances, filter `client-token`: moto has none (500)."""
    filters = call.params.get("Filters", [])
    if not any(f["Name"] == "client-token" for f in filters):
        return
    params = copy.deepcopy(call.params)
    for f in params["Filters"]:
        if f["Name"] == "client-token":
            ids = [i for key, known in call.memory.tokens.items()
                   if key[:3] == (call.account, call.received.region, "RunInstances") and key[3] in f["Values"]
                   for i in known[2]]
            f["Name"], f["Values"] = "instance-id", ids or ["i-00000000000000000"]
    call.rewrite(params)


@before("ec2:DescribeInstances")
def filter_by_reservation(call):
    """DescribeInstances, filter `reservation-id`: moto has none (500)."""
    params = copy.deepcopy(call.params)
    for f in params.get("Filters", []):
        if f["Name"] == "reservation-id":
            ids = [i.id for r in call.backend().reservations.values() if r.id in f["Values"] for i in r.instances]
            f["Name"], f["Values"] = "instance-id", ids or ["i-00000000000000000"]
    if params != call.params:
        call.rewrite(params)


# ---- machines -----------------------------------------------------------------------------------

@before("ec2:RunInstances")
def known_machine(call):
    """RunInstances, "Error codes for the Amazon EC2 API": an unknown image, type, profile, or a type
    that the zone does not offer is refused. moto starts anything."""
    ec2 = call.backend()
    image, kind = call.params.get("ImageId"), call.params.get("InstanceType")
    if image and image not in ec2.amis:
        raise Refusal("InvalidAMIID.NotFound", f"The image id '[{image}]' does not exist")
    if kind and kind not in call.received.model.input_shape.members["InstanceType"].enum:
        raise Refusal("InvalidParameterValue", f"Invalid value '{kind}' for InstanceType.")
    subnet_id = call.params.get("SubnetId") or next(
        (n["SubnetId"] for n in call.params.get("NetworkInterfaces", []) if "SubnetId" in n), None)
    if subnet_id and kind:
        zones = [s.availability_zone for g in ec2.subnets.values() for s in g.values() if s.id == subnet_id]
        offers = ec2.describe_instance_type_offerings(
            location_type="availability-zone", filters={"instance-type": [kind]})
        if zones and zones[0] not in {o.get("Location") for o in offers}:
            raise Refusal("Unsupported", f"Your requested instance type ({kind}) is not supported in your requested "
                          f"Availability Zone ({zones[0]}).")
    profile = call.params.get("IamInstanceProfile", {})
    profiles = call.other("iam").instance_profiles.values()
    if profile and not any(profile.get("Name") == p.name or profile.get("Arn") == p.arn for p in profiles):
        key, value = next(iter(profile.items()))
        raise Refusal("InvalidParameterValue", f"Value ({value}) for parameter iamInstanceProfile.{key.lower()} is "
                      f"invalid. Invalid IAM Instance Profile {'ARN' if key == 'Arn' else 'name'}")


@before("ec2:RunInstances")
def root_disk_goes_with_the_machine(call):
    """User guide, "Preserve data when an instance is terminated": the root volume is deleted with the
    instance unless DeleteOnTermination says otherwise. moto keeps it."""
    image = call.backend().amis.get(call.params.get("ImageId"))
    params = copy.deepcopy(call.params)
    for mapping in params.get("BlockDeviceMappings", []):
        if image is not None and mapping.get("DeviceName") == image.root_device_name:
            mapping.setdefault("Ebs", {}).setdefault("DeleteOnTermination", True)
    if params != call.params:
        call.rewrite(params)


@after("ec2:RunInstances")
def groups_of_the_first_interface(call, reply):
    """Instance, "groupSet": the security groups of the instance are those of its primary interface.
    moto leaves them out where the request names them on the interface."""
    interfaces = call.params.get("NetworkInterfaces", [])
    groups = interfaces[0].get("Groups", []) if interfaces else []
    for instance_id in re.findall(rb"<instanceId>([^<]+)</instanceId>", reply.body):
        machine = call.backend().get_instance(instance_id.decode())
        if groups and not machine.security_groups:
            machine.security_groups = [call.backend().get_security_group_from_id(g) for g in groups]


@after("ec2:RunInstances")
def profile_of_each(call, reply):
    """IamInstanceProfile is that of all machines of the request; moto gives it to the first alone."""
    profile, ec2 = call.params.get("IamInstanceProfile", {}), call.backend()
    for instance_id in re.findall(rb"<instanceId>([^<]+)</instanceId>", reply.body)[1:]:
        if profile:
            ec2.associate_iam_instance_profile(instance_id.decode(), profile.get("Name"), profile.get("Arn"))


@after("ec2:RunInstances")
def disk_speed(call, reply):
    """EbsBlockDevice: Iops and Throughput of a gp3 volume, default 3,000 and 125 MiB/s. moto drops both."""
    wanted = {m.get("DeviceName"): m.get("Ebs", {}) for m in call.params.get("BlockDeviceMappings", [])}
    for instance_id in re.findall(rb"<instanceId>([^<]+)</instanceId>", reply.body):
        machine = call.backend().get_instance(instance_id.decode())
        for device, block in machine.block_device_mapping.items():
            volume = call.backend().volumes.get(block.volume_id)
            if volume is not None and volume.volume_type == "gp3":
                volume.iops = wanted.get(device, {}).get("Iops", 3000)
                volume.throughput = wanted.get(device, {}).get("Throughput", 125)


@after("ec2:ModifyVolume")
def disk_speed_changed(call, reply):
    """ModifyVolume sets the throughput; moto only notes the wish."""
    volume = call.backend().volumes.get(call.params.get("VolumeId"))
    if volume is not None and "Throughput" in call.params:
        volume.throughput = call.params["Throughput"]


def _machines(call):
    """Instances that still hold their network: all that are not terminated."""
    return [i for r in call.backend().reservations.values() for i in r.instances if i.state != "terminated"]


@before("ec2:DeleteSubnet")
def subnet_in_use(call):
    """DeleteSubnet: "You must terminate all running instances in the subnet before you can delete the
    subnet" (DependencyViolation). moto deletes it."""
    subnet = call.params.get("SubnetId")
    if any(i.subnet_id == subnet for i in _machines(call)):
        raise Refusal("DependencyViolation", f"The subnet '{subnet}' has dependencies and cannot be deleted.")


@after("ec2:DeleteSubnet")
def subnet_leaves_its_table(call, reply):
    """Deleting a subnet ends its route table association; moto keeps it, and then the table."""
    for table in call.backend().route_tables.values():
        for key in [k for k, v in table._associations.items() if v == call.params.get("SubnetId")]:
            del table._associations[key]


@before("ec2:DeleteSecurityGroup")
def group_in_use(call):
    """DeleteSecurityGroup: a group of an instance, or named by a rule of another group, cannot be
    deleted (DependencyViolation); the default group neither (CannotDelete)."""
    ec2, group_id = call.backend(), call.params.get("GroupId")
    group = ec2.get_security_group_from_id(group_id) if group_id else None
    if group is None:
        return
    if group.name == "default":
        raise Refusal("CannotDelete", f"the specified group: \"{group_id}\" name: \"default\" cannot be deleted by a user")
    machines = any(group_id in {g.id for g in i.security_groups} |
                   {g.id for n in i.nics.values() for g in n.group_set} for i in _machines(call))
    rules = any(rule.source_group.get("GroupId") == group_id
                for groups in ec2.groups.values() for g in groups.values() if g.id != group_id
                for rule in list(g.ingress_rules) + list(g.egress_rules))
    if machines or rules:
        raise Refusal("DependencyViolation", f"resource {group_id} has a dependent object")


@before("ec2:DetachInternetGateway")
def gateway_in_use(call):
    """DetachInternetGateway: "The VPC must not contain any running instances with Elastic IP addresses
    or public IPv4 addresses"."""
    vpc = call.params.get("VpcId")
    if any(i.vpc_id == vpc and i.state == "running" and i.public_ip for i in _machines(call)):
        raise Refusal("DependencyViolation", f"Network {vpc} has some mapped public address(es). Please unmap those "
                      "public address(es) before detaching the gateway.")


@before("ec2:DeleteInternetGateway")
def gateway_attached(call):
    """DeleteInternetGateway: "You must detach the internet gateway from the VPC before you can delete it"."""
    gateway = call.backend().internet_gateways.get(call.params.get("InternetGatewayId"))
    if gateway is not None and gateway.vpc:
        raise Refusal("DependencyViolation", f"The internetGateway '{gateway.id}' has dependencies and cannot be deleted.")


@before("ec2:DeleteVpc")
def vpc_in_use(call):
    """DeleteVpc: "you must detach or delete all gateways and resources that are associated with the VPC".
    moto looks at subnets and route tables only."""
    vpc, ec2 = call.params.get("VpcId"), call.backend()
    gateways = any(g.vpc and g.vpc.id == vpc for g in ec2.internet_gateways.values())
    groups = any(g.name != "default" for g in ec2.groups.get(vpc, {}).values())
    if gateways or groups:
        raise Refusal("DependencyViolation", f"The vpc '{vpc}' has dependencies and cannot be deleted.")


# ---- buckets ------------------------------------------------------------------------------------

@before("s3:CreateBucket")
def bucket_of_another(call):
    """CreateBucket: names are global; another account's is BucketAlreadyExists. moto says AccessDenied
    where it checks accounts."""
    from moto.s3.models import s3_backends
    _, owner = s3_backends.bucket_accounts.get(call.params.get("Bucket"), (None, call.account))
    if owner != call.account:
        raise Refusal("BucketAlreadyExists", "The requested bucket name is not available. The bucket namespace is "
                      "shared by all users of the system. Please select a different name and try again.", 409)


@after("s3:CreateBucket")
def bucket_defaults(call, reply):
    """User guide, "Default encryption FAQ" (SSE-S3 on every new bucket since January 2023) and "Default
    settings for new S3 buckets FAQ" (all four Block Public Access settings on, ACLs disabled, since
    April 2023). moto's fresh bucket has none of these."""
    from moto.s3.models import PublicAccessBlock
    bucket = call.bucket()
    if bucket is None or bucket.public_access_block is not None:
        return
    bucket.encryption = _default_encryption()
    bucket.public_access_block = PublicAccessBlock(True, True, True, True)
    bucket.ownership_rule = bucket.ownership_rule or "BucketOwnerEnforced"


def _default_encryption():
    return {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": "false"}}


@after("s3:DeleteBucketEncryption")
def encryption_is_reset(call, reply):
    """DeleteBucketEncryption: "resets the default encryption for the bucket as SSE-S3"."""
    if call.bucket() is not None:
        call.bucket().encryption = _default_encryption()


@after("s3:PutBucketLifecycleConfiguration")
def keep_lifecycle(call, reply):
    call.memory.lifecycles[call.params["Bucket"]] = call.body


@after("s3:DeleteBucketLifecycle", "s3:DeleteBucket")
def drop_lifecycle(call, reply):
    call.memory.lifecycles.pop(call.params["Bucket"], None)
    if call.received.operation == "DeleteBucket":
        call.memory.tierings.pop(call.params["Bucket"], None)


@before("s3:GetBucketLifecycleConfiguration")
def lifecycle_as_put(call):
    """GetBucketLifecycleConfiguration returns the rules as they were put, with an ID for those without
    one. moto's own answer loses NewerNoncurrentVersions of transitions and parts of filters."""
    body = call.memory.lifecycles.get(call.params.get("Bucket"))
    if body is None or call.bucket() is None:
        return None
    ElementTree.register_namespace("", S3_NAMESPACE)
    root = ElementTree.fromstring(body)
    for number, rule in enumerate(root):
        space = rule.tag.partition("Rule")[0]
        if rule.find(space + "ID") is None:
            name = ElementTree.Element(space + "ID")
            name.text = hashlib.md5(body + str(number).encode()).hexdigest()
            rule.insert(0, name)
    return Reply(200, [("Content-Type", "application/xml"), ("x-amz-request-id", "LIFECYCLE"),
                       ("x-amz-transition-default-minimum-object-size", "all_storage_classes_128K")],
                 ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True))


@before("s3:*IntelligentTieringConfiguration*")
def tiering(call):
    """Put-, Get-, List- and DeleteBucketIntelligentTieringConfiguration, which moto has not."""
    if call.bucket() is None:
        raise Refusal("NoSuchBucket", "The specified bucket does not exist", 404)
    held = call.memory.tierings.setdefault(call.params["Bucket"], {})
    verb, name = call.received.operation, call.params.get("Id")
    if verb.startswith("Put"):
        held[name] = call.body
        return Reply(200, [], b"")
    if verb.startswith("List"):
        entries = b"".join(re.sub(rb"^<\?xml.*?\?>\s*", b"", b) for b in held.values())
        return Reply(200, [("Content-Type", "application/xml")], b"<ListBucketIntelligentTieringConfigurationsOutput>"
                     b"<IsTruncated>false</IsTruncated>" + entries + b"</ListBucketIntelligentTieringConfigurationsOutput>")
    if name not in held:
        raise Refusal("NoSuchConfiguration", "The specified configuration does not exist.", 404)
    if verb.startswith("Delete"):
        del held[name]
        return Reply(204, [], b"")
    return Reply(200, [("Content-Type", "application/xml")], held[name])


@after("s3:PutBucketPolicy")
def policy_answers_nothing(call, reply):
    """API_PutBucketPolicy, "Response Syntax": HTTP 204 without a body. moto answers `True`."""
    return Reply(204, [(name, value) for name, value in reply.headers if name.lower() not in ("content-type", "content-length")], b"")


@after("kms:*")
def no_body_is_none(call, reply):
    """API_DisableKeyRotation, API_RevokeGrant: "the service sends back an HTTP 200 response with an empty HTTP body". moto sends `null`."""
    if reply.body.strip() == b"null":
        return Reply(reply.status, [(name, value) for name, value in reply.headers if name.lower() != "content-length"], b"")
    return reply


@before("iam:AddClientIDToOpenIDConnectProvider", "iam:RemoveClientIDFromOpenIDConnectProvider")
def audiences(call):
    """API_AddClientIDToOpenIDConnectProvider and API_RemoveClientIDFromOpenIDConnectProvider, both idempotent, which moto has not."""
    provider = call.backend().open_id_providers.get(call.params["OpenIDConnectProviderArn"])
    if provider is None:
        raise Refusal("NoSuchEntity", f"OpenIDConnect Provider not found for arn {call.params['OpenIDConnectProviderArn']}", 404)
    others = [c for c in provider.client_id_list if c != call.params["ClientID"]]
    add = call.received.operation.startswith("Add")
    provider.client_id_list = others + ([call.params["ClientID"]] if add else [])
    return call.reply({})


def condition_holds(condition):
    """Whether a bucket policy's Condition holds for the test's requests. aws:SecureTransport is true:
    the tests speak plain HTTP to 127.0.0.1 in place of the TLS that AWS demands. Any other key is
    absent from the request, and then a positive operator does not hold (IAM user guide, "IAM JSON
    policy elements: Condition operators")."""
    for operator, keys in condition.items():
        for key, wanted in keys.items():
            if key.lower() == "aws:securetransport":
                wanted = wanted if isinstance(wanted, list) else [wanted]
                if "true" not in [str(w).lower() for w in wanted]:
                    return False
            elif not operator.lower().startswith(("stringnot", "arnnot", "notip", "numericnot", "datenot")) and \
                    not operator.lower().endswith("ifexists"):
                return False
    return True


def mend_bucket_policies():
    """moto enforces a bucket policy's Deny and ignores its Condition, so that the usual "deny without
    TLS" locks everybody out. Statements whose Condition does not hold are left out."""
    from moto.s3.models import FakeBucket
    original = FakeBucket.get_permission

    def get_permission(self, action, resource):
        if self.policy is None:
            return original(self, action, resource)
        kept = self.policy
        document = json.loads(kept.decode())
        statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
        document["Statement"] = [s for s in statements if condition_holds(s.get("Condition", {}))]
        try:
            self.policy = json.dumps(document).encode()
            return original(self, action, resource)
        finally:
            self.policy = kept

    FakeBucket.get_permission = get_permission


# ---- others -------------------------------------------------------------------------------------

@after("cloudwatch:PutMetricAlarm")
def missing_data(call, reply):
    """PutMetricAlarm: "If you omit this parameter, the default behavior of missing is used"."""
    alarm = call.backend().alarms.get(call.params.get("AlarmName"))
    if alarm is not None and alarm.treat_missing_data is None:
        alarm.treat_missing_data = "missing"


@after("kms:ScheduleKeyDeletion")
def key_state(call, reply):
    """ScheduleKeyDeletion's response syntax: KeyState and PendingWindowInDays; KeyId is the key's ARN."""
    answer = json.loads(reply.body)
    answer.setdefault("KeyState", "PendingDeletion")
    answer.setdefault("PendingWindowInDays", call.params.get("PendingWindowInDays", 30))
    reply.body = json.dumps(answer).encode()


@before("logs:AssociateKmsKey", "logs:DisassociateKmsKey", "logs:PutLogGroupDeletionProtection")
def log_group_settings(call):
    """Three operations that moto has not. API reference: the group by name or ARN, an empty answer."""
    name = call.params.get("logGroupName") or call.params.get("logGroupIdentifier") or \
        call.params.get("resourceIdentifier", "")
    group = call.backend().groups.get(name.split(":log-group:")[-1].removesuffix(":*"))
    if group is None:
        raise Refusal("ResourceNotFoundException", "The specified log group does not exist.")
    if call.received.operation == "PutLogGroupDeletionProtection":
        group.deletion_protection = call.params["deletionProtectionEnabled"]
    else:
        group.kms_key_id = call.params.get("kmsKeyId")
    return Reply(200, [("Content-Type", "application/x-amz-json-1.1")], b"")


@before("logs:DeleteLogGroup")
def protected_log_group(call):
    """CloudWatch Logs user guide, "Protecting log groups from deletion": the delete is refused. The code
    is of DeleteLogGroup's list; which of them it is, is not stated (unverified)."""
    group = call.backend().groups.get(call.params.get("logGroupName"))
    if group is not None and getattr(group, "deletion_protection", False):
        raise Refusal("ValidationException", "The log group is protected from deletion.")


@after("logs:CreateLogGroup")
def log_group_protected_at_birth(call, reply):
    group = call.backend().groups.get(call.params.get("logGroupName"))
    if group is not None:
        group.deletion_protection = call.params.get("deletionProtectionEnabled", False)
        group.log_class = call.params.get("logGroupClass", "STANDARD")


@after("logs:DescribeLogGroups")
def log_group_details(call, reply):
    """LogGroup: logGroupClass (default STANDARD) and deletionProtectionEnabled, which moto leaves out."""
    answer = json.loads(reply.body)
    for item in answer["logGroups"]:
        group = call.backend().groups[item["logGroupName"]]
        item["logGroupClass"] = getattr(group, "log_class", "STANDARD")
        item["deletionProtectionEnabled"] = getattr(group, "deletion_protection", False)
    reply.body = json.dumps(answer).encode()


def mend_images():
    """moto shows every image of MOTO_AMIS_PATH in every region; an image belongs to one."""
    from moto.ec2.models.amis import AmiBackend
    original = AmiBackend._load_amis

    def load(self):
        original(self)
        for region, ami_id in moto_images.DEEP_LEARNING.items():
            if region != self.region_name:
                self.amis.pop(ami_id, None)

    AmiBackend._load_amis = load


# AWS-managed policies that the specs attach. moto has all 1,400 or none; all cost 5 s at each reset.
MANAGED_POLICIES = ("AmazonSSMManagedInstanceCore", "ReadOnlyAccess", "PowerUserAccess", "AmazonEC2ContainerRegistryReadOnly", "CloudWatchAgentServerPolicy",
                    "ReadOnlyAccess")


def mend_managed_policies():
    from moto.iam import aws_managed_policies as held
    from moto.iam import models
    every = json.loads(held.aws_managed_policies_data)
    few = json.dumps({name: every[name] for name in MANAGED_POLICIES})
    models.aws_managed_policies_data = few


import moto_mends_ec2  # noqa: E402,F401  (more mends, which need the names above)


def install():
    mend_bucket_policies()
    mend_images()
    mend_managed_policies()


# ---- subscriptions ------------------------------------------------------------------------------

@after("sns:Subscribe")
def address_is_not_confirmed(call, reply):
    """Subscribe, "Protocol": an e-mail address has to be confirmed by its owner; until then
    PendingConfirmation is true. moto confirms it at once."""
    for one in call.backend().subscriptions.values():
        if one.protocol.startswith("email") and one.endpoint == call.params.get("Endpoint"):
            one.attributes["PendingConfirmation"] = "true"


@before("sns:Unsubscribe")
def pending_stays(call):
    """Amazon SNS Developer Guide, "Deleting a subscription": one that is not confirmed cannot be deleted."""
    one = call.backend().subscriptions.get(call.params.get("SubscriptionArn"))
    if one is not None and one.attributes.get("PendingConfirmation") == "true":
        raise Refusal("InvalidParameter", "Invalid parameter: This subscription is pending confirmation")


# ---- budgets ------------------------------------------------------------------------------------
# moto has no UpdateBudget, no subscribers and no tags of budgets.

def _budget(call):
    budget = call.backend().budgets[call.account].get(call.params.get("BudgetName"))
    if budget is None:
        raise Refusal("NotFoundException", f"Unable to get budget: {call.params.get('BudgetName')} - the budget doesn't exist.")
    return budget


@after("budgets:CreateBudget")
def budget_tags_kept(call, reply):
    """CreateBudget, "ResourceTags"."""
    call.memory.budget_tags[call.account, call.params["Budget"]["BudgetName"]] = {
        t["Key"]: t["Value"] for t in call.params.get("ResourceTags", [])}


@before("budgets:UpdateBudget")
def budget_updated(call):
    """UpdateBudget: the new budget takes the place of the old one; notifications stay."""
    wanted = json.loads(call.body)["NewBudget"]
    call.received.params["BudgetName"] = wanted["BudgetName"]
    budget = _budget(call)
    budget.budget = {"TimePeriod": budget.budget["TimePeriod"], "LastUpdatedTime": budget.budget["LastUpdatedTime"], **wanted}
    return call.reply({})


@before("budgets:DescribeSubscribersForNotification")
def budget_subscribers(call):
    """DescribeSubscribersForNotification: those of the notification that has all the members named."""
    asked = call.params["Notification"]
    for one in _budget(call).notifications:
        if all(one.details.get(k) == v for k, v in asked.items()):
            return call.reply({"Subscribers": one.subscribers})
    raise Refusal("NotFoundException", "The notification does not exist.")


@before("budgets:DeleteNotification")
def budget_notification_deleted(call):
    """DeleteNotification: 80 and 80.0 are the same threshold; to moto they are not."""
    asked, budget = call.params["Notification"], _budget(call)
    budget.notifications = [n for n in budget.notifications if not all(
        n.details.get(k) == v for k, v in asked.items())]
    return call.reply({})


def _budget_tags(call):
    return call.memory.budget_tags.setdefault((call.account, call.params["ResourceARN"].split("/", 1)[1]), {})


@before("budgets:TagResource")
def budget_tagged(call):
    _budget_tags(call).update({t["Key"]: t["Value"] for t in call.params["ResourceTags"]})
    return call.reply({})


@before("budgets:UntagResource")
def budget_untagged(call):
    for key in call.params["ResourceTagKeys"]:
        _budget_tags(call).pop(key, None)
    return call.reply({})


@before("budgets:ListTagsForResource")
def budget_tags_listed(call):
    return call.reply({"ResourceTags": [{"Key": k, "Value": v} for k, v in _budget_tags(call).items()]})


# ---- metric filters -----------------------------------------------------------------------------

@before("logs:PutMetricFilter")
def filter_replaced(call):
    """PutMetricFilter: "Creates or updates a metric filter". moto keeps the old one beside it."""
    filters = call.backend().filters.metric_filters
    filters[:] = [f for f in filters if (f["filterName"], f["logGroupName"]) != (
        call.params["filterName"], call.params["logGroupName"])]


# ---- trails -------------------------------------------------------------------------------------

@before("cloudtrail:DeleteTrail")
def trail_by_its_arn(call):
    """DeleteTrail, "Name": "the name or the CloudTrail ARN of the trail". moto takes an ARN and deletes nothing."""
    name = call.params["Name"].split("/")[-1]
    if call.params["Name"].startswith("arn:") and call.backend().trails.pop(name, None) is not None:
        return call.reply({})
