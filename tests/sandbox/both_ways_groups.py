# SPDX-License-Identifier: Apache-2.0
"""Both ways round: machines that one request starts together."""
import base64

from both_ways import BothWays, boto_tags, client, pairs
from both_ways_ec2 import TAGS, Ec2


class Reservations(Ec2, BothWays):
    def setUp(self):
        super().setUp()
        self.vpc_id = self.vpc()
        self.subnet_id = self.subnet(self.vpc_id)
        self.group_id = self.group(self.vpc_id)
        self.image = self.ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]

    def machines(self, i):
        (found,) = self.ec2.describe_instances(Filters=[{"Name": "reservation-id", "Values": [i]}])["Reservations"]
        self.assertEqual(found["ReservationId"], i)
        self.assertEqual([m["AmiLaunchIndex"] for m in found["Instances"]], list(range(len(found["Instances"]))))
        return found["Instances"]

    def read_one(self, machine):
        i, metadata, interface = machine["InstanceId"], machine["MetadataOptions"], machine["NetworkInterfaces"][0]

        def attribute(name):
            return self.ec2.describe_instance_attribute(InstanceId=i, Attribute=name)[name[0].upper() + name[1:]].get("Value")
        volumes = self.ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [i]}])["Volumes"]
        reservation = machine.get("CapacityReservationSpecification", {}).get("CapacityReservationTarget", {})
        script = attribute("userData")
        return {
            "image": machine["ImageId"], "instance_type": machine["InstanceType"], "subnet": machine["SubnetId"],
            "market": machine.get("InstanceLifecycle"), "key_name": machine.get("KeyName"),
            "security_groups": [g["GroupId"] for g in interface.get("Groups", [])], "public_ip": "PublicIpAddress" in machine,
            "instance_profile": machine.get("IamInstanceProfile", {}).get("Arn", "").split("/")[-1],
            "user_data": base64.b64decode(script).decode() if script else None,
            "block_device_mappings": [{
                "device_name": v["Attachments"][0]["Device"], "size": f"{v['Size']}GiB", "volume_type": v["VolumeType"],
                "encrypted": v["Encrypted"], "delete_on_termination": v["Attachments"][0]["DeleteOnTermination"]} for v in volumes],
            "http_tokens": metadata["HttpTokens"], "http_put_response_hop_limit": metadata["HttpPutResponseHopLimit"],
            "shutdown_behavior": attribute("instanceInitiatedShutdownBehavior"), "monitoring": machine["Monitoring"]["State"] == "enabled",
            "tenancy": machine["Placement"]["Tenancy"], "placement_group": machine["Placement"].get("GroupName"),
            "capacity_reservation": reservation.get("CapacityReservationId"), "tags": pairs(machine["Tags"])}

    def read(self, i, keys):
        machines = self.machines(i)
        first, *others = [self.read_one(machine) for machine in machines]
        for other in others:
            self.assertEqual(other, first)
        seen = {**first, "count": len(machines)}
        return {key: seen[key] for key in keys}

    def case(self, properties, unseen=(), **arguments):
        properties = {"image": self.image, "subnet": self.subnet_id, "tags": TAGS, **properties}
        keys = [key for key in properties if key not in unseen]

        def make():
            many = properties["count"]
            return self.ec2.run_instances(
                ImageId=self.image, InstanceType=properties["instance_type"], MinCount=many, MaxCount=many,
                TagSpecifications=[{"ResourceType": "instance", "Tags": boto_tags(TAGS)}], **arguments)["ReservationId"]
        self.both_ways("aws.ec2.reservation", properties, make, lambda i: self.read(i, keys), unseen)

    def test_on_demand(self):
        client("iam").create_instance_profile(InstanceProfileName="trainer")
        self.ec2.create_placement_group(GroupName="ring", Strategy="cluster")
        script = "#!/bin/sh\necho ready\n"
        self.case(
            {"count": 2, "instance_type": "g5.8xlarge", "security_groups": [self.group_id], "public_ip": True, "fabric_adapters": 1,
             "first_card_ip_only": False, "key_name": "mine", "instance_profile": "trainer", "user_data": script,
             "block_device_mappings": [{"device_name": "/dev/sda1", "size": "200GiB", "volume_type": "gp3", "encrypted": True,
                                        "delete_on_termination": True}],
             "http_tokens": "required", "http_put_response_hop_limit": 2, "shutdown_behavior": "terminate", "monitoring": True,
             "placement_group": "ring"},
            unseen=("fabric_adapters", "first_card_ip_only"),
            NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": self.subnet_id, "Groups": [self.group_id], "InterfaceType": "efa",
                                "AssociatePublicIpAddress": True}],
            KeyName="mine", IamInstanceProfile={"Name": "trainer"}, UserData=script,
            BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {
                "VolumeSize": 200, "VolumeType": "gp3", "Encrypted": True, "DeleteOnTermination": True}}],
            MetadataOptions={"HttpTokens": "required", "HttpPutResponseHopLimit": 2},
            InstanceInitiatedShutdownBehavior="terminate", Monitoring={"Enabled": True}, Placement={"GroupName": "ring"})

    def test_spot(self):
        self.case(
            {"count": 3, "instance_type": "g5.2xlarge", "market": "spot", "spot_type": "one-time", "spot_max_price": "0.90",
             "spot_interruption_behavior": "terminate", "http_put_response_hop_limit": 2, "tenancy": "default", "capacity_reservation": "cr-0123456789abcdef0"},
            unseen=("spot_type", "spot_max_price", "spot_interruption_behavior"), SubnetId=self.subnet_id,
            InstanceMarketOptions={"MarketType": "spot", "SpotOptions": {
                "SpotInstanceType": "one-time", "MaxPrice": "0.90", "InstanceInterruptionBehavior": "terminate"}},
            CapacityReservationSpecification={"CapacityReservationTarget": {"CapacityReservationId": "cr-0123456789abcdef0"}})

    def test_one_of_them(self):
        """A machine of a group is a machine: it is ended alone, and the others stay."""
        made = self.ec2.run_instances(ImageId=self.image, InstanceType="g5.xlarge", MinCount=3, MaxCount=3, ClientToken="once",
                                      SubnetId=self.subnet_id)
        again = self.ec2.run_instances(ImageId=self.image, InstanceType="g5.xlarge", MinCount=3, MaxCount=3, ClientToken="once",
                                       SubnetId=self.subnet_id)
        ids = [m["InstanceId"] for m in made["Instances"]]
        self.assertEqual(made["ReservationId"], again["ReservationId"])
        self.assertEqual([m["InstanceId"] for m in again["Instances"]], ids)
        self.assertEqual(len(set(ids)), 3)
        self.ec2.terminate_instances(InstanceIds=[ids[1]])
        states = {m["InstanceId"]: m["State"]["Name"] for m in self.machines(made["ReservationId"])}
        self.assertEqual([states[i] in ("shutting-down", "terminated") for i in ids], [False, True, False])
        with self.assertRaises(self.ec2.exceptions.ClientError) as refused:
            self.ec2.run_instances(ImageId=self.image, InstanceType="g5.2xlarge", MinCount=3, MaxCount=3, ClientToken="once",
                                   SubnetId=self.subnet_id)
        self.assertEqual(refused.exception.response["Error"]["Code"], "IdempotentParameterMismatch")
        self.ec2.terminate_instances(InstanceIds=ids)

    def test_tags_of_one(self):
        made = self.ec2.run_instances(ImageId=self.image, InstanceType="g5.xlarge", MinCount=2, MaxCount=2, SubnetId=self.subnet_id)
        first, second = [m["InstanceId"] for m in made["Instances"]]
        self.ec2.create_tags(Resources=[second], Tags=boto_tags(TAGS))
        found = self.ec2.describe_instances(Filters=[{"Name": "tag:Team", "Values": ["ml"]}])["Reservations"]
        self.assertEqual([(r["ReservationId"], [m["InstanceId"] for m in r["Instances"]]) for r in found], [(made["ReservationId"], [second])])
        self.ec2.terminate_instances(InstanceIds=[first, second])
