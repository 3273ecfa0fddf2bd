# SPDX-License-Identifier: Apache-2.0
"""Storage and identity types against moto: made, found unchanged by the next plan, changed in place, deleted; seen by boto3."""
import json

import pytest

HEAD = "stack: store\nprovider: aws\nregion: us-west-2\n"
GITHUB = "token.actions.githubusercontent.com"
ARN = f"arn:aws:iam::123456789012:oidc-provider/{GITHUB}"


OIDC = """
resources:
  github: {type: aws.iam.oidc_provider, url: "https://token.actions.githubusercontent.com", client_ids: [sts.amazonaws.com], tags: {Team: ml}}
"""


def test_oidc_provider(cloud, stack):
    iam = cloud.client("iam")
    forge = stack(OIDC)
    forge.apply()
    one = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=ARN)
    assert one["ClientIDList"] == ["sts.amazonaws.com"] and {"Key": "Team", "Value": "ml"} in one["Tags"]
    forge.plan(expect=0)
    cloud.forget_requests()
    forge = stack(OIDC.replace("[sts.amazonaws.com]", "[sts.amazonaws.com, other], thumbprints: [990f4193972f2becf12ddeda5237f9c952f20d9e]"))
    forge.apply()
    assert sorted(cloud.verbs()) == ["AddClientIDToOpenIDConnectProvider", "UpdateOpenIDConnectProviderThumbprint"]
    one = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=ARN)
    assert sorted(one["ClientIDList"]) == ["other", "sts.amazonaws.com"]
    forge.plan(expect=0)
    forge.destroy()
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []


BUCKETS = """
resources:
  # moto delivers records at once.
  records: {type: aws.s3.bucket, name: store-records, force_destroy: true, policy: {Version: "2012-10-17", Statement: [{Sid: logs, Effect: Allow,
    Principal: {Service: logging.s3.amazonaws.com}, Action: "s3:PutObject", Resource: "arn:aws:s3:::store-records/*"}]}}
  copies: {type: aws.s3.bucket, name: store-copies, versioning: Enabled}
  jobs: {type: aws.sqs.queue}
  copier: {type: aws.iam.role, name: store-copier, trust: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {Service: s3.amazonaws.com},
    Action: "sts:AssumeRole"}]}}
  data:
    type: aws.s3.bucket
    name: store-data
    versioning: Enabled
    logging: {target_bucket: "${resources.records.id}", target_prefix: data/}
    queue_notifications:
      - {id: made, target: "${resources.jobs.arn}", events: ["s3:ObjectCreated:*"], filter_rules: [{name: prefix, value: in/}]}
    replication_role: "${resources.copier.arn}"
    replication_rules: [{id: all, destination: {bucket: "${resources.copies.arn}", storage_class: STANDARD_IA}}]
"""


def test_parts_of_a_bucket(cloud, stack):
    s3 = cloud.client("s3")
    forge = stack(BUCKETS)
    forge.apply()
    assert s3.get_bucket_logging(Bucket="store-data")["LoggingEnabled"]["TargetPrefix"] == "data/"
    told = s3.get_bucket_notification_configuration(Bucket="store-data")["QueueConfigurations"]
    assert told[0]["Filter"]["Key"]["FilterRules"][0]["Value"] == "in/"
    rule = s3.get_bucket_replication(Bucket="store-data")["ReplicationConfiguration"]["Rules"][0]
    assert rule["Destination"] == {"Bucket": "arn:aws:s3:::store-copies", "StorageClass": "STANDARD_IA"}
    forge.plan(expect=0)
    cloud.forget_requests()
    stack(BUCKETS.replace("target_prefix: data/", "target_prefix: other/"))
    forge.apply()
    assert cloud.verbs() == ["PutBucketLogging"]
    assert s3.get_bucket_logging(Bucket="store-data")["LoggingEnabled"]["TargetPrefix"] == "other/"
    forge.plan(expect=0)
    forge.destroy()
    assert s3.list_buckets()["Buckets"] == []


SHARED = OIDC.replace("{type:", "{shared: true, type:") + """  user:
    type: aws.iam.role
    name: store-user
    trust: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "sts:AssumeRoleWithWebIdentity",
      Principal: {Federated: "${resources.github.arn}"}}]}
"""


