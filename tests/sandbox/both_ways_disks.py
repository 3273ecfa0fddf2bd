# SPDX-License-Identifier: Apache-2.0
"""Both ways round: disks and their copies, what is recorded and filtered in a network, groups of machines."""
import json
import pathlib
import tempfile

from both_ways import REGION, BothWays, admin, client, pairs
from both_ways_ec2 import TAGS, Ec2, tagged

ZONE = REGION + "a"
GIB = 1 << 30


class Disks(Ec2, BothWays):
    def disk_case(self, properties, unseen=(), **arguments):
        def make():
            return self.ec2.create_volume(**tagged("volume"), **arguments)["VolumeId"]

        def read(i):
            one = self.ec2.describe_volumes(VolumeIds=[i])["Volumes"][0]
            seen = {"zone": one.get("AvailabilityZone"), "zone_id": one.get("AvailabilityZoneId"), "volume_type": one["VolumeType"],
                    "size": f"{one['Size']}GiB", "iops": one.get("Iops"), "throughput": one.get("Throughput"),
                    "multi_attach": one["MultiAttachEnabled"], "encrypted": one["Encrypted"], "kms_key": one.get("KmsKeyId"),
                    "snapshot": one.get("SnapshotId"), "initialization_rate": one.get("VolumeInitializationRate"),
                    "outpost_arn": one.get("OutpostArn"), "tags": pairs(one["Tags"])}
            return {key: seen[key] for key in properties if key not in unseen}
        self.both_ways("aws.ec2.volume", properties, make, read, unseen)

    def test_gp3(self):
        key = client("kms").create_key()["KeyMetadata"]["KeyId"]
        self.disk_case({"zone": ZONE, "volume_type": "gp3", "size": "200GiB", "iops": 6000, "throughput": 250, "encrypted": True,
                        "kms_key": key, "tags": TAGS}, AvailabilityZone=ZONE, VolumeType="gp3", Size=200, Iops=6000, Throughput=250,
                       Encrypted=True, KmsKeyId=key)

    def test_io2(self):
        arn = "arn:aws:outposts:us-west-2:123456789012:outpost/op-0123456789abcdef0"
        self.disk_case({"zone_id": "usw2-az1", "volume_type": "io2", "size": "100GiB", "iops": 1000, "multi_attach": True, "encrypted": False,
                        "outpost_arn": arn, "tags": TAGS}, AvailabilityZoneId="usw2-az1", VolumeType="io2", Size=100, Iops=1000,
                       MultiAttachEnabled=True, OutpostArn=arn)

    def test_of_a_snapshot(self):
        volume = self.ec2.create_volume(AvailabilityZone=ZONE, Size=50)["VolumeId"]
        snapshot = self.ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
        self.disk_case({"zone": ZONE, "snapshot": snapshot, "initialization_rate": 200, "encrypted": True, "tags": TAGS},
                       AvailabilityZone=ZONE, SnapshotId=snapshot, VolumeInitializationRate=200, VolumeType="gp3", Encrypted=True)

    def test_refusals(self):
        with self.assertRaisesRegex(self.ec2.exceptions.ClientError, "MissingParameter"):
            self.ec2.create_volume(AvailabilityZone=ZONE)
        with self.assertRaisesRegex(self.ec2.exceptions.ClientError, "MissingParameter"):
            self.ec2.create_volume(AvailabilityZone=ZONE, Size=100, VolumeType="io1")
        with self.assertRaisesRegex(self.ec2.exceptions.ClientError, "InvalidVolume.NotFound"):
            self.ec2.delete_volume(VolumeId="vol-0123456789abcdef0")

    def test_a_machines_own_volumes_are_listed_too(self):
        image = self.ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        machine = self.ec2.run_instances(
            ImageId=image, InstanceType="g5.xlarge", MinCount=1, MaxCount=1, SubnetId=self.subnet(self.vpc()),
            BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 200, "VolumeType": "gp3"}}])["Instances"][0]["InstanceId"]
        own = self.ec2.create_volume(AvailabilityZone=ZONE, Size=50)["VolumeId"]
        self.assertEqual(sorted(v["Size"] for v in self.ec2.describe_volumes()["Volumes"]), [50, 200])
        of_machine = self.ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [machine]}])["Volumes"]
        self.assertEqual([v["Size"] for v in of_machine], [200])
        self.assertEqual([v["VolumeId"] for v in self.ec2.describe_volumes(VolumeIds=[own])["Volumes"]], [own])

    def test_snapshot(self):
        volume = self.ec2.create_volume(AvailabilityZone=ZONE, Size=50)["VolumeId"]
        arn = "arn:aws:outposts:us-west-2:123456789012:outpost/op-0123456789abcdef0"

        def make():
            return self.ec2.create_snapshot(VolumeId=volume, Description="before the change", Location="regional", OutpostArn=arn,
                                            **tagged("snapshot"))["SnapshotId"]

        def read(i):
            one = self.ec2.describe_snapshots(SnapshotIds=[i], OwnerIds=["self"])["Snapshots"][0]
            self.assertEqual((one["State"], one["VolumeSize"]), ("completed", 50))
            return {"volume": one["VolumeId"], "description": one["Description"], "outpost_arn": one["OutpostArn"], "tags": pairs(one["Tags"])}
        self.both_ways("aws.ec2.snapshot", {"volume": volume, "description": "before the change", "location": "regional", "outpost_arn": arn,
                                            "tags": TAGS}, make, read, ("location",))


