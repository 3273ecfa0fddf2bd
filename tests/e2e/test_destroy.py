# SPDX-License-Identifier: Apache-2.0
"""destroy: refuses data, leaves nothing, touches nothing that is not its own."""

ON = ("--var", "create_instance=true")


def test_a_bucket_with_data_stops_it_before_anything_is_deleted(cloud, forge):
    forge.apply(*ON)
    before, name = cloud.counts(), cloud.bucket_named("outputs")
    cloud.client("s3").put_object(Bucket=name, Key="runs/1/model.safetensors", Body=b"weights")
    cloud.forget_requests()
    run = forge.run("destroy", *ON, expect=8)
    assert name in run.text and "force_destroy" in run.text
    assert cloud.mutations() == []
    assert cloud.counts() == before
    s3 = cloud.client("s3")
    s3.delete_object(Bucket=name, Key="runs/1/model.safetensors")
    forge.run("destroy", *ON, expect=8)  # a version and a delete marker are data too
    for kind in ("Versions", "DeleteMarkers"):
        for version in s3.list_object_versions(Bucket=name).get(kind, []):
            s3.delete_object(Bucket=name, Key=version["Key"], VersionId=version["VersionId"])
    forge.destroy(*ON)
    assert cloud.counts() == {}


def test_it_leaves_nothing_and_touches_nothing_else(cloud, forge):
    ec2 = cloud.client("ec2")
    foreign = ec2.create_vpc(CidrBlock="10.200.0.0/16")["Vpc"]["VpcId"]
    cloud.client("sqs").create_queue(QueueName="llm-tuning-lab-not-ours")
    forge.apply(*ON)
    forge.destroy(*ON)
    assert cloud.counts() == {"vpcs": 1, "queues": 1}
    assert cloud.only("vpcs")["VpcId"] == foreign
    forge.destroy(*ON)  # nothing left to do is success


def test_a_foreign_machine_in_the_subnet_is_named(cloud, forge):
    forge.apply()
    ec2, subnet = cloud.client("ec2"), cloud.only("subnets")["SubnetId"]
    machine = ec2.run_instances(ImageId="ami-0d15a5e2b3c4f5061", InstanceType="g5.xlarge", MinCount=1, MaxCount=1,
                                SubnetId=subnet)["Instances"][0]["InstanceId"]
    run = forge.run("destroy", expect=(1, 5), timeout=240)
    assert "DependencyViolation" in run.text and subnet in run.text, run
    assert cloud.only("instances")["InstanceId"] == machine
    ec2.terminate_instances(InstanceIds=[machine])
    forge.destroy()
    assert {k: v for k, v in cloud.counts().items()} == {}


def test_deleted_behind_its_back(cloud, forge):
    forge.apply()
    s3, name = cloud.client("s3"), cloud.bucket_named("outputs")
    s3.delete_bucket(Bucket=name)
    forge.destroy()
    assert cloud.counts() == {}