def test_a_shared_thing_that_exists_is_used_and_stays(cloud, stack):
    iam = cloud.client("iam")
    theirs = iam.create_open_id_connect_provider(Url=f"https://{GITHUB}", ClientIDList=["theirs"], ThumbprintList=["a" * 40],
                                                 Tags=[{"Key": "Owner", "Value": "them"}])["OpenIDConnectProviderArn"]

    def untouched():
        one = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=theirs)
        assert one["ClientIDList"] == ["theirs"] and one["Tags"] == [{"Key": "Owner", "Value": "them"}]
    forge = stack(SHARED)
    plan = forge.plan(expect=2)
    assert "uses existing " + theirs in plan.text and "1 to create, 1 to adopt" in plan.text, plan
    forge.apply()
    assert not [m for m in cloud.verbs() if "OpenID" in m]
    untouched()
    assert theirs in str(iam.get_role(RoleName="store-user")["Role"]["AssumeRolePolicyDocument"])
    plan = forge.plan(expect=0)
    assert "used, not owned" in plan.text and "left so: client_ids, tags" in plan.text, plan
    forge.plan("--replace", 'resources["github"]', expect=0)
    shown = forge.run("state", "show", 'resources["github"]', expect=0)
    assert "used" in shown.text
    forge.destroy()
    assert not [m for m in cloud.verbs() if "OpenID" in m]
    untouched()


def test_a_shared_thing_that_does_not_exist_is_made_and_deleted(cloud, stack):
    iam = cloud.client("iam")
    forge = stack(SHARED)
    forge.apply()
    assert "llmforge:stack" in str(iam.get_open_id_connect_provider(OpenIDConnectProviderArn=ARN)["Tags"])
    forge.plan(expect=0)
    forge.destroy()
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []


def test_two_stacks_share_one(cloud, stack):
    iam = cloud.client("iam")
    forge = stack(OIDC.replace("{type:", "{shared: true, type:"))
    first = forge.spec
    forge.apply()
    forge.spec = forge.folder / "second.yaml"
    forge.spec.write_text(first.read_text().replace("stack: store", "stack: other"))
    assert "uses existing" in forge.apply().text
    forge.plan(expect=0)
    # The owner goes, and the thing with it: the other's next plan makes its own.
    second, forge.spec = forge.spec, first
    forge.destroy()
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []
    forge.spec = second
    assert "1 to create" in forge.plan(expect=2).text
    forge.apply()
    assert "other/default" in str(iam.get_open_id_connect_provider(OpenIDConnectProviderArn=ARN)["Tags"])
    forge.destroy()
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []


def test_a_type_without_a_unique_name_is_not_shared(cloud, stack):
    forge = stack("resources:\n  vpc: {type: aws.ec2.vpc, cidr: 10.0.0.0/16, shared: true}\n")
    assert "`shared` is no key of aws.ec2.vpc" in forge.run("validate", expect=3).err


def test_parts_of_a_bucket_that_leave_the_spec_are_unset(cloud, stack):
    s3 = cloud.client("s3")
    forge = stack(BUCKETS)
    forge.apply()
    stack(BUCKETS[:BUCKETS.index("    logging:")])
    cloud.forget_requests()
    forge.apply()
    assert sorted(cloud.verbs()) == ["DeleteBucketReplication", "PutBucketLogging", "PutBucketNotificationConfiguration"]
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket="store-data")
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(Bucket="store-data")
    cloud.forget_requests()
    forge.plan(expect=0)
    # What no spec has ever said of a bucket is not asked for.
    assert not [e for e in cloud.requests() if e["operation"] in ("GetBucketLogging", "GetBucketReplication") and "store-copies" in str(e)]
    forge.destroy()



def test_object(cloud, stack):
    s3 = cloud.client("s3")
    text = """
resources:
  data: {type: aws.s3.bucket, name: store-objects, versioning: Enabled}
  script: {type: aws.s3.object, bucket: "${resources.data.id}", key: "run/setup it.sh", content: "echo one\\n",
    content_type: text/x-shellscript, metadata: {owner: ml}, tags: {Team: ml}}
"""
    forge = stack(text)
    forge.apply()
    one = s3.get_object(Bucket="store-objects", Key="run/setup it.sh")
    assert one["Body"].read() == b"echo one\n" and one["ContentType"] == "text/x-shellscript" and one["Metadata"] == {"owner": "ml"}
    forge.plan(expect=0)
    cloud.forget_requests()
    stack(text.replace("echo one", "echo two"))
    forge.apply()
    assert cloud.verbs() == ["PutObject", "PutObjectTagging"]
    assert s3.get_object(Bucket="store-objects", Key="run/setup it.sh")["Body"].read() == b"echo two\n"
    seen = {t["Key"] for t in s3.get_object_tagging(Bucket="store-objects", Key="run/setup it.sh")["TagSet"]}
    assert seen >= {"Team", "llmforge:stack"}
    forge.plan(expect=0)
    # Somebody else's text is drift, and goes.
    s3.put_object(Bucket="store-objects", Key="run/setup it.sh", Body=b"echo three\n", ContentType="text/x-shellscript", Metadata={"owner": "ml"})
    assert "content" in forge.plan(expect=2).text
    forge.apply()
    forge.plan(expect=0)
    # The spec's own objects do not make a bucket full; others do.
    s3.put_object(Bucket="store-objects", Key="run/setup it.sh.bak", Body=b"theirs")
    assert "holds data" in forge.run("destroy", expect=8).text
    version = s3.list_object_versions(Bucket="store-objects", Prefix="run/setup it.sh.bak")["Versions"][0]["VersionId"]
    s3.delete_object(Bucket="store-objects", Key="run/setup it.sh.bak", VersionId=version)
    forge.destroy()
    assert s3.list_buckets()["Buckets"] == []