class Flows(Ec2, BothWays):
    def case(self, properties, **arguments):
        def make():
            return self.ec2.create_flow_logs(**tagged("vpc-flow-log"), **arguments)["FlowLogIds"][0]

        def read(i):
            one = self.ec2.describe_flow_logs(FlowLogIds=[i])["FlowLogs"][0]
            options = one.get("DestinationOptions", {})
            seen = {"resource": one["ResourceId"], "traffic": one["TrafficType"], "destination_type": one["LogDestinationType"],
                    "log_group": one.get("LogGroupName"), "destination": one.get("LogDestination"), "role": one.get("DeliverLogsPermissionArn"),
                    "cross_account_role_arn": one.get("DeliverCrossAccountRole"), "format": one["LogFormat"].replace("${", "$${"),
                    "interval": f"{one['MaxAggregationInterval'] // 60}m", "file_format": options.get("FileFormat"),
                    "hive_partitions": options.get("HiveCompatiblePartitions"), "hourly_partitions": options.get("PerHourPartition"),
                    "tags": pairs(one["Tags"])}
            return {key: seen[key] for key in properties}
        self.both_ways("aws.ec2.flow_log", properties, make, read)

    def test_of_a_vpc(self):
        vpc, role = self.vpc(), "arn:aws:iam::123456789012:role/flows"
        self.case({"resource": vpc, "traffic": "REJECT", "log_group": "/flows", "role": role, "interval": "1m",
                   "format": "$${srcaddr} $${dstaddr} $${action}", "tags": TAGS},
                  ResourceIds=[vpc], ResourceType="VPC", TrafficType="REJECT", LogGroupName="/flows", DeliverLogsPermissionArn=role,
                  MaxAggregationInterval=60, LogFormat="${srcaddr} ${dstaddr} ${action}")

    def test_of_a_subnet(self):
        subnet, cross = self.subnet(self.vpc()), "arn:aws:iam::210987654321:role/flows"
        self.case({"resource": subnet, "traffic": "ALL", "destination_type": "s3", "destination": "arn:aws:s3:::flows/all/",
                   "file_format": "parquet", "hive_partitions": True, "hourly_partitions": True, "cross_account_role_arn": cross, "tags": TAGS},
                  ResourceIds=[subnet], ResourceType="Subnet", TrafficType="ALL", LogDestinationType="s3", LogDestination="arn:aws:s3:::flows/all/",
                  DeliverCrossAccountRole=cross,
                  DestinationOptions={"FileFormat": "parquet", "HiveCompatiblePartitions": True, "PerHourPartition": True})

    def test_of_an_interface(self):
        interface, stream = "eni-0123456789abcdef0", "arn:aws:firehose:us-west-2:123456789012:deliverystream/flows"
        self.case({"resource": interface, "destination_type": "kinesis-data-firehose", "destination": stream, "tags": TAGS},
                  ResourceIds=[interface], ResourceType="NetworkInterface", TrafficType="ALL", LogDestinationType="kinesis-data-firehose",
                  LogDestination=stream)


