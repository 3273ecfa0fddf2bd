# SPDX-License-Identifier: Apache-2.0
"""Storage and identity types against moto: made, found unchanged by the next plan, changed in place, deleted; seen by boto3."""
import pytest

HEAD = "stack: store\nprovider: aws\nregion: us-west-2\n"
GITHUB = "token.actions.githubusercontent.com"
ARN = f"arn:aws:iam::123456789012:oidc-provider/{GITHUB}"


@pytest.fixture
def stack(cloud, forge):
    forge.spec = forge.folder / "spec.yaml"

    def write(text):
        forge.spec.write_text(HEAD + text)
        return forge
    return write


def mutations(cloud):
    return [action.split(":")[-1] for action in cloud.mutations()]


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
    assert sorted(mutations(cloud)) == ["AddClientIDToOpenIDConnectProvider", "UpdateOpenIDConnectProviderThumbprint"]
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
    assert mutations(cloud) == ["PutBucketLogging"]
    assert s3.get_bucket_logging(Bucket="store-data")["LoggingEnabled"]["TargetPrefix"] == "other/"
    forge.plan(expect=0)
    forge.destroy()
    assert s3.list_buckets()["Buckets"] == []