def test_grant_and_service_linked_role(cloud, stack):
    kms, iam = cloud.client("kms"), cloud.client("iam")
    text = """
resources:
  key: {type: aws.kms.key, deletion_window: 7d}
  worker: {type: aws.iam.role, name: store-worker, trust: {Version: "2012-10-17", Statement: [{Effect: Allow,
    Principal: {Service: ec2.amazonaws.com}, Action: "sts:AssumeRole"}]}}
  grant: {type: aws.kms.grant, key: "${resources.key.id}", grantee_principal: "${resources.worker.arn}", operations: [Decrypt, GenerateDataKey]}
  spot: {type: aws.iam.service_linked_role, shared: true, service: spot.amazonaws.com, tags: {Team: ml}}
"""
    forge = stack(text)
    forge.apply()
    key = kms.list_keys()["Keys"][0]["KeyId"]
    grant = kms.list_grants(KeyId=key)["Grants"][0]
    assert grant["Operations"] == ["Decrypt", "GenerateDataKey"] and grant["Name"] == "store-grant"
    role = [r for r in iam.list_roles()["Roles"] if r["Path"].startswith("/aws-service-role/spot")]
    assert len(role) == 1
    forge.plan(expect=0)
    cloud.forget_requests()
    stack(text.replace("tags: {Team: ml}", "tags: {Team: llm}"))
    forge.apply()
    assert cloud.verbs() == ["TagRole"]
    stack(text.replace("tags: {Team: ml}", "tags: {Team: llm}").replace("[Decrypt, GenerateDataKey]", "[Decrypt]"))
    assert "1 to replace" in forge.apply().text
    assert [g["Operations"] for g in kms.list_grants(KeyId=key)["Grants"]] == [["Decrypt"]]
    forge.plan(expect=0)
    forge.destroy()
    assert [r for r in iam.list_roles()["Roles"] if r["Path"].startswith("/aws-service-role/spot")] == []


def test_registry_policy(cloud, stack):
    ecr = cloud.client("ecr")
    text = """
resources:
  registry: {type: aws.ecr.registry_policy, policy: {Version: "2012-10-17", Statement: [{Sid: pull, Effect: Allow,
    Principal: {AWS: "arn:aws:iam::123456789012:root"}, Action: ["ecr:CreateRepository", "ecr:ReplicateImage"],
    Resource: "arn:aws:ecr:us-west-2:123456789012:repository/*"}]}}
"""
    forge = stack(text)
    forge.apply()
    assert "ReplicateImage" in ecr.get_registry_policy()["policyText"]
    forge.plan(expect=0)
    stack(text.replace("Sid: pull", "Sid: copy"))
    cloud.forget_requests()
    forge.apply()
    assert cloud.verbs() == ["PutRegistryPolicy"] and "copy" in ecr.get_registry_policy()["policyText"]
    forge.plan(expect=0)
    forge.destroy()
    with pytest.raises(ecr.exceptions.RegistryPolicyNotFoundException):
        ecr.get_registry_policy()