class Filters(Ec2, BothWays):
    """The default network ACL: nobody makes or deletes it."""
    OPEN = [(100, "allow", "0.0.0.0/0")]
    INGRESS = [{"rule_number": 100, "action": "allow", "protocol": "6", "cidr": "10.0.0.0/8", "from_port": 22, "to_port": 22},
               {"rule_number": 200, "action": "deny", "protocol": "1", "cidr": "0.0.0.0/0", "icmp_type": 8, "icmp_code": -1}]
    EGRESS = [{"rule_number": 100, "action": "allow", "protocol": "-1", "cidr": "0.0.0.0/0"},
              {"rule_number": 110, "action": "allow", "protocol": "17", "cidr_ipv6": "::/0", "from_port": 53, "to_port": 53}]

    def acl(self, vpc):
        there = self.ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": "default", "Values": ["true"]}])
        return there["NetworkAcls"][0]

    def rules(self, vpc, egress):
        entries = [e for e in self.acl(vpc)["Entries"] if e["Egress"] is egress]
        return sorted((e["RuleNumber"], e["RuleAction"], e.get("CidrBlock") or e["Ipv6CidrBlock"]) for e in entries)

    def seen(self, i, egress):
        out = []
        for e in self.ec2.describe_network_acls(NetworkAclIds=[i])["NetworkAcls"][0]["Entries"]:
            if e["Egress"] is not egress:
                continue
            one = {"rule_number": e["RuleNumber"], "action": e["RuleAction"], "protocol": e["Protocol"], "cidr": e.get("CidrBlock"),
                   "cidr_ipv6": e.get("Ipv6CidrBlock"), "from_port": e.get("PortRange", {}).get("From"),
                   "to_port": e.get("PortRange", {}).get("To"), "icmp_type": e.get("IcmpTypeCode", {}).get("Type"),
                   "icmp_code": e.get("IcmpTypeCode", {}).get("Code")}
            out.append({k: v for k, v in one.items() if v is not None})
        return sorted(out, key=lambda e: e["rule_number"])

    def test_network_acl(self):
        vpc = self.vpc()

        def make():
            i = self.acl(vpc)["NetworkAclId"]
            for egress, rules in ((False, self.INGRESS), (True, self.EGRESS)):
                for r in rules:
                    body = {"NetworkAclId": i, "RuleNumber": r["rule_number"], "RuleAction": r["action"], "Protocol": r["protocol"], "Egress": egress}
                    body.update({"CidrBlock": r["cidr"]} if "cidr" in r else {"Ipv6CidrBlock": r["cidr_ipv6"]})
                    if "from_port" in r:
                        body["PortRange"] = {"From": r["from_port"], "To": r["to_port"]}
                    if "icmp_type" in r:
                        body["IcmpTypeCode"] = {"Type": r["icmp_type"], "Code": r["icmp_code"]}
                    there = [e for e, _, _ in self.rules(vpc, egress)]
                    (self.ec2.replace_network_acl_entry if r["rule_number"] in there else self.ec2.create_network_acl_entry)(**body)
            self.ec2.create_tags(Resources=[i], Tags=[{"Key": k, "Value": v} for k, v in TAGS.items()])
            return i

        def read(i):
            one = self.ec2.describe_network_acls(NetworkAclIds=[i])["NetworkAcls"][0]
            self.assertTrue(one["IsDefault"])
            return {"vpc": one["VpcId"], "ingress": self.seen(i, False), "egress": self.seen(i, True), "tags": pairs(one["Tags"])}
        self.both_ways("aws.ec2.network_acl", {"vpc": vpc, "ingress": self.INGRESS, "egress": self.EGRESS, "tags": TAGS}, make, read)
        self.assertEqual((self.rules(vpc, False), self.rules(vpc, True), self.acl(vpc)["Tags"]), (self.OPEN, self.OPEN, []))
        with self.assertRaisesRegex(self.ec2.exceptions.ClientError, "NetworkAclEntryAlreadyExists"):
            self.ec2.create_network_acl_entry(NetworkAclId=self.acl(vpc)["NetworkAclId"], RuleNumber=100, RuleAction="deny", Protocol="-1",
                                              Egress=False, CidrBlock="0.0.0.0/0")
        self.ec2.delete_vpc(VpcId=vpc)  # its ACL does not hold it up, and goes with it
        self.assertEqual(self.ec2.describe_network_acls()["NetworkAcls"], [])

    def stack(self, resources, name="filters"):
        spec = {"llmforge": 1, "stack": name, "provider": "aws", "region": REGION, "resources": resources}
        pathlib.Path(self.folder, "llmforge.yaml").write_text(json.dumps(spec))

    def test_what_was_not_applied_stays(self):
        vpc = self.ec2.create_vpc(CidrBlock="10.1.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]["VpcId"]
        six = self.OPEN + [(101, "allow", "::/0")]
        self.assertEqual(self.rules(vpc, False), six)
        with tempfile.TemporaryDirectory() as self.folder:
            self.stack({"it": {"type": "aws.ec2.network_acl", "vpc": vpc, "ingress": []}})
            self.llmforge("apply", "--auto-approve")
            self.assertEqual((self.rules(vpc, False), self.rules(vpc, True)), ([], six))
            # What somebody does to the other direction is none of this stack's business, then or later.
            self.ec2.delete_network_acl_entry(NetworkAclId=self.acl(vpc)["NetworkAclId"], RuleNumber=101, Egress=True)
            self.llmforge("destroy", "--auto-approve")
        self.assertEqual((self.rules(vpc, False), self.rules(vpc, True)), (six, self.OPEN))

    def test_one_owner(self):
        vpc = self.vpc()
        other = pathlib.Path(tempfile.mkdtemp())
        with tempfile.TemporaryDirectory() as self.folder:
            it = {"type": "aws.ec2.network_acl", "vpc": vpc}
            self.stack({"one": it, "two": {**it, "depends_on": ["${resources.one}"]}})
            self.llmforge("apply", "--auto-approve", code=5)
            self.stack({"one": it})
            self.llmforge("apply", "--auto-approve")
            mine, self.folder = self.folder, str(other)
            self.stack({"theirs": it}, "others")
            self.llmforge("apply", "--auto-approve", code=8)
            self.folder = mine
            self.llmforge("plan", "--detailed-exitcode")
            self.llmforge("destroy", "--auto-approve")
            self.folder = str(other)
            self.llmforge("apply", "--auto-approve")  # free again
            self.llmforge("destroy", "--auto-approve")
            self.folder = mine


class Groups(Ec2, BothWays):
    def test_group(self):
        auto, vpc = client("autoscaling"), self.vpc()
        subnets = [self.subnet(vpc, f"10.1.{n}.0/24") for n in (1, 2)]
        template = self.ec2.create_launch_template(LaunchTemplateName="fleet", LaunchTemplateData={"InstanceType": "g5.xlarge"})[
            "LaunchTemplate"]["LaunchTemplateId"]
        self.ec2.create_placement_group(GroupName="ring", Strategy="cluster")
        wire = {"LaunchTemplate": {"LaunchTemplateId": template, "Version": "$Latest"}, "MinSize": 1, "MaxSize": 4, "DesiredCapacity": 2,
                "VPCZoneIdentifier": ",".join(subnets), "HealthCheckType": "EC2,EBS", "HealthCheckGracePeriod": 120, "DefaultCooldown": 60,
                "DefaultInstanceWarmup": 30, "PlacementGroup": "ring", "TerminationPolicies": ["OldestInstance", "Default"],
                "NewInstancesProtectedFromScaleIn": True, "CapacityRebalance": True, "MaxInstanceLifetime": 604800,
                "InstanceMaintenancePolicy": {"MinHealthyPercentage": 90, "MaxHealthyPercentage": 120}}
        spec = {"name": "fleet", "launch_template": template, "launch_template_version": "$Latest", "min": 1, "max": 4, "desired": 2,
                "subnets": subnets, "health_check_type": "EC2,EBS", "health_check_grace_period": "2m", "default_cooldown": "1m",
                "default_warmup": "30s", "placement_group": "ring", "termination_policies": ["OldestInstance", "Default"],
                "scale_in_protection": True, "capacity_rebalance": True, "max_instance_lifetime": "7d", "maintenance_min_healthy": 90,
                "maintenance_max_healthy": 120, "tags": TAGS}

        def make():
            auto.create_auto_scaling_group(AutoScalingGroupName="fleet", **wire, Tags=[
                {"ResourceId": "fleet", "ResourceType": "auto-scaling-group", "Key": k, "Value": v, "PropagateAtLaunch": True} for k, v in TAGS.items()])
            return "fleet"

        def read(i):
            one = auto.describe_auto_scaling_groups(AutoScalingGroupNames=[i])["AutoScalingGroups"][0]
            self.assertEqual({k: one[k] for k in wire}, wire)
            self.assertEqual(len(one["Instances"]), 2)
            return {**spec, "tags": pairs(one["Tags"])}
        self.both_ways("aws.autoscaling.group", spec, make, read)
        admin("advance", seconds=300)
        self.assertEqual(auto.describe_auto_scaling_groups()["AutoScalingGroups"], [])
        make()
        with self.assertRaisesRegex(auto.exceptions.ClientError, "AlreadyExists"):
            make()

    def test_mixed(self):
        """Several machine types, on demand and spot, and what a machine must have."""
        auto, vpc = client("autoscaling"), self.vpc()
        subnets = [self.subnet(vpc)]
        template, other = (self.ec2.create_launch_template(LaunchTemplateName=n, LaunchTemplateData={"InstanceType": "g5.xlarge"})[
            "LaunchTemplate"]["LaunchTemplateId"] for n in ("fleet", "other"))
        requirements = {"VCpuCount": {"Min": 4, "Max": 16}, "MemoryMiB": {"Min": 16384, "Max": 65536}, "AcceleratorTypes": ["gpu"],
                        "AcceleratorManufacturers": ["nvidia"], "AcceleratorNames": ["t4"], "AcceleratorCount": {"Min": 1, "Max": 1},
                        "AcceleratorTotalMemoryMiB": {"Min": 16384, "Max": 24576}, "CpuManufacturers": ["intel"], "InstanceGenerations": ["current"],
                        "AllowedInstanceTypes": ["g4dn.*"], "BareMetal": "excluded", "BurstablePerformance": "excluded", "LocalStorage": "required",
                        "SpotMaxPricePercentageOverLowestPrice": 50, "OnDemandMaxPricePercentageOverLowestPrice": 20}
        wanted = {"vcpu_min": 4, "vcpu_max": 16, "memory_min": "16GiB", "memory_max": "64GiB", "accelerator_types": ["gpu"],
                  "accelerator_manufacturers": ["nvidia"], "accelerator_names": ["t4"], "accelerator_count_min": 1, "accelerator_count_max": 1,
                  "accelerator_memory_min": "16GiB", "accelerator_memory_max": "24GiB", "cpu_manufacturers": ["intel"],
                  "instance_generations": ["current"], "allowed_instance_types": ["g4dn.*"], "bare_metal": "excluded",
                  "burstable_performance": "excluded", "local_storage": "required", "spot_max_price_over_lowest": 50,
                  "on_demand_max_price_over_lowest": 20}
        types = [{"InstanceType": "g5.xlarge", "WeightedCapacity": "3"},
                 {"InstanceType": "g6.2xlarge", "WeightedCapacity": "2", "ImageId": "ami-01234567",
                  "LaunchTemplateSpecification": {"LaunchTemplateId": other, "Version": "$Latest"}}]
        of_types = [{"instance_type": "g5.xlarge", "weight": 3},
                    {"instance_type": "g6.2xlarge", "weight": 2, "image": "ami-01234567", "launch_template": other, "launch_template_version": "$Latest"}]
        bought = {"OnDemandAllocationStrategy": "prioritized", "OnDemandBaseCapacity": 1, "OnDemandPercentageAboveBaseCapacity": 25,
                  "SpotAllocationStrategy": "lowest-price", "SpotInstancePools": 3, "SpotMaxPrice": "0.5"}
        buy = {"on_demand_strategy": "prioritized", "on_demand_base": 1, "on_demand_percentage": 25, "spot_strategy": "lowest-price", "spot_pools": 3,
               "spot_max_price": "0.5"}
        for overrides, specified in ((types, of_types), ([{"InstanceRequirements": requirements}], [wanted])):
            if specified == [wanted]:
                bought["OnDemandAllocationStrategy"] = buy["on_demand_strategy"] = "lowest-price"
            policy = {"LaunchTemplate": {"LaunchTemplateSpecification": {"LaunchTemplateId": template, "Version": "$Default"}, "Overrides": overrides},
                      "InstancesDistribution": bought}
            spec = {"name": "mixed", "launch_template": template, "min": 4, "max": 4, "subnets": subnets, "tags": TAGS,
                    "mixed_instances": {"overrides": specified, **buy}}

            def make():
                auto.create_auto_scaling_group(
                    AutoScalingGroupName="mixed", MinSize=4, MaxSize=4, VPCZoneIdentifier=subnets[0], MixedInstancesPolicy=policy, Tags=[
                        {"ResourceId": "mixed", "ResourceType": "auto-scaling-group", "Key": k, "Value": v, "PropagateAtLaunch": True}
                        for k, v in TAGS.items()])
                return "mixed"

            def read(i):
                one = auto.describe_auto_scaling_groups(AutoScalingGroupNames=[i])["AutoScalingGroups"][0]
                self.assertNotIn("LaunchTemplate", one)
                self.assertEqual(one["MixedInstancesPolicy"], policy)
                self.assertEqual(len(one["Instances"]), 2 if overrides == types else 4)
                return {**spec, "tags": pairs(one["Tags"])}
            self.both_ways("aws.autoscaling.group", spec, make, read)
            admin("advance", seconds=300)