def test_parameters_and_secrets(cloud, stack):
    ssm, secrets = cloud.client("ssm"), cloud.client("secretsmanager")
    text = """
variables: {value: {type: string, secret: true}}
resources:
  plain: {type: aws.ssm.parameter, name: /store/plain, value: one, description: plain, tags: {Team: ml}}
  hidden:
    type: aws.ssm.parameter
    name: /store/hidden
    kind: SecureString
    secret_value: "${vars.value}"
  login: {type: aws.secretsmanager.secret, name: store-login, description: a login, secret_string: "${vars.value}", deletion_window: 0d, tags: {Team: ml}}
"""
    forge = stack(text)
    one = ["--var", "value=sentinel-one"]
    forge.run("apply", *one, expect=0)
    assert ssm.get_parameter(Name="/store/plain")["Parameter"]["Value"] == "one"
    assert ssm.get_parameter(Name="/store/hidden", WithDecryption=True)["Parameter"]["Value"] == "sentinel-one"
    assert secrets.get_secret_value(SecretId="store-login")["SecretString"] == "sentinel-one"
    assert not any("sentinel" in f.read_text() for f in forge.state_files())
    forge.plan(*one, expect=0)
    cloud.forget_requests()
    stack(text.replace("value: one", "value: two"))
    run = forge.run("apply", "-v", "--var", "value=sentinel-two", expect=0)
    assert "sentinel" not in run.text
    assert sorted(cloud.verbs()) == ["PutParameter", "PutParameter", "PutSecretValue"]
    assert ssm.get_parameter(Name="/store/plain")["Parameter"]["Value"] == "two"
    assert ssm.get_parameter(Name="/store/hidden", WithDecryption=True)["Parameter"]["Value"] == "sentinel-two"
    assert secrets.get_secret_value(SecretId="store-login")["SecretString"] == "sentinel-two"
    forge.plan("--var", "value=sentinel-two", expect=0)
    assert not any("sentinel" in f.read_text() for f in forge.state_files())
    forge.run("destroy", "--var", "value=x", expect=0)
    assert ssm.describe_parameters()["Parameters"] == [] and secrets.list_secrets()["SecretList"] == []


TABLE = """
resources:
  runs:
    type: aws.dynamodb.table
    name: store-runs
    attributes: [{name: run, type: S}, {name: owner, type: S}]
    key_schema: [{name: run}]
    billing_mode: PAY_PER_REQUEST
    global_secondary_indexes: [{name: owners, key_schema: [{name: owner}]}]
    ttl_attribute: until
    point_in_time_recovery: true
    tags: {Team: ml}
"""


def test_table(cloud, stack):
    db = cloud.client("dynamodb")
    forge = stack(TABLE)
    forge.apply()
    table = db.describe_table(TableName="store-runs")["Table"]
    assert [i["IndexName"] for i in table["GlobalSecondaryIndexes"]] == ["owners"]
    assert db.describe_time_to_live(TableName="store-runs")["TimeToLiveDescription"]["AttributeName"] == "until"
    backups = db.describe_continuous_backups(TableName="store-runs")["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    forge.plan(expect=0)
    cloud.forget_requests()
    stack(TABLE.replace("key_schema: [{name: owner}]}", "key_schema: [{name: owner}]}, {name: more, key_schema: [{name: owner}], projection: KEYS_ONLY}")
          .replace("Team: ml", "Team: llm").replace("    ttl_attribute: until\n", ""))
    forge.apply()
    assert sorted(cloud.verbs()) == ["TagResource", "UpdateTable", "UpdateTimeToLive"]
    table = db.describe_table(TableName="store-runs")["Table"]
    assert sorted(i["IndexName"] for i in table["GlobalSecondaryIndexes"]) == ["more", "owners"]
    forge.plan(expect=0)
    stack(TABLE.replace("    ttl_attribute: until\n", ""))
    forge.apply()
    forge.plan(expect=0)
    forge.destroy()
    assert db.list_tables()["TableNames"] == []


KEY_GRANT = {"type": "aws.kms.grant", "key": "0123abcd", "name": "g", "grantee_principal": "arn:aws:iam::123456789012:role/r", "operations": ["Decrypt"]}
RUNS = {"type": "aws.dynamodb.table", "name": "runs", "attributes": [{"name": "id", "type": "S"}], "key_schema": [{"name": "id"}]}
OWN = {"billing_mode": "PROVISIONED", "read_capacity": 1, "write_capacity": 1}
INDEX = {"name": "again", "key_schema": [{"name": "id"}]}
PAIRS = {f"k{n}": "v" for n in range(9)}
LIMITS = [
    ({**KEY_GRANT, "constraints": {}}, "at least one constraint"),
    ({**KEY_GRANT, "constraints": {"encryption_context_equals": PAIRS}}, "1 to 8 pairs"),
    ({**KEY_GRANT, "constraints": {"encryption_context_subset": {"run": "v" * 385}}}, "at most 384 characters"),
    ({**KEY_GRANT, "constraints": {"encryption_context_subset": {"run": "7"}}, "operations": ["Sign"]}, "not for those of asymmetric"),
    ({**KEY_GRANT, "constraints": {"source_arn": "arn:nowhere"}}, "source_arn"),
    ({**KEY_GRANT, "grantee_principal": None}, "for whom"),
    ({"type": "aws.secretsmanager.secret", "name": "n" * 513}, "512"),
    ({"type": "aws.secretsmanager.secret", "name": "with space"}, "name"),
    ({"type": "aws.secretsmanager.secret", "name": "login-abc123"}, "ARN"),
    ({"type": "aws.secretsmanager.secret", "name": "login", "secret_string": "x" * 65537}, "65"),
    ({"type": "aws.secretsmanager.secret", "name": "login", "secret_string": "ü" * 32769}, "65538"),
    (RUNS, "PROVISIONED needs"),
    ({**RUNS, "billing_mode": "PAY_PER_REQUEST", "read_capacity": 1}, "only for `billing_mode` PROVISIONED"),
    ({**RUNS, **OWN, "global_secondary_indexes": [INDEX]}, "of its own"),
    ({**RUNS, "billing_mode": "PAY_PER_REQUEST", "global_secondary_indexes": [{**INDEX, "read_capacity": 1, "write_capacity": 1}]}, "of its own"),
    ({**RUNS, "billing_mode": "PAY_PER_REQUEST", "global_secondary_indexes": [{**INDEX, "non_key_attributes": ["a"]}]}, "INCLUDE"),
    ({**RUNS, "billing_mode": "PAY_PER_REQUEST", "global_secondary_indexes": [{**INDEX, "name": f"index-{n}"} for n in range(21)]}, "at most 20"),
]


@pytest.mark.parametrize("resource, says", LIMITS, ids=[f"{r['type'].split('.')[1]}-{n}" for n, (r, _) in enumerate(LIMITS)])
def test_limits_are_told_before_any_request(cloud, forge, resource, says):
    path = forge.folder / "limits.yaml"
    path.write_text(json.dumps({"llmforge": 1, "stack": "limits", "provider": "aws", "region": "us-west-2", "resources": {"it": resource}}))
    cloud.forget_requests()
    run = forge.run("validate", path, expect=3)
    assert says in run.one_error(), run
    assert cloud.requests() == []


def test_a_secret_that_is_too_long_is_not_shown(cloud, forge):
    path = forge.folder / "limits.yaml"
    path.write_text(json.dumps({"llmforge": 1, "stack": "limits", "provider": "aws", "region": "us-west-2",
                                "variables": {"value": {"type": "secret<string>"}},
                                "resources": {"it": {"type": "aws.secretsmanager.secret", "name": "it", "secret_string": "${vars.value}"}}}))
    (forge.folder / "values.yaml").write_text(json.dumps({"value": "sentinel" * 8193}))
    run = forge.run("validate", path, "--var-file", str(forge.folder / "values.yaml"), expect=3)
    assert "65544" in run.one_error() and "sentinel" not in run.text, run


def test_an_index_gets_other_capacity_in_place(cloud, stack):
    """Capacity by UpdateTable's Update; another key or projection makes the index anew."""
    db = cloud.client("dynamodb")
    text = """
resources:
  runs:
    type: aws.dynamodb.table
    name: store-capacity
    attributes: [{name: run, type: S}, {name: owner, type: S}]
    key_schema: [{name: run}]
    read_capacity: 2
    write_capacity: 1
    global_secondary_indexes: [{name: owners, key_schema: [{name: owner}], read_capacity: 1, write_capacity: 1}]
"""
    forge = stack(text)
    forge.apply()
    forge.plan(expect=0)
    cloud.forget_requests()
    stack(text.replace("[{name: owner}], read_capacity: 1", "[{name: owner}], read_capacity: 5"))
    forge.apply()
    assert cloud.verbs() == ["UpdateTable"]
    index, = db.describe_table(TableName="store-capacity")["Table"]["GlobalSecondaryIndexes"]
    assert index["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
    forge.plan(expect=0)
    cloud.forget_requests()
    stack(text.replace("[{name: owner}], read_capacity: 1", "[{name: owner}], projection: KEYS_ONLY, read_capacity: 5"))
    forge.apply()
    assert cloud.verbs() == ["UpdateTable", "UpdateTable"]
    index, = db.describe_table(TableName="store-capacity")["Table"]["GlobalSecondaryIndexes"]
    assert (index["Projection"]["ProjectionType"], index["ProvisionedThroughput"]["ReadCapacityUnits"]) == ("KEYS_ONLY", 5)
    forge.plan(expect=0)
    forge.destroy()
